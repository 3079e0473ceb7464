// What a running run adds to its page: output, points, its status and its end.

import { followRun } from "./live.js";
import { onChange } from "./changes.js";
import { clockText } from "./durations.js";
import { showOutput } from "./run_output.js";

/** @typedef {import("./live.js").Update} Update */
/** @typedef {import("./live.js").NewPoints} NewPoints */

/** Parts of the page that are replaced when the record of the run changed. */
const PARTS = ["head", "notes", "tabs"];
/** Tabs that grow while a run is running: all others are replaced when it has ended. */
const LIVE_TABS = ["output", "curves"];
/** Tabs that are replaced when a running run has new files. */
const FILE_TABS = ["artifacts", "resources"];
/** Parts of a small curve; from twice as many on, two become one. */
const CURVE_PARTS = 60;
const WIDTH = 120;
const HEIGHT = 24;
/** Milliseconds after which a page that is used is tried to be renewed again. */
const USE_PAUSE = 2000;
/** Milliseconds between loads of a page. */
const RELOAD_PAUSE = 5000;

/**
 * Show what is new of a run until it has ended.
 * @param {HTMLElement} page
 */
export function showChanges(page) {
  const output = findOutput();
  const { slug = "", id = "", tab = "" } = page.dataset;
  const position = output ? output.dataset.position ?? "" : null;
  let known = "";
  const following = followRun(slug, id, { position, points: shownCounts() }, (update) => {
    const shown = findOutput(); // the page may have been renewed
    if (update.output && shown) showOutput(shown, update.output);
    const isComplete = showMetrics(update);
    showStatus(page, update);
    const facts = `${update.run.files} ${update.run.annotations}`;
    const hasNews = known !== "" && known !== facts;
    known = facts;
    if (update.run.is_over) following.stop();
    const isOver = update.run.is_over && !LIVE_TABS.includes(tab);
    if (!isComplete && tab === "curves") reload(); // charts are made when a page is loaded
    else if (isOver || !isComplete) void renew(page, true).then(followMetrics);
    else if (hasNews) void renew(page, FILE_TABS.includes(tab));
    else if (update.run.is_over) void renew(page, false);
  });
  const followMetrics = () => {
    for (const [name, count] of Object.entries(shownCounts())) following.follow(name, count);
  };
  tick();
}

/** @returns {HTMLElement | null} the output that the page shows */
function findOutput() {
  const found = document.querySelector("[data-output]");
  return found instanceof HTMLElement ? found : null;
}

/**
 * Renew the page of a run when its record changes after its end: tags, notes.
 * @param {HTMLElement} page
 */
export function showRecord(page) {
  const { slug, id } = page.dataset;
  onChange((notice) => {
    if (notice.type === "run" && notice.slug === slug && String(notice.id) === id) void renew(page, false);
  });
}

/**
 * Say that the run of a page was deleted.
 * @param {HTMLElement} page
 */
export function showDeletion(page) {
  const { slug, id } = page.dataset;
  onChange((notice) => {
    if (notice.type !== "gone" || notice.slug !== slug || String(notice.id) !== id) return;
    const banner = document.createElement("p");
    banner.className = "banner is-error";
    banner.textContent = "This run was deleted.";
    document.getElementById("banners")?.append(banner);
  });
}

/**
 * @param {Update} update
 * @returns {boolean} whether each metric that has points has a row, if the page shows metrics
 */
function showMetrics(update) {
  const body = document.querySelector(".metrics tbody");
  if (!body) return true;
  const shown = Object.entries(update.points).map(([name, points]) => showPoints(name, points));
  const counts = shownCounts();
  const isLimited = body.hasAttribute("data-limited");
  const hasAll = isLimited || Object.keys(update.counts).every((name) => name in counts || !update.counts[name]);
  return shown.every(Boolean) && hasAll;
}

/**
 * @param {HTMLElement} page
 * @param {Update} update
 */
function showStatus(page, update) {
  page.dataset.status = update.run.status;
  const shown = document.querySelector("[data-run-status]");
  if (!(shown instanceof HTMLElement)) return;
  shown.textContent = update.run.status;
  shown.dataset.status = update.run.status;
}

/**
 * Read the page again, and replace its parts.
 * @param {HTMLElement} page
 * @param {boolean} withContent also the content of the tab
 */
async function renew(page, withContent) {
  if (isUsed(page)) {
    setTimeout(() => renew(page, withContent), USE_PAUSE);
    return;
  }
  const response = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!response.ok) return;
  const read = new DOMParser().parseFromString(await response.text(), "text/html");
  const selectors = PARTS.map((name) => `[data-part="${name}"]`);
  if (withContent) selectors.push("[data-tab-content]");
  for (const selector of selectors) {
    const found = read.querySelector(selector);
    const own = page.querySelector(selector);
    if (found && own && found.outerHTML !== own.outerHTML) own.replaceWith(document.adoptNode(found));
  }
}

/**
 * @param {HTMLElement} page
 * @returns {boolean} whether the user has opened a menu, or writes a note or tags
 */
function isUsed(page) {
  const fields = page.querySelectorAll("[data-part] :is(textarea, input:not([type=hidden]))");
  const isWriting = [...fields].some((field) => field === document.activeElement);
  return isWriting || page.querySelector("[data-part] details[open]") !== null;
}

/** Load the page again, but not again and again. */
function reload() {
  const last = Number(sessionStorage.getItem("reloaded"));
  if (Date.now() - last < RELOAD_PAUSE) return;
  sessionStorage.setItem("reloaded", String(Date.now()));
  location.reload();
}

/** Count the seconds since the start. */
function tick() {
  const update = () => {
    const shown = document.querySelector("[data-since]");
    if (!(shown instanceof HTMLElement)) return;
    shown.textContent = clockText((Date.now() - Date.parse(shown.dataset.since ?? "")) / 1000);
  };
  setInterval(update, 1000);
}

// The rows of metrics: last value, extremes, number of points, small curve.

/**
 * @param {unknown} value
 * @returns {string} a number with four significant digits, as the server writes it
 */
function numberText(value) {
  if (typeof value !== "number") return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  if (exponent >= -5 && exponent < 4) return String(Number(value.toPrecision(4)));
  const [digits, power] = value.toExponential(3).split("e");
  return `${Number(digits)}e${power[0]}${power.slice(1).padStart(2, "0")}`;
}

/** @returns {Record<string, number>} how many points of each metric the page shows */
function shownCounts() {
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
function showPoints(name, points) {
  const row = document.querySelector(`tr[data-metric="${CSS.escape(name)}"]`);
  if (!(row instanceof HTMLElement) || points.start === null) return false;
  const known = Number(row.dataset.count) - points.start; // a page that was renewed has some
  if (known < 0) return false;
  const values = points.values.slice(known);
  const steps = points.steps.slice(known);
  if (!values.length) return true;
  row.dataset.count = String(Number(row.dataset.count) + values.length);
  const cell = (/** @type {string} */ key) => row.querySelector(`[data-cell="${key}"]`);
  values.forEach((value, number) => {
    if (typeof value !== "number") return;
    const step = steps[number];
    show(cell("last"), value, step);
    for (const [key, sign] of /** @type {[string, number][]} */ ([["min", 1], ["max", -1]])) {
      const known = cell(key)?.getAttribute("data-value");
      if (!known || sign * value < sign * Number(known)) show(cell(key), value, step);
    }
  });
  const total = cell("points");
  if (total) total.textContent = row.dataset.count;
  addToCurve(row, values);
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
    if (middles.length >= 2 * CURVE_PARTS) {
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
