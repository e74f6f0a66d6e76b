// One call as a line: what became of it, what it meant, whose it was, how long it took.
import { nameOf } from "./names.js";

export function row(call) {
  const item = document.createElement("li");
  const status = document.createElement("span");
  status.className = `status ${kindOf(call.status)}`;
  status.textContent = call.status ?? "none";
  status.title = call.status === null ? "hung, reset, or left before its answer" : "";
  const what = document.createElement("span");
  const who = document.createElement("small");
  who.textContent = call.user === null ? "" : ` ${nameOf(call.user)}`;
  what.append(`${call.method === "PUT" ? "" : `${call.method} ${call.path} `}${call.what}`, who);
  what.title = `${call.method} ${call.path}`;
  const took = document.createElement("small");
  took.textContent = `${call.ms < 10 ? call.ms.toFixed(1) : Math.round(call.ms)} ms`;
  item.append(status, what, took);
  return item;
}

function kindOf(status) {
  if (status === null) return "none";
  if (status === 429) return "slow";
  return status < 400 ? "good" : "bad";
}
