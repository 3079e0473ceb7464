// The banners of each page: locations that cannot be reached, and a board that has ended.

import {onState} from "./changes.js";

/** Milliseconds for which an interruption is not reported, such as that of a page being left. */
const SHORT = 1500;

/** @type {import("./changes.js").State} */
let state = {connection: "starting", outages: {}};
let changedAt = 0;

/**
 * @param {string} name of an attribute
 * @param {string} value
 * @returns {HTMLElement | null}
 */
function find(name, value) {
  return document.querySelector(`[${name}="${CSS.escape(value)}"]`);
}

/**
 * Change a text only if it differs: screen readers read what changes.
 * @param {ParentNode} parent
 * @param {string} selector
 * @param {string} text
 */
function setText(parent, selector, text) {
  const element = parent.querySelector(selector);
  if (element && element.textContent !== text) element.textContent = text;
}

/**
 * @param {string} slug
 * @param {import("./changes.js").Outage} outage
 */
function showOutage(slug, outage) {
  let banner = find("data-away", slug);
  if (!banner) {
    const template = /** @type {HTMLTemplateElement} */ (document.getElementById("away-banner"));
    const copy = /** @type {DocumentFragment} */ (template.content.cloneNode(true));
    banner = /** @type {HTMLElement} */ (copy.querySelector("[data-away]"));
    banner.setAttribute("data-away", slug);
    setText(banner, "[data-name]", find("data-location", slug)?.title || slug);
    document.getElementById("banners")?.append(copy);
  }
  setText(banner, "[data-reason]", outage.reason);
  const seconds = Math.ceil((outage.retryAt - Date.now()) / 1000);
  const next = seconds > 0 ? `The next attempt is in ${seconds} s. ` : "It is being tried again. ";
  setText(banner, "[data-retry]", next);
}

/** Show the banner about the board itself, or remove it. */
function showConnection() {
  const isInterrupted = state.connection === "waiting" && Date.now() - changedAt > SHORT;
  let banner = document.querySelector("[data-board-banner]");
  if (state.connection !== "stopped" && !isInterrupted) {
    banner?.remove();
    return;
  }
  if (!banner) {
    banner = document.createElement("div");
    banner.className = "banner is-error";
    banner.setAttribute("data-board-banner", "");
    banner.append(document.createElement("strong"), " ", document.createElement("span"));
    document.getElementById("banners")?.prepend(banner);
  }
  const isStopped = state.connection === "stopped";
  setText(banner, "strong", isStopped ? "The board was stopped." : "The board does not answer.");
  setText(banner, "span", isStopped
    ? "Start it again at the same address to continue here."
    : "This page is updated when it answers again.");
}

function update() {
  for (const [slug, outage] of Object.entries(state.outages)) showOutage(slug, outage);
  for (const banner of document.querySelectorAll("#banners [data-away]")) {
    if (!((banner.getAttribute("data-away") ?? "") in state.outages)) banner.remove();
  }
  for (const location of document.querySelectorAll("[data-location]")) {
    const slug = location.getAttribute("data-location") ?? "";
    location.classList.toggle("is-away", slug in state.outages);
  }
  showConnection();
}

onState((changed) => {
  if (changed.connection !== state.connection) changedAt = Date.now();
  state = changed;
  // Until the stream is open, the banners that the server made stay.
  if (changed.connection !== "starting") update();
});
setInterval(() => state.connection !== "starting" && update(), 1000);
