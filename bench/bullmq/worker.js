// Sends the PUT of every job: `node worker.js REDIS_URL ENDPOINT API_KEY CONCURRENCY`.

import { Worker } from "bullmq";
import { Redis } from "ioredis";

import { senderTo } from "./api.js";
import { QUEUE } from "./jobs.js";

const [redisUrl, endpoint, apiKey, concurrency] = process.argv.slice(2);
const send = senderTo(endpoint, apiKey, Number(concurrency));

const worker = new Worker(QUEUE, ({ data }) => send(data), {
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
