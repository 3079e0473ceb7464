// The output of a run in a box that shows its end until the user scrolls up.

import { updatedOutput } from "./live.js";
import { renderOutput } from "./terminal.js";

/** @typedef {import("./live.js").NewOutput} NewOutput */

/** Pixels from the end at which it counts as reached. */
const NEAR = 24;
/** Characters of an output that grows which stay on the page. */
const MOST_CHARACTERS = 4_000_000;

/** @param {HTMLElement} output */
const isAtEnd = (output) => output.scrollHeight - output.scrollTop - output.clientHeight < NEAR;

/** @param {HTMLElement} output */
function scrollToEnd(output) {
  output.scrollTop = output.scrollHeight;
}

/** @returns {HTMLInputElement | null} the switch of the output */
function findSwitch() {
  const found = document.querySelector("[data-follow]");
  return found instanceof HTMLInputElement ? found : null;
}

/**
 * Show the end of an output until the user scrolls up or uses the switch.
 * @param {HTMLElement} output
 */
export function followEnd(output) {
  const box = findSwitch();
  scrollToEnd(output);
  output.addEventListener("scroll", () => {
    if (box) box.checked = isAtEnd(output);
  });
  box?.addEventListener("change", () => {
    if (box.checked) scrollToEnd(output);
  });
}

/**
 * Show what a run printed. The last lines are an element with the text from which they were made,
 * because what follows may overwrite them.
 * @param {HTMLElement} output
 * @param {NewOutput} update
 */
export function showOutput(output, update) {
  const tail = output.querySelector("[data-tail]");
  if (!(tail instanceof HTMLElement)) return;
  const isFollowing = findSwitch()?.checked ?? isAtEnd(output);
  const start = Number(tail.dataset.start);
  let text = "";
  let first = start;
  if (update.start >= start) {
    text = updatedOutput(JSON.parse(tail.dataset.text ?? '""'), update, start);
  } else if (update.start) { // the page shows less of the last lines, or has read them already
    text = Array.from(update.text).slice(start - update.start).join("");
  } else { // all of it was rewritten
    output.replaceChildren(tail);
    tail.dataset.style = "";
    text = update.text;
    first = 0;
  }
  // Lines before the place to which the next update may go back do not change any more.
  const end = Number.parseInt(update.position, 10);
  if (end > first) {
    const done = Array.from(text).slice(0, end - first).join("");
    const { content, style } = renderOutput(done, tail.dataset.style);
    tail.before(content);
    tail.dataset.style = style;
    text = text.slice(done.length);
    first = end;
  }
  tail.dataset.start = String(first);
  tail.dataset.text = JSON.stringify(text);
  tail.replaceChildren(renderOutput(text, tail.dataset.style).content);
  dropStart(output);
  if (isFollowing) scrollToEnd(output);
}

/** @param {HTMLElement} output */
function dropStart(output) {
  let length = output.textContent?.length ?? 0;
  if (length <= MOST_CHARACTERS) return;
  while (length > MOST_CHARACTERS / 2 && output.childNodes.length > 1) {
    length -= output.firstChild?.textContent?.length ?? 0;
    output.firstChild?.remove();
  }
}
