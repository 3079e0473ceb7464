// What a running run adds to its page: output, points, its status and its end.

import { followRun } from "./live.js";
import { onChange } from "./changes.js";
import { showPoints, shownCounts } from "./run_metrics.js";
import { showOutput } from "./run_output.js";

/** @typedef {import("./live.js").Update} Update */

/** Parts of the page that are replaced when the record of the run changed. */
const PARTS = ["head", "notes", "tabs"];
/** Tabs that grow while a run is running: all others are replaced when it has ended. */
const LIVE_TABS = ["output", "curves"];
/** Milliseconds between loads of a page. */
const RELOAD_PAUSE = 5000;

/**
 * Show what is new of a run until it has ended.
 * @param {HTMLElement} page
 */
export function showChanges(page) {
  const output = document.querySelector("[data-output]");
  const { slug = "", id = "", tab = "" } = page.dataset;
  const position = output instanceof HTMLElement ? output.dataset.position ?? "" : null;
  const following = followRun(slug, id, { position, points: shownCounts() }, (update) => {
    if (update.output && output instanceof HTMLElement) showOutput(output, update.output);
    const isComplete = showMetrics(update);
    showStatus(page, update);
    if (update.run.is_over) following.stop();
    const isOver = update.run.is_over && !LIVE_TABS.includes(tab);
    if (!isComplete && tab === "curves") reload(); // charts are made when a page is loaded
    else if (isOver || !isComplete) void renew(page, true);
    else if (update.run.is_over) void renew(page, false);
  });
  tick();
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
  if (page.querySelector(":focus-within textarea, details[open] :focus")) return; // the user writes
  const response = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!response.ok) return;
  const read = new DOMParser().parseFromString(await response.text(), "text/html");
  const selectors = PARTS.map((name) => `[data-part="${name}"]`);
  if (withContent) selectors.push("[data-tab-content]");
  for (const selector of selectors) {
    const found = read.querySelector(selector);
    const own = page.querySelector(selector);
    if (found && own && found.innerHTML !== own.innerHTML) own.replaceWith(document.adoptNode(found));
  }
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
    shown.textContent = durationText((Date.now() - Date.parse(shown.dataset.since ?? "")) / 1000);
  };
  setInterval(update, 1000);
}

/**
 * @param {number} seconds
 * @returns {string} as the server writes it: 0:01:05
 */
function durationText(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const pad = (/** @type {number} */ number) => String(number).padStart(2, "0");
  const days = Math.floor(whole / 86400);
  const time = `${Math.floor(whole / 3600) % 24}:${pad(Math.floor(whole / 60) % 60)}:${pad(whole % 60)}`;
  return days ? `${days} ${days === 1 ? "day" : "days"}, ${time}` : time;
}
