// One tick: sent. Two: somebody has received it. Two blue ones: all have read it.
const SVG = "http://www.w3.org/2000/svg";
const ONE = "M4 6l3 3 5-7";
const TWO = "M1 6l3 3 5-7M7.2 8.4l.8.6 5-7";

export function tick(kind) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 14 11");
  svg.setAttribute("class", `tick ${kind}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", kind === "sent" ? ONE : TWO);
  svg.append(path);
  return svg;
}

export function kindOf(message) {
  if (message.of > 0 && message.read === message.of) return "read";
  return message.delivered > 0 ? "delivered" : "sent";
}

export function wordsOf(message) {
  const people = (n) => (message.of === 1 ? "" : ` by ${n} of ${message.of}`);
  if (message.read > 0) return `read${people(message.read)}`;
  return message.delivered > 0 ? `received${people(message.delivered)}` : "sent";
}
