// Changes of runs are shown in their rows; new runs are announced, and shown on request.

import { onChange } from "./changes.js";
import { clockText } from "./durations.js";
import { fetchPart, onSwap, replacePart, root } from "./runs_swap.js";

const DELAY = 500;
const FIRST_WAIT = 500;
const LAST_WAIT = 8000;
/** What is replaced beside the rows. */
const MERGED = ["#count", ".segments", ".pager", ".columns-menu .field-groups", "#known-fields"];
/** @type {Array<[number, string]>} */
const UNITS = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];
/** @type {number | undefined} */
let timer;
let isDue = false;
let wait = FIRST_WAIT;

/** Read the page again, soon, and only while it is visible. */
function schedule(delay = DELAY) {
  isDue = true;
  if (document.hidden || timer !== undefined) return;
  timer = window.setTimeout(() => void refresh(), delay);
}

async function refresh() {
  timer = undefined;
  isDue = false;
  const address = location.href;
  try {
    const part = await fetchPart(address);
    if (part && address === location.href && !isUsed()) merge(part);
  } catch {
    schedule(LAST_WAIT); // the board ended, or the machine slept
  }
}

/** Read the page again until all runs are loaded, ever more slowly. */
function retry() {
  schedule(wait);
  wait = Math.min(wait * 2, LAST_WAIT);
}

/** @returns {boolean} whether the user fills in a form of the part, or another view is read */
function isUsed() {
  const busy = root().matches("[aria-busy=true]");
  if (busy || root().querySelector("details.menu[open], .query-error")) {
    schedule(LAST_WAIT);
    return true;
  }
  return false;
}

/**
 * Show what differs in a newer version of the part.
 * @param {HTMLElement} part
 */
function merge(part) {
  const [old, next] = [rowsOf(root()), rowsOf(part)];
  const added = [...next.keys()].filter((key) => !old.has(key)).length;
  const [here, there] = [headings(root()), headings(part)];
  // With other columns the table is another one; new runs, which may need them, wait for the user.
  if (!old.size || (!added && here.join("\n") !== there.join("\n"))) {
    replacePart(part);
    return;
  }
  for (const [key, row] of old) {
    const other = next.get(key);
    if (other) mergeRow(row, other, here.map((heading) => there.indexOf(heading)));
  }
  for (const selector of MERGED) {
    const [known, given] = [root().querySelector(selector), part.querySelector(selector)];
    if (!known || !given || known.contains(document.activeElement)) continue;
    if (known.innerHTML !== given.innerHTML) known.innerHTML = given.innerHTML;
  }
  if (part.querySelector("[data-loading]")) retry();
  announce(added);
}

/**
 * @param {HTMLTableRowElement} row
 * @param {HTMLTableRowElement} other
 * @param {number[]} places where the cells of each column are in the other row; -1: nowhere
 */
function mergeRow(row, other, places) {
  row.classList.toggle("is-damaged", other.classList.contains("is-damaged"));
  for (const [number, cell] of [...row.cells].entries()) {
    const next = other.cells[places[number] ?? -1];
    if (!next || cell.innerHTML === next.innerHTML) continue;
    if (cell.matches(".pick")) {
      mergeMembers(cell, next);
      continue;
    }
    const isChange = cell.textContent !== next.textContent && !next.querySelector("time");
    cell.innerHTML = next.innerHTML;
    cell.title = next.title;
    if (isChange) mark(cell);
  }
}

/**
 * Let the check box of a group select its new runs, too.
 * @param {HTMLElement} cell
 * @param {HTMLElement} other
 */
function mergeMembers(cell, other) {
  const [box, next] = [cell, other].map((each) => each.querySelector("[data-members]"));
  if (box && next) box.setAttribute("data-members", next.getAttribute("data-members") ?? "");
}

/** @param {HTMLElement} cell */
function mark(cell) {
  cell.classList.remove("is-changed");
  void cell.offsetWidth; // the animation starts again
  cell.classList.add("is-changed");
}

/**
 * @param {ParentNode} part
 * @returns {Map<string, HTMLTableRowElement>}
 */
function rowsOf(part) {
  const rows = [...part.querySelectorAll("tr[data-row]")];
  return new Map(rows.map((row) => [row.getAttribute("data-row") ?? "", /** @type {any} */ (row)]));
}

/**
 * @param {ParentNode} part
 * @returns {string[]}
 */
function headings(part) {
  const cells = [...part.querySelectorAll("thead th")];
  return cells.map((each) => `${each.getAttribute("title") ?? ""} ${each.textContent?.trim()}`);
}

/** @param {number} count of new runs */
function announce(count) {
  const button = root().querySelector("[data-new-runs]");
  if (!(button instanceof HTMLButtonElement)) return;
  button.hidden = count === 0;
  button.textContent = `Show ${count} new ${count === 1 ? "run" : "runs"}`;
}

/** Show for how long runs have been running, and how long ago they started. */
function tick() {
  if (document.hidden) return;
  for (const time of root().querySelectorAll("time[datetime]")) {
    setText(time, ageText(Date.now() - Date.parse(time.getAttribute("datetime") ?? "")));
  }
  for (const time of root().querySelectorAll("time[data-since]")) {
    const since = Date.parse(time.getAttribute("data-since") ?? "");
    setText(time, clockText(Math.max(0, Math.floor((Date.now() - since) / 1000))));
  }
}

/**
 * @param {Element} element
 * @param {string} text
 */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {number} age in milliseconds */
function ageText(age) {
  const seconds = Math.floor(Math.abs(age) / 1000);
  const [size, unit] = UNITS.find(([each]) => seconds >= each) ?? [1, "s"];
  const text = `${Math.floor(seconds / size)} ${unit}`;
  return age < 0 ? `in ${text}` : `${text} ago`;
}

document.addEventListener("click", async (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-new-runs]") : null;
  if (!button) return;
  const part = await fetchPart(location.href);
  if (part) replacePart(part);
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && isDue) schedule();
});
onChange((notice) => {
  if (notice.type === "gone") {
    rowsOf(root()).get(`${notice.slug}/${notice.id}`)?.classList.add("is-gone");
  }
  if (notice.type !== "stopped") schedule();
});
onSwap(() => {
  if (root().querySelector("[data-loading]")) retry();
});
setInterval(tick, 1000);
