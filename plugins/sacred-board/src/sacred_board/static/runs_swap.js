// Shows another view of the page of runs without loading the whole page.

/** @type {Array<() => void>} */
const listeners = [];
/** @type {AbortController | null} */
let running = null;

/** @returns {HTMLElement} the part of the page that is replaced */
export function root() {
  const found = document.getElementById("runs");
  if (!found) throw new Error("the page has no element #runs");
  return found;
}

/**
 * Call a function now, and each time after the part was replaced.
 * @param {() => void} listener
 */
export function onSwap(listener) {
  listeners.push(listener);
  listener();
}

/**
 * Return the part as the server renders it at an address, or null if it is another page.
 * @param {string} address
 * @param {AbortSignal} [signal]
 * @returns {Promise<HTMLElement | null>}
 */
export async function fetchPart(address, signal) {
  const response = await fetch(address, { headers: { "Board-Part": "runs" }, signal });
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  document.title = page.title || document.title;
  return page.getElementById("runs");
}

/**
 * Replace the part by another one. The focus, the place of the table, and what the user is writing
 * into the filter stay.
 * @param {HTMLElement} part
 */
export function replacePart(part) {
  const old = root();
  const focus = pathOf(document.activeElement, old);
  const cursor = cursorOf(document.activeElement);
  const text = writtenText(document.activeElement);
  const table = old.querySelector(".table-wrap");
  const [left, top] = [table?.scrollLeft ?? 0, table?.scrollTop ?? 0];
  const next = document.importNode(part, true);
  old.replaceWith(next);
  next.querySelector(".table-wrap")?.scrollTo(left, top);
  const target = focus ? next.querySelector(focus) : null;
  if (target instanceof HTMLElement) target.focus({ preventScroll: true });
  if (target instanceof HTMLInputElement && text !== null) target.value = text;
  if (target instanceof HTMLInputElement && cursor) target.setSelectionRange(...cursor);
  for (const listener of listeners) listener();
}

/**
 * Show an address.
 * @param {string} address
 * @param {boolean} [isNew] whether the history of the browser gets an entry
 */
export async function show(address, isNew = true) {
  running?.abort();
  const own = (running = new AbortController());
  root().setAttribute("aria-busy", "true");
  try {
    const part = await fetchPart(address, own.signal);
    if (!part) {
      location.assign(address);
      return;
    }
    // The address of a wrong query is not one to come back to.
    if (isNew && !part.querySelector(".query-error")) history.pushState(null, "", lasting(address));
    replacePart(part);
  } catch (error) {
    if (own.signal.aborted) return;
    location.assign(address); // the browser shows why the board does not answer
  } finally {
    if (running === own) root().removeAttribute("aria-busy");
  }
}

/**
 * Return an address without the query that replaces a wrong one.
 * @param {string} address
 */
function lasting(address) {
  const url = new URL(address, location.href);
  url.searchParams.delete("last");
  return url.href;
}

/**
 * Return the text of the filter if the user changed it.
 * @param {Element | null} element
 * @returns {string | null}
 */
function writtenText(element) {
  if (!(element instanceof HTMLInputElement) || !element.matches("[data-filter]")) return null;
  return element.value === element.defaultValue ? null : element.value;
}

/**
 * Return where the cursor of a field of text is.
 * @param {Element | null} element
 * @returns {[number, number] | null}
 */
function cursorOf(element) {
  if (!(element instanceof HTMLInputElement) || !/^(text|search)$/.test(element.type)) return null;
  return [element.selectionStart ?? 0, element.selectionEnd ?? 0];
}

/**
 * Return a selector of an element in the part, which finds the same element after a swap.
 * @param {Element | null} element
 * @param {Element} part
 */
function pathOf(element, part) {
  if (!element || element === part || !part.contains(element)) return "";
  if (element.matches("[data-filter]")) return "[data-filter]";
  const row = element.closest("tr[data-row]");
  if (row) {
    const key = CSS.escape(row.getAttribute("data-row") ?? "");
    const tag = element.localName;
    return `tr[data-row="${key}"] ${tag}`;
  }
  const steps = [];
  for (let each = element; each !== part; each = /** @type {Element} */ (each.parentElement)) {
    const siblings = [.../** @type {Element} */ (each.parentElement).children];
    steps.unshift(`${each.localName}:nth-child(${siblings.indexOf(each) + 1})`);
  }
  return `#runs > ${steps.join(" > ")}`;
}

/**
 * Return the address of a form, without empty fields.
 * @param {HTMLFormElement} form
 */
function formAddress(form) {
  const pairs = [...new FormData(form)].filter(([name, value]) => value !== "" && name !== "last");
  const query = new URLSearchParams(pairs.map(([name, value]) => [name, String(value)]));
  return `?${query}`;
}

document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a[data-swap]") : null;
  if (!(link instanceof HTMLAnchorElement) || event.defaultPrevented) return;
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  void show(link.href);
});
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.matches("[data-swap]")) return;
  event.preventDefault();
  const last = form.querySelector("[data-last]");
  const address = formAddress(form);
  // While a query is wrong, the runs of the last one stay.
  const isFilter = last instanceof HTMLInputElement && last.value !== "";
  void show(isFilter ? `${address}&last=${encodeURIComponent(last.value)}` : address);
});
window.addEventListener("popstate", () => void show(location.href, false));
