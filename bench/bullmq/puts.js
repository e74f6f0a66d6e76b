// Sends PUTs and does nothing else, so many at a time: `node puts.js ENDPOINT API_KEY CONNECTIONS`. The command:
//   {"do": "put", "receipts": […]}   → {"cpu_s": processor time of this process}

import { senderTo } from "./api.js";
import { serve } from "./commands.js";

const [endpoint, apiKey, connections] = process.argv.slice(2);
const send = senderTo(endpoint, apiKey, Number(connections));

async function put({ receipts }) {
  const began = process.cpuUsage();
  const left = receipts.values(); // shared: each lane takes the next one
  const lane = async () => {
    for (const receipt of left) await send(receipt);
  };
  await Promise.all(Array.from({ length: Number(connections) }, lane));
  const { user, system } = process.cpuUsage(began);
  return { cpu_s: (user + system) / 1e6 };
}

await serve({ put });
process.exit(0); // its connections stay open
