// Receipts and PUTs a second, over the last minute: differences of two counters.
const SECONDS = 60;
const WIDTH = 300;
const HEIGHT = 60;

export class Chart {
  constructor(receipts, puts, peak) {
    this.paths = [receipts, puts];
    this.peak = peak;
    this.before = null;
    this.series = [Array(SECONDS).fill(0), Array(SECONDS).fill(0)];
  }

  add(...totals) {
    // The first totals have grown over an unknown time; after a clearing they begin anew.
    const grown = totals.map((total, at) => (this.before ? Math.max(0, total - this.before[at]) : 0));
    this.before = totals;
    this.series = this.series.map((values, at) => [...values.slice(1), grown[at]]);
    const most = Math.max(1, ...this.series.flat());
    for (const [at, path] of this.paths.entries()) path.setAttribute("d", line(this.series[at], most));
    this.peak.textContent = most;
  }
}

function line(values, most) {
  const points = values.map((value, at) => `${(at * WIDTH) / (SECONDS - 1)},${2 + HEIGHT - (value / most) * HEIGHT}`);
  return `M${points.join("L")}`;
}
