// The runs that the user selected: they stay selected on other pages and with other filters.

import { onSwap, root } from "./runs_swap.js";

const MOST = 20;
/** @type {Set<string>} */
const selected = new Set();
/** The run whose check box was clicked last: with the shift key all up to it are selected. */
let lastKey = "";

/** @returns {HTMLInputElement[]} the check boxes of runs */
function boxes() {
  return [...root().querySelectorAll("input[name=run][type=checkbox]")].map(
    (box) => /** @type {HTMLInputElement} */ (box),
  );
}

/** @returns {Array<[HTMLInputElement, string[]]>} the check boxes of groups, with their runs */
function groupBoxes() {
  return [...root().querySelectorAll("input[data-members]")].map((box) => [
    /** @type {HTMLInputElement} */ (box),
    (box.getAttribute("data-members") ?? "").split("\n"),
  ]);
}

/** Show which runs are selected. */
function update() {
  const shown = boxes();
  for (const box of shown) setBox(box, [box.value]);
  for (const [box, members] of groupBoxes()) setBox(box, members);
  const all = root().querySelector("[data-select-all]");
  if (all instanceof HTMLInputElement) setBox(all, pageKeys(), false);
  const form = root().querySelector("#selection");
  if (!form) return;
  const known = new Set(shown.map((box) => box.value));
  for (const input of form.querySelectorAll("input[name=run]")) input.remove();
  for (const key of selected) {
    if (!known.has(key)) form.append(hiddenInput(key));
  }
  const text = form.querySelector("[data-selected]");
  if (text) text.textContent = selected.size ? `${selected.size} selected` : "";
  for (const button of form.querySelectorAll("button")) updateButton(button);
}

/**
 * @param {HTMLInputElement} box
 * @param {string[]} keys the runs that it selects
 * @param {boolean} [marksRow]
 */
function setBox(box, keys, marksRow = true) {
  const count = keys.filter((key) => selected.has(key)).length;
  box.checked = keys.length > 0 && count === keys.length;
  box.indeterminate = count > 0 && count < keys.length;
  if (marksRow) box.closest("tr")?.classList.toggle("is-selected", box.checked);
}

/** @param {HTMLButtonElement} button */
function updateButton(button) {
  const least = Number(button.dataset.least ?? 1);
  const isPossible = selected.size >= least && selected.size <= MOST;
  button.setAttribute("aria-disabled", String(!isPossible));
  button.title = isPossible ? "" : `Select ${least} to ${MOST} runs`;
}

/** @param {string} key */
function hiddenInput(key) {
  const input = document.createElement("input");
  [input.type, input.name, input.value] = ["hidden", "run", key];
  return input;
}

/** @returns {string[]} all runs of the page */
function pageKeys() {
  const groups = groupBoxes();
  if (groups.length) return groups.flatMap(([, members]) => members);
  return boxes().map((box) => box.value);
}

/**
 * @param {string[]} keys
 * @param {boolean} isSelected
 */
function select(keys, isSelected) {
  for (const key of keys) {
    if (isSelected) selected.add(key);
    else selected.delete(key);
  }
  update();
}

/**
 * Return the runs from one to another in the order of the page.
 * @param {string} one
 * @param {string} other
 */
function keysBetween(one, other) {
  const keys = boxes().map((box) => box.value);
  const [start, end] = [keys.indexOf(one), keys.indexOf(other)].sort((a, b) => a - b);
  return start < 0 ? [other] : keys.slice(start, end + 1);
}

document.addEventListener("click", (event) => {
  const box = event.target;
  if (!(box instanceof HTMLInputElement) || box.name !== "run" || !root().contains(box)) return;
  if (event.shiftKey) select(keysBetween(lastKey, box.value), box.checked);
  lastKey = box.value;
});
document.addEventListener("change", (event) => {
  const box = event.target;
  if (!(box instanceof HTMLInputElement) || !root().contains(box)) return;
  if (box.name === "run") select([box.value], box.checked);
  else if (box.matches("[data-select-all]")) select(pageKeys(), box.checked);
  else if (box.dataset.members) select(box.dataset.members.split("\n"), box.checked);
});
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (button?.getAttribute("aria-disabled") === "true") event.preventDefault();
  else button?.setAttribute("aria-busy", "true"); // until the browser shows the next page
});
// A browser that returns to the page restores its check boxes, and not this module.
window.addEventListener("pageshow", () => {
  for (const box of boxes()) if (box.checked) selected.add(box.value);
  for (const button of root().querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
  update();
});
onSwap(update);
