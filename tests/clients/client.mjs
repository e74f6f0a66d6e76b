// An application in Node that records receipts by an npm Celery client: it has none of receipt sync's code.
//
//   node client.mjs BROKER_URL < calls
//
// A line of its input is a JSON object: `task`, and `args`, `kwargs` as there are. Each line of its output is a task's
// id, or "error: …" where the broker did not take the message.

import { createInterface } from "node:readline";
import { randomUUID } from "node:crypto";

import celery from "celery-node";

const brokerUrl = process.argv[2];

// The second address is that of results. Receipts have none, but the client connects to it all the same.
const client = celery.createClient(brokerUrl, brokerUrl, "receipts");

// Sends a receipt. When it resolves, Redis has it; to RabbitMQ it is on its way, for this client asks for no confirms.
export async function record(task, kwargs, args = []) {
  const id = randomUUID();
  const { headers, properties, body } = client.createTaskMessage(id, task, args, kwargs);
  await client.isReady();
  await client.broker.publish(body, "", "receipts", headers, properties);
  return id;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { task, kwargs = {}, args } = JSON.parse(line);
  console.log(await record(task, kwargs, args).catch((error) => `error: ${error.message}`));
}
await client.disconnect().catch(() => undefined); // of a broker that was never reached
process.exit(0);
