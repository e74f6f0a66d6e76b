// A program that is told what to do: one JSON command per line of stdin, one JSON answer per line of stdout.

import { createInterface } from "node:readline";

export async function serve(commands) {
  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    console.log(JSON.stringify(await commands[command.do](command)));
  }
}
