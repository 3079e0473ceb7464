// The rows of metrics on the page of a run: last value, extremes, number of points, small curve.

/** @typedef {import("./live.js").NewPoints} NewPoints */

/** Parts of a small curve; from twice as many on, two become one. */
const PARTS = 60;
const WIDTH = 120;
const HEIGHT = 24;

/**
 * @param {unknown} value
 * @returns {string} a number with four significant digits, as the server writes it
 */
export function numberText(value) {
  if (typeof value !== "number") return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  if (exponent >= -5 && exponent < 4) return String(Number(value.toPrecision(4)));
  const [digits, power] = value.toExponential(3).split("e");
  return `${Number(digits)}e${power[0]}${power.slice(1).padStart(2, "0")}`;
}

/** @returns {Record<string, number>} how many points of each metric the page shows */
export function shownCounts() {
  /** @type {Record<string, number>} */
  const counts = {};
  for (const row of document.querySelectorAll("[data-metric][data-count]")) {
    if (row instanceof HTMLElement) counts[row.dataset.metric ?? ""] = Number(row.dataset.count);
  }
  return counts;
}

/**
 * Add points to the row of a metric.
 * @param {string} name
 * @param {NewPoints} points
 * @returns {boolean} whether there is such a row, and it has the points before these
 */
export function showPoints(name, points) {
  const row = document.querySelector(`tr[data-metric="${CSS.escape(name)}"]`);
  if (!(row instanceof HTMLElement) || points.start === null) return false;
  if (Number(row.dataset.count) !== points.start) return false;
  row.dataset.count = String(points.start + points.values.length);
  const cell = (/** @type {string} */ key) => row.querySelector(`[data-cell="${key}"]`);
  points.values.forEach((value, number) => {
    if (typeof value !== "number") return;
    const step = points.steps[number];
    show(cell("last"), value, step);
    for (const [key, sign] of /** @type {[string, number][]} */ ([["min", 1], ["max", -1]])) {
      const known = cell(key)?.getAttribute("data-value");
      if (!known || sign * value < sign * Number(known)) show(cell(key), value, step);
    }
  });
  const total = cell("points");
  if (total) total.textContent = row.dataset.count;
  addToCurve(row, points.values);
  row.classList.remove("is-changed");
  void row.offsetWidth; // the animation begins again
  row.classList.add("is-changed");
  return true;
}

/**
 * @param {Element | null} cell
 * @param {number} value
 * @param {unknown} step
 */
function show(cell, value, step) {
  if (!cell) return;
  cell.textContent = numberText(value);
  cell.setAttribute("data-value", String(value));
  cell.setAttribute("title", `at step ${numberText(step)}`);
}

/**
 * Add values to the small curve of a row, whose middles and points per part the page has.
 * @param {HTMLElement} row
 * @param {unknown[]} values
 */
function addToCurve(row, values) {
  const line = row.querySelector("polyline");
  const cell = row.querySelector("[data-middles]");
  if (!(cell instanceof HTMLElement)) return;
  /** @type {(number | null)[]} */
  let middles = JSON.parse(cell.dataset.middles ?? "[]");
  let size = Number(cell.dataset.size) || 1;
  let count = Number(row.dataset.count) - values.length;
  for (const value of values) {
    if (typeof value !== "number") continue;
    if (count++ % size === 0 || !middles.length) middles.push(value);
    else middles[middles.length - 1] = ((middles.at(-1) ?? value) + value) / 2;
    if (middles.length >= 2 * PARTS) {
      middles = middles.filter((_, number) => number % 2 === 0);
      size *= 2;
    }
  }
  cell.dataset.middles = JSON.stringify(middles);
  cell.dataset.size = String(size);
  line?.setAttribute("points", polyline(middles));
}

/**
 * @param {(number | null)[]} middles
 * @returns {string} the coordinates of a curve, as metric_rows.py makes them
 */
function polyline(middles) {
  const known = middles.flatMap((each) => (each === null ? [] : [each]));
  if (known.length < 2) return "";
  const low = Math.min(...known);
  const high = Math.max(...known);
  const scale = high > low ? (HEIGHT - 4) / (high - low) : 0;
  const base = high > low ? HEIGHT - 2 : HEIGHT / 2;
  const step = WIDTH / Math.max(middles.length - 1, 1);
  return middles
    .flatMap((each, place) => (each === null ? [] : [`${(place * step).toFixed(1)},${(base - (each - low) * scale).toFixed(1)}`]))
    .join(" ");
}
