// The queue, and a receipt as a job of it, as https://docs.bullmq.io/guide/jobs/deduplication describes its two modes.

import { Queue } from "bullmq";
import { Redis } from "ioredis";

export const QUEUE = "receipts";

const MODES = {
  // Each receipt takes the place of the one that waits, and its delay begins anew.
  debounce: (id, ttl) => ({ id, ttl, extend: true, replace: true }),
  // The first receipt fixes the delay; one that comes while its job is at work becomes another job afterwards. Marks of
  // a dialog are all alike; of edits the newest has to take the place of the one that waits.
  keepLastIfActive: (id, _ttl, isEdit) => ({ id, keepLastIfActive: true, replace: isEdit }),
};

export function queueAt(redisUrl) {
  // Retries as for any call over the network; no job is kept once it is done: both cost nothing here, kept jobs would.
  const defaultJobOptions = { attempts: 5, backoff: { type: "exponential", delay: 1000 }, removeOnComplete: true };
  return new Queue(QUEUE, { connection: new Redis(redisUrl), defaultJobOptions });
}

// Receipts that one PUT can carry have one deduplication id.
export function jobOf(receipt, mode, gatherMs) {
  const isEdit = receipt.kind === "edit";
  const id = isEdit ? `edit-${receipt.message}` : `${receipt.kind}-${receipt.dialog}-${receipt.user}`;
  const opts = { deduplication: MODES[mode](id, gatherMs, isEdit), delay: gatherMs };
  return { name: receipt.kind, data: receipt, opts };
}
