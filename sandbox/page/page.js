// The page: what the stream says is put where it belongs. No text is ever read as HTML.
import { Chart } from "./chart.js";
import { card, update } from "./dialogs.js";
import { row } from "./calls.js";
import { tick } from "./ticks.js";

const CALLS_KEPT = 80;
const NUMBER = new Intl.NumberFormat("en");
const byId = (id) => document.getElementById(id);

const FAULTS = [
  { label: "Latency", does: "a second more", on: { latency_ms: 1000 }, is: (f) => f.latency_ms > 0 },
  { label: "429", does: "to everybody", on: { throttle: true, retry_after: "2" }, is: (f) => f.throttle },
  { label: "5xx", does: "half of all calls", on: { error_share: 0.5 }, is: (f) => f.error_share > 0 },
  { label: "Outage", does: "all calls", on: { outage: true }, is: (f) => f.outage },
];

const state = { dialogs: new Map(), puts: 0, recorded: 0, faults: {}, held: false, missed: 0 };
const chart = new Chart(byId("chart-receipts"), byId("chart-puts"), byId("peak"));

function listen() {
  const stream = new EventSource("../watch");
  stream.onopen = () => {
    // A stream that begins anew tells everything again.
    byId("dialog-cards").replaceChildren();
    state.dialogs.clear();
    say("live", "on");
  };
  stream.onerror = () => say("the sandbox is away, trying again …", "off");
  stream.onmessage = (event) => show(JSON.parse(event.data));
}

function say(words, kind) {
  const link = byId("link");
  link.textContent = words;
  link.className = `link ${kind}`;
}

function show(changed) {
  if (changed.dialogs || changed.order) showDialogs(changed.dialogs ?? {}, changed.order);
  if (changed.counts) showCounts(changed.counts);
  if ("receipts" in changed) showReceipts(changed.receipts);
  if (changed.plays || changed.playing) showPlays(changed);
  if (changed.faults) showFaults(changed.faults);
  if (changed.calls) showCalls(changed.calls, changed.skipped);
}

function showDialogs(dialogs, order) {
  for (const [id, dialog] of Object.entries(dialogs)) {
    if (!state.dialogs.has(id)) state.dialogs.set(id, card(id, dialog));
    else update(state.dialogs.get(id), dialog);
  }
  if (!order) return;
  for (const id of [...state.dialogs.keys()]) if (!order.includes(id)) state.dialogs.delete(id);
  const wanted = order.map((id) => state.dialogs.get(id)).filter(Boolean);
  const cards = byId("dialog-cards");
  if (wanted.some((one, at) => cards.children[at] !== one) || cards.children.length !== wanted.length) {
    cards.replaceChildren(...wanted);
  }
  byId("empty").hidden = wanted.length > 0;
}

function showCounts(counts) {
  state.puts = counts.puts;
  byId("puts").textContent = NUMBER.format(counts.puts);
  const words = Object.entries(counts.by_status).map(([status, n]) => `${status}: ${NUMBER.format(n)}`);
  byId("by-status").textContent = words.join(" · ");
  showSaved();
}

function showReceipts(receipts) {
  state.recorded = receipts?.recorded ?? 0;
  for (const name of ["recorded", "pending", "in_flight", "covered", "dead"]) {
    byId(name).textContent = receipts ? NUMBER.format(receipts[name]) : "–";
  }
  showSaved();
}

function showSaved() {
  const share = state.recorded > 0 ? 1 - state.puts / state.recorded : null;
  byId("saved").textContent = share === null || share < 0 ? "–" : `${Math.round(share * 100)} %`;
}

function showPlays({ plays, playing }) {
  const buttons = byId("play-buttons");
  if (plays) {
    byId("nobody").hidden = plays.length > 0;
    buttons.replaceChildren(...plays.map((play) => {
      const button = element("button", "play", element("b", "", play.label), element("small", "", play.does));
      button.type = "button";
      button.dataset.play = play.name;
      button.onclick = () => ask("POST", "../plays", { play: play.name });
      return button;
    }));
  }
  if (playing) for (const button of buttons.children) button.disabled = playing.includes(button.dataset.play);
}

function showFaults(faults) {
  state.faults = faults;
  for (const [at, button] of [...byId("fault-switches").children].entries()) {
    button.setAttribute("aria-checked", String(FAULTS[at].is(faults)));
  }
}

function makeSwitches() {
  byId("fault-switches").replaceChildren(...FAULTS.map((fault) => {
    const words = element("span", "", fault.label, element("small", "", fault.does));
    const button = element("button", "switch", words, element("i", ""));
    button.type = "button";
    button.setAttribute("role", "switch");
    button.setAttribute("aria-checked", "false");
    button.onclick = () => {
      // A whole new set: those that are on already, this one turned.
      const on = FAULTS.filter((one) => (one === fault) !== one.is(state.faults));
      ask("PUT", "../faults", Object.assign({}, ...on.map((one) => one.on)));
    };
    return button;
  }));
}

function showCalls(calls, skipped) {
  if (state.held) return;
  const list = byId("call-list");
  list.prepend(...calls.map(row).reverse());
  if (skipped) list.prepend(element("li", "", "", element("small", "", `and ${NUMBER.format(skipped)} more`)));
  while (list.children.length > CALLS_KEPT) list.lastChild.remove();
}

async function ask(method, path, body) {
  const refused = byId("refused");
  refused.hidden = true;
  try {
    const answer = await fetch(path, { method, body: JSON.stringify(body) });
    if (answer.ok) return;
    refused.textContent = `The sandbox refused: ${await answer.text()}`;
  } catch (error) {
    refused.textContent = `The sandbox was not reached: ${error.message}`;
  }
  refused.hidden = false;
}

function element(name, kind, ...children) {
  const made = document.createElement(name);
  if (kind) made.className = kind;
  made.append(...children);
  return made;
}

function turnTheme(theme) {
  document.documentElement.dataset.theme = theme;
  byId("theme").textContent = theme === "dark" ? "Light" : "Dark";
}

byId("theme").onclick = () => turnTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
byId("hold").onclick = (event) => {
  state.held = !state.held;
  event.target.setAttribute("aria-pressed", String(state.held));
};
for (const place of document.querySelectorAll("[data-tick]")) place.replaceWith(tick(place.dataset.tick));
turnTheme(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
makeSwitches();
listen();
setInterval(() => chart.add(state.recorded, state.puts), 1000);
