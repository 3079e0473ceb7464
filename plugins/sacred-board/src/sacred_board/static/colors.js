// Colours of the theme for scripts that draw, and the button that changes the theme.

const ROOT = document.documentElement;
const DARK = window.matchMedia("(prefers-color-scheme: dark)");

/**
 * Return a colour of tokens.css as `rgb(…)`, for the current theme.
 * @param {string} name as in "--series-1"
 * @returns {string}
 */
export function readColor(name) {
  const probe = document.createElement("span");
  probe.hidden = true;
  probe.style.color = `var(${name})`;
  ROOT.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** @returns {boolean} whether the page is dark */
export function isDark() {
  const { theme } = ROOT.dataset;
  return theme ? theme === "dark" : DARK.matches;
}

/**
 * Call a function each time that the colours change.
 * @param {() => void} listener
 */
export function onColorsChange(listener) {
  window.addEventListener("board:colors", listener);
}

/** @param {boolean} dark */
function setTheme(dark) {
  // The system's own theme needs no attribute; the page then follows its changes.
  const theme = dark === DARK.matches ? "" : dark ? "dark" : "light";
  if (theme) ROOT.dataset.theme = theme;
  else delete ROOT.dataset.theme;
  // The server writes the attribute into the next page, so that it is never drawn in the other theme.
  const age = theme ? 365 * 24 * 3600 : 0;
  document.cookie = `board-theme=${theme}; path=/; max-age=${age}; samesite=strict`;
  window.dispatchEvent(new Event("board:colors"));
}

DARK.addEventListener("change", () => window.dispatchEvent(new Event("board:colors")));
for (const button of document.querySelectorAll("[data-theme-button]")) {
  button.addEventListener("click", () => setTheme(!isDark()));
}
