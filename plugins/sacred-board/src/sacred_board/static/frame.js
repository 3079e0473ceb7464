// Keys and menus of all pages.

import "./colors.js";

const TYPING = "input:not([type=checkbox], [type=radio], [type=range]), textarea, select";

/** @type {Record<string, () => void>} */
const ACTIONS = {
  "/": focusFilter,
  "j": () => moveRow(1),
  "k": () => moveRow(-1),
  "x": selectRow,
  "[": () => moveTab(-1),
  "]": () => moveTab(1),
  "u": () => find(".brand")?.click(),
  "t": () => find("[data-theme-button]")?.click(),
  "?": () => find("#keys")?.togglePopover(),
};

/**
 * @param {string} selector
 * @param {ParentNode} parent
 * @returns {HTMLElement | null}
 */
function find(selector, parent = document) {
  return parent.querySelector(selector);
}

function focusFilter() {
  const filter = find("[data-filter]");
  if (!(filter instanceof HTMLInputElement)) return;
  filter.focus();
  filter.select();
}

/** @returns {HTMLElement[]} the links of rows, in their order */
function rowLinks() {
  return [...document.querySelectorAll("tr[data-row]")].flatMap((row) => find("a", row) ?? []);
}

/** @param {number} step */
function moveRow(step) {
  const links = rowLinks();
  const row = document.activeElement?.closest("tr[data-row]");
  const now = links.findIndex((link) => link.closest("tr") === row);
  const next = now < 0 ? (step > 0 ? 0 : links.length - 1) : now + step;
  links[next]?.focus();
}

function selectRow() {
  const row = document.activeElement?.closest("tr[data-row]");
  if (row) find("input[type=checkbox]", row)?.click();
}

/** @param {number} step */
function moveTab(step) {
  const tabs = [...document.querySelectorAll(".tabs > a")];
  const now = tabs.findIndex((tab) => tab.hasAttribute("aria-current"));
  const next = tabs[now + step];
  if (next instanceof HTMLElement) next.click();
}

/** @param {EventTarget | null} kept the menu that stays open */
function closeMenus(kept = null) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!(kept instanceof Node && menu.contains(kept))) menu.removeAttribute("open");
  }
}

document.addEventListener("keydown", (event) => {
  const target = event.target instanceof Element ? event.target : null;
  if (event.key === "Escape") {
    if (target instanceof HTMLElement && target.matches(TYPING)) target.blur();
    closeMenus();
    return;
  }
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (target?.matches(TYPING) || (target instanceof HTMLElement && target.isContentEditable)) return;
  const action = ACTIONS[event.key];
  if (!action) return;
  event.preventDefault();
  action();
});
document.addEventListener("click", (event) => closeMenus(event.target));

// A button that copies the text of an element.
document.addEventListener("click", async ({ target }) => {
  const button = target instanceof Element ? target.closest("[data-copy]") : null;
  if (!button) return;
  await navigator.clipboard.writeText(button.getAttribute("data-copy") ?? "");
  button.setAttribute("data-copied", "");
  setTimeout(() => button.removeAttribute("data-copied"), 1500);
});
