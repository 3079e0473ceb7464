// The page of runs: other views without loading the whole page, selected runs, and changes.

import "./runs_live.js";
import "./runs_selection.js";
import "./runs_suggest.js";
import { onSwap, root } from "./runs_swap.js";

/** The keys that press a button of the selection. */
document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  const target = event.target instanceof Element ? event.target : null;
  if (target?.matches("input:not([type=checkbox]), textarea, select")) return;
  const button = root().querySelector(`#selection button[data-key="${CSS.escape(event.key)}"]`);
  if (!(button instanceof HTMLButtonElement)) return;
  event.preventDefault();
  button.click();
});

// Fields of the menu of columns that contain what the user writes.
document.addEventListener("input", (event) => {
  const input = event.target;
  if (!(input instanceof HTMLInputElement) || !input.matches("[data-find-field]")) return;
  const words = input.value.toLowerCase().split(/\s+/);
  for (const group of root().querySelectorAll(".field-groups fieldset")) {
    let count = 0;
    for (const label of group.querySelectorAll("label")) {
      const text = `${label.title} ${label.textContent}`.toLowerCase();
      label.hidden = !words.every((word) => text.includes(word));
      count += label.hidden ? 0 : 1;
    }
    if (group instanceof HTMLElement) group.hidden = count === 0;
  }
});

// Where a query is wrong, the cursor of the filter is.
onSwap(() => {
  const error = root().querySelector("#where-error[data-position]");
  const filter = root().querySelector("[data-filter]");
  if (!(error instanceof HTMLElement) || !(filter instanceof HTMLInputElement)) return;
  const position = Number(error.dataset.position);
  filter.focus();
  filter.setSelectionRange(position, position);
});
