// Fields, statuses and tags that continue what is written in the filter.

import { root } from "./runs_swap.js";

const MOST = 8;
const WORD = /[^\s()[\],=<>!~"']*$/;
/** A condition whose value is about to be written, and where its values come from. */
const VALUES = /(?:^|[\s(])(status|tags)\s*(?:=|!=|has|in\s*\[[^\]]*)\s*$/i;
const STATUSES = ["COMPLETED", "RUNNING", "FAILED", "INTERRUPTED", "DEAD", "TIMEOUT", "QUEUED", "DAMAGED"];

/** @returns {{input: HTMLInputElement, list: HTMLElement} | null} */
function parts() {
  const input = root().querySelector("[data-filter]");
  const list = root().querySelector("#suggestions");
  const isHere = input instanceof HTMLInputElement && list instanceof HTMLElement;
  return isHere ? { input, list } : null;
}

/** @returns {string[]} the fields that the server knows */
function fields() {
  const found = root().querySelectorAll("#known-fields option");
  return [...found].map((each) => each.getAttribute("value") ?? "");
}

/** @returns {string[]} the tags of the page, as the query language writes them */
function tags() {
  const found = [...root().querySelectorAll(".tags .tag")].map((each) => each.textContent ?? "");
  return [...new Set(found)].map((tag) => (/^[\w.-]+$/.test(tag) ? tag : JSON.stringify(tag)));
}

/**
 * Return what may follow a text, the best first, and the word of it that is replaced.
 * @param {string} text up to the cursor
 */
function suggest(text) {
  const word = WORD.exec(text)?.[0] ?? "";
  const before = text.slice(0, text.length - word.length);
  const condition = VALUES.exec(before)?.[1]?.toLowerCase();
  const known = condition === "status" ? STATUSES : condition === "tags" ? tags() : fields();
  if (!word && !condition) return { word, found: [] };
  const part = word.toLowerCase();
  const scored = known
    .map((name) => ({ name, place: placeOf(name.toLowerCase().replaceAll('"', ""), part) }))
    .filter(({ name, place }) => place < Infinity && name !== word);
  scored.sort((one, other) => one.place - other.place);
  return { word, found: scored.slice(0, MOST).map(({ name }) => name) };
}

/**
 * Return how well a name continues a word: at its start, at the start of an entry, or anywhere.
 * @param {string} name
 * @param {string} word
 */
function placeOf(name, word) {
  if (name.startsWith(word)) return 0;
  if (name.includes(`.${word}`)) return 1;
  return name.includes(word) ? 2 : Infinity;
}

function update() {
  const here = parts();
  if (!here) return;
  const { input, list } = here;
  const cursor = input.selectionStart ?? input.value.length;
  const isTyping = document.activeElement === input && input.selectionEnd === cursor;
  const { found } = isTyping ? suggest(input.value.slice(0, cursor)) : { found: [] };
  list.replaceChildren(...found.map(option));
  setOpen(here, found.length > 0);
}

/**
 * @param {string} name
 * @param {number} number
 */
function option(name, number) {
  const item = document.createElement("li");
  item.id = `suggestion-${number}`;
  item.textContent = name;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", "false");
  return item;
}

/**
 * @param {{input: HTMLInputElement, list: HTMLElement}} here
 * @param {boolean} isOpen
 */
function setOpen({ input, list }, isOpen) {
  list.hidden = !isOpen;
  input.setAttribute("aria-expanded", String(isOpen));
  input.removeAttribute("aria-activedescendant");
}

/**
 * @param {{input: HTMLInputElement, list: HTMLElement}} here
 * @param {number} step
 */
function move({ input, list }, step) {
  const items = [...list.children];
  const now = items.findIndex((item) => item.getAttribute("aria-selected") === "true");
  const count = items.length + 1; // between the last and the first one, none is selected
  const next = (now + 1 + step + count) % count;
  for (const [number, item] of items.entries()) {
    item.setAttribute("aria-selected", String(number === next - 1));
  }
  if (next) input.setAttribute("aria-activedescendant", `suggestion-${next - 1}`);
  else input.removeAttribute("aria-activedescendant");
}

/**
 * Replace the word before the cursor.
 * @param {HTMLInputElement} input
 * @param {string} text
 */
function accept(input, text) {
  const cursor = input.selectionStart ?? input.value.length;
  const { word } = suggest(input.value.slice(0, cursor));
  const rest = input.value.slice(cursor);
  input.setRangeText(rest.startsWith(" ") ? text : `${text} `, cursor - word.length, cursor, "end");
  update();
}

// Before the keys of all pages, of which Escape leaves the filter.
document.addEventListener("keydown", handleKey, true);

/** @param {KeyboardEvent} event */
function handleKey(event) {
  const here = parts();
  if (!here || event.target !== here.input || here.list.hidden || event.isComposing) return;
  const selected = here.list.querySelector("[aria-selected=true]");
  if (event.key === "ArrowDown") move(here, 1);
  else if (event.key === "ArrowUp") move(here, -1);
  else if (event.key === "Escape") setOpen(here, false);
  else if (selected && (event.key === "Enter" || event.key === "Tab")) {
    accept(here.input, selected.textContent ?? "");
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

document.addEventListener("input", (event) => {
  if (event.target instanceof Element && event.target.matches("[data-filter]")) update();
});
document.addEventListener("focusout", (event) => {
  const here = parts();
  if (here && event.target === here.input) setOpen(here, false);
});
document.addEventListener("mousedown", (event) => {
  const item = event.target instanceof Element ? event.target.closest("#suggestions > li") : null;
  const here = parts();
  if (!item || !here) return;
  event.preventDefault(); // the filter retains the focus
  accept(here.input, item.textContent ?? "");
});
