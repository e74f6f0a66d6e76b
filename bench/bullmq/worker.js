// Sends the PUT of every job: `node worker.js REDIS_URL ENDPOINT API_KEY CONCURRENCY`.

import { Worker } from "bullmq";
import { Redis } from "ioredis";
import { Pool } from "undici";

import { QUEUE } from "./jobs.js";

const [redisUrl, endpoint, apiKey, concurrency] = process.argv.slice(2);
const api = new Pool(endpoint, { connections: Number(concurrency) }); // keeps its connections

function callOf({ kind, dialog, message, text }) {
  if (kind === "edit") return [`/chat/Message/${message}.json`, { chat_dialog_id: dialog, message: text }];
  return ["/chat/Message.json", { chat_dialog_id: dialog, [kind]: "1" }];
}

async function send({ data }) {
  const [path, body] = callOf(data);
  const answer = await api.request({
    method: "PUT",
    path,
    headers: {
      "content-type": "application/json",
      authorization: `ApiKey ${apiKey}`,
      "on-behalf-of": String(data.user),
    },
    body: JSON.stringify(body),
  });
  await answer.body.dump(); // so that the connection can be used again
  if (answer.statusCode !== 200) throw new Error(`the API answered ${answer.statusCode}`);
}

const worker = new Worker(QUEUE, send, {
  connection: new Redis(redisUrl, { maxRetriesPerRequest: null }), // as its documentation demands for workers
  concurrency: Number(concurrency),
});
worker.on("error", (error) => console.error(error));
worker.on("failed", (_job, error) => console.error(error));
await worker.waitUntilReady();
console.log("bullmq ready.");
process.once("SIGTERM", async () => {
  await worker.close();
  process.exit(0);
});
