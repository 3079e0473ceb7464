// The page of a run: filters of entries, the end of the output, and what is new.

import { followEnd } from "./run_output.js";

/** @param {string} text */
const plain = (text) => text.toLowerCase();

/**
 * Show only the rows of a panel that contain what was typed, and the groups that contain them.
 * @param {Element} panel
 */
function filterRows(panel) {
  const box = panel.querySelector("[data-filter-rows]");
  const words = box instanceof HTMLInputElement ? plain(box.value).split(/\s+/).filter(Boolean) : [];
  const marked = panel.querySelector("[data-only-marked]");
  const isMarkedOnly = marked instanceof HTMLInputElement && marked.checked;
  /** @type {string[]} */
  const paths = [];
  for (const row of panel.querySelectorAll("[data-path]")) {
    const text = plain(`${row.getAttribute("data-path")} ${row.textContent}`);
    const isShown = words.every((word) => text.includes(word)) && (!isMarkedOnly || row.matches("[class]"));
    row.toggleAttribute("hidden", !isShown);
    if (isShown) paths.push(row.getAttribute("data-path") ?? "");
  }
  for (const group of panel.querySelectorAll("[data-group]")) {
    const start = `${group.getAttribute("data-group")}.`;
    group.toggleAttribute("hidden", !paths.some((path) => path.startsWith(start)));
  }
}

const CONTROLS = "[data-filter-rows], [data-only-marked]";

document.addEventListener("input", ({ target }) => {
  const panel = target instanceof Element && target.matches(CONTROLS) ? target.closest(".panel") : null;
  if (panel) filterRows(panel);
});
for (const control of document.querySelectorAll(CONTROLS)) {
  const panel = control.closest(".panel");
  if (panel) filterRows(panel); // a browser may restore what was typed
}

for (const output of document.querySelectorAll("[data-output]")) {
  if (output instanceof HTMLElement) followEnd(output);
}

// On a narrow screen the tabs scroll.
document.querySelector(".tabs > [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

const run = document.querySelector("[data-run]");
if (run instanceof HTMLElement) {
  const { showChanges, showDeletion, showRecord } = await import("./run_live.js");
  showDeletion(run);
  if (run.hasAttribute("data-live")) showChanges(run);
  else showRecord(run);
}
