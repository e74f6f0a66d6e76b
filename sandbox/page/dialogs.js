// A dialog's card, made once and then changed in place, so that nothing jumps and an edit can flash.
import { nameOf } from "./names.js";
import { kindOf, tick, wordsOf } from "./ticks.js";

const NAMED = 6;

export function card(id, dialog) {
  const made = document.createElement("article");
  made.className = "dialog";
  made.dataset.dialog = id;
  const title = document.createElement("h3");
  const who = document.createElement("p");
  who.className = "who";
  made.append(title, who, document.createElement("ul"));
  update(made, dialog);
  return made;
}

export function update(made, dialog) {
  const [title, who, list] = made.children;
  const others = dialog.occupants.length - NAMED;
  title.textContent = dialog.name ?? (dialog.type === 3 ? dialog.occupants.map(nameOf).join(" and ") : `Group of ${dialog.occupants.length}`);
  who.textContent = dialog.occupants.slice(0, NAMED).map(nameOf).join(", ") + (others > 0 ? ` and ${others} more` : "");
  const known = new Map([...list.children].map((item) => [item.dataset.message, item]));
  const items = dialog.messages.map((message) => {
    const item = known.get(message.id) ?? empty(message, message.from === dialog.occupants[0]);
    fill(item, message, known.has(message.id));
    return item;
  });
  list.replaceChildren(...items);
}

function empty(message, own) {
  const item = document.createElement("li");
  item.className = own ? "message own" : "message";
  item.dataset.message = message.id;
  const sender = document.createElement("b");
  sender.textContent = nameOf(message.from);
  const state = document.createElement("span");
  state.className = "state";
  const text = document.createElement("span");
  text.className = "text";
  item.append(sender, state, text);
  return item;
}

function fill(item, message, wasThere) {
  const [, state, text] = item.children;
  const kind = kindOf(message);
  const words = wordsOf(message);
  item.dataset.kind = kind;
  if (item.dataset.words !== words) {
    item.dataset.words = words;
    const count = document.createElement("span");
    count.textContent = message.of > 1 && message.read > 0 ? ` ${message.read}/${message.of}` : "";
    state.replaceChildren(tick(kind), count);
    state.title = words;
    state.setAttribute("role", "img");
    state.setAttribute("aria-label", words);
  }
  if (text.textContent !== message.text) {
    text.textContent = message.text;
    if (wasThere) flash(item);
  }
}

function flash(item) {
  item.classList.remove("flash");
  void item.offsetWidth; // begins the animation anew
  item.classList.add("flash");
}
