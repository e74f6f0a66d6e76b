// Lends QuickBlox' own client to another process: one call a line on stdin, one answer a line on stdout, both JSON.
//
//   node driver.js '{"address": "127.0.0.1:8090", "tls": false, "app": [1, "key", "secret"]}'
//   {"id": 1, "who": "ann", "call": "chat.message.update", "args": ["53aa…", {"read": 1}]}
//   {"id": 1, "error": null, "answer": ""}
//
// Each `who` has a client of their own, with a session of their own. The `url` of `service.ajax` is given as a path.
// What the client tells its callback is handed on as it is.

"use strict";

const crypto = require("node:crypto");
const readline = require("node:readline");

// The client tells its platform and its complaints to stdout, which is for answers alone.
for (const word of ["log", "info", "warn"]) console[word] = console.error;

const { address, tls, app } = JSON.parse(process.argv[2]);
const QuickBlox = require("quickblox").QuickBlox;
const utils = require("quickblox/src/qbUtils");
const config = require("quickblox/src/qbConfig");

if (!tls) {
  // The client knows https alone. These two are all that it makes its addresses with.
  const plain = (make) => (base, id) => make.call(utils, base, id).replace(/^https:/, "http:");
  utils.getUrl = plain(utils.getUrl);
  utils.formatUrl = plain(utils.formatUrl);
}

// It draws nonces from 0 to 9999, and the API refuses one that comes twice in a second.
utils.randomNonce = () => crypto.randomInt(2 ** 31);

// With an endpoint left out it would ask the real service for its endpoints.
const settings = { endpoints: { api: address, chat: address }, debug: false };
const clients = new Map();

function clientOf(who) {
  if (!clients.has(who)) {
    const client = new QuickBlox();
    client.init(...app, settings);
    clients.set(who, client);
  }
  return clients.get(who);
}

function absolute(url) {
  return `${tls ? "https" : "http"}://${address}${url}`;
}

function attend({ id, who, call, args }) {
  const path = call.split(".");
  const method = path.pop();
  const place = path.reduce((from, name) => from[name], clientOf(who));
  const whole = call === "service.ajax" ? [{ ...args[0], url: absolute(args[0].url) }] : args;
  place[method](...whole, (error, answer) => say({ id, error: error ?? null, answer: answer ?? null }));
}

function say(words) {
  process.stdout.write(`${JSON.stringify({ ...words, session_ends: config.qbTokenExpirationDate })}\n`);
}

const lines = readline.createInterface({ input: process.stdin });
lines.on("line", (line) => {
  const asked = JSON.parse(line);
  try {
    attend(asked);
  } catch (error) {
    say({ id: asked.id, error: { thrown: String(error) }, answer: null });
  }
});
lines.on("close", () => process.exit(0));

process.stdout.write(`${JSON.stringify({ ready: config.version })}\n`);
