// The output of a run in a box that shows its end until the user scrolls up.

import { appendOutput } from "./terminal.js";

/** Pixels from the end at which it counts as reached. */
const NEAR = 24;
/** Characters that a page keeps of an output that grows. */
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
 * Show the end of an output, and keep to it until the user scrolls up or uses the switch.
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
 * Append what a run printed.
 * @param {HTMLElement} output
 * @param {string} text
 */
export function addOutput(output, text) {
  const isFollowing = findSwitch()?.checked ?? isAtEnd(output);
  appendOutput(output, text);
  output.dataset.length = String(Number(output.dataset.length) + [...text].length);
  if ((output.textContent?.length ?? 0) > MOST_CHARACTERS) dropStart(output);
  if (isFollowing) scrollToEnd(output);
}

/** @param {HTMLElement} output */
function dropStart(output) {
  let rest = (output.textContent?.length ?? 0) - MOST_CHARACTERS / 2;
  while (rest > 0 && output.childNodes.length > 1) {
    rest -= output.firstChild?.textContent?.length ?? 0;
    output.firstChild?.remove();
  }
}
