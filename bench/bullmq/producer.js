// Adds receipts and says how long that took: `node producer.js REDIS_URL MODE GATHER_MS`.
// Its commands (commands.js):
//   {"do": "add", "receipts": […]}                 one at a time, each awaited    → {"seconds": …}
//   {"do": "addBulk", "receipts": […], "size": n}  n at a time                    → {"seconds": …}
//   {"do": "play", "receipts": […], "size": n}     each at its `t_s` from now, together what is due → {"added_s": […]}
//   {"do": "counts"}                               → BullMQ's own counts of jobs by state

import { setTimeout as sleep } from "node:timers/promises";

import { serve } from "./commands.js";
import { jobOf, queueAt } from "./jobs.js";

const [redisUrl, mode, gatherMs] = process.argv.slice(2);
const queue = queueAt(redisUrl);
const asJob = (receipt) => jobOf(receipt, mode, Number(gatherMs));

async function add({ receipts }) {
  const began = performance.now();
  for (const receipt of receipts) {
    const { name, data, opts } = asJob(receipt);
    await queue.add(name, data, opts);
  }
  return { seconds: (performance.now() - began) / 1000 };
}

async function addBulk({ receipts, size }) {
  const began = performance.now();
  for (let done = 0; done < receipts.length; done += size) {
    await queue.addBulk(receipts.slice(done, done + size).map(asJob));
  }
  return { seconds: (performance.now() - began) / 1000 };
}

async function play({ receipts, size }) {
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1000;
  const added = [];
  while (added.length < receipts.length) {
    const early = receipts[added.length].t_s - elapsed();
    if (early > 0) await sleep(early * 1000);
    const at = Date.now() / 1000;
    const due = receipts.slice(added.length, added.length + size).filter((receipt) => receipt.t_s <= elapsed());
    await queue.addBulk(due.map(asJob));
    due.forEach(() => added.push(at));
  }
  return { added_s: added };
}

await queue.waitUntilReady();
await serve({ add, addBulk, play, counts: () => queue.getJobCounts() });
await queue.close();
process.exit(0); // a connection that was handed to a queue stays open
