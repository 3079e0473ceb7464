// What a run printed, as elements: the rules are those of terminal_output.py, which renders the
// page. tests/terminal_cases.json has examples for both.

const ESCAPE = String.raw`\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]`;
const CONTROL = new RegExp(`(${ESCAPE}|[\r\b])`);
const COLOUR = /^\x1b\[([0-9;:]{0,60})m$/;
const UNSAFE = /[\x00-\x08\x0a-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
/** @type {Record<string, string>} */
const SHORT = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };
/** @type {Record<number, string>} */
const FLAGS = { 1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "inverse", 9: "strike" };
/** @type {Record<number, string[]>} */
const ENDS = {
  22: ["bold", "dim"], 23: ["italic"], 24: ["underline"], 27: ["inverse"], 29: ["strike"],
  39: ["fg"], 49: ["bg"],
};
const PALETTE = [
  [0, 0, 0], [205, 0, 0], [0, 205, 0], [205, 205, 0], [0, 0, 238], [205, 0, 205], [0, 205, 205],
  [229, 229, 229], [127, 127, 127], [255, 0, 0], [0, 255, 0], [255, 255, 0], [92, 92, 255],
  [255, 0, 255], [0, 255, 255], [255, 255, 255],
];
const LEVELS = [0, 95, 135, 175, 215, 255];

/**
 * A style is the classes of an element: "ansi-bold ansi-fg-1", sorted by what they are about.
 * @typedef {string} Style
 * @typedef {[text: string, style: Style]} Piece
 */

/**
 * Render output from the start of a line.
 * @param {string} text
 * @param {Style} [style] at the start
 * @returns {{content: DocumentFragment, style: Style}} and the style at the end
 */
export function renderOutput(text, style = "") {
  const content = document.createDocumentFragment();
  text.replaceAll("\r\n", "\n").split("\n").forEach((line, number) => {
    if (number) content.append("\n");
    const found = piecesOf(line, style);
    style = found.style;
    for (const [part, classes] of found.pieces) content.append(elementOf(part, classes));
  });
  content.normalize();
  return { content, style };
}

/**
 * @param {string} line
 * @param {Style} style
 * @returns {{pieces: Piece[], style: Style}}
 */
function piecesOf(line, style) {
  const parts = line.split(CONTROL);
  if (parts.includes("\r") || parts.includes("\b")) return overwritten(parts, style);
  /** @type {Piece[]} */
  const pieces = [];
  parts.forEach((part, number) => {
    if (number % 2) style = after(style, part);
    else if (part) pieces.push([part, style]);
  });
  return { pieces, style };
}

/**
 * @param {string[]} parts
 * @param {Style} style
 * @returns {{pieces: Piece[], style: Style}}
 */
function overwritten(parts, style) {
  /** @type {Piece[]} */
  const cells = [];
  let column = 0;
  for (const part of parts) {
    if (part === "\r") column = 0;
    else if (part === "\b") column = Math.max(column - 1, 0);
    else if (part === "\x1b[K" || part === "\x1b[0K") cells.splice(column);
    else if (part === "\x1b[2K") cells.splice(0, Infinity, ...Array(column).fill([" ", ""]));
    else if (part.startsWith("\x1b")) style = after(style, part);
    else for (const each of part) cells[column++] = [each, style];
  }
  return { pieces: joined(cells), style };
}

/**
 * @param {Piece[]} cells
 * @returns {Piece[]}
 */
function joined(cells) {
  /** @type {Piece[]} */
  const pieces = [];
  for (const [text, style] of cells) {
    const last = pieces.at(-1);
    if (last && last[1] === style) last[0] += text;
    else pieces.push([text, style]);
  }
  return pieces;
}

/**
 * @param {string} text
 * @param {Style} style
 * @returns {Node}
 */
function elementOf(text, style) {
  const shown = document.createTextNode(text.replace(UNSAFE, escapeOf));
  if (!style) return shown;
  const element = document.createElement("span");
  element.className = style;
  element.append(shown);
  return element;
}

/** @param {string} character */
function escapeOf(character) {
  const code = character.charCodeAt(0);
  const digits = code.toString(16);
  return SHORT[character] ?? (code < 256 ? `\\x${digits.padStart(2, "0")}` : `\\u${digits.padStart(4, "0")}`);
}

/**
 * @param {Style} style
 * @param {string} escape
 * @returns {Style}
 */
function after(style, escape) {
  const numbers = COLOUR.exec(escape)?.[1];
  if (numbers === undefined) return style;
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const name of style.split(" ").filter(Boolean)) {
    const short = name.slice("ansi-".length);
    found.set(/^[fb]g-/.test(short) ? short.slice(0, 2) : short, short);
  }
  const codes = numbers.split(/[;:]/).map(Number);
  while (codes.length) {
    const code = codes.shift() ?? 0;
    if (code === 0) found.clear();
    else if (FLAGS[code]) found.set(FLAGS[code], FLAGS[code]);
    else if (ENDS[code]) ENDS[code].forEach((name) => found.delete(name));
    else setColour(found, code, codes);
  }
  return [...found].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, name]) => `ansi-${name}`).join(" ");
}

/**
 * @param {Map<string, string>} found
 * @param {number} code
 * @param {number[]} codes the further numbers of the colour are taken from it
 */
function setColour(found, code, codes) {
  for (const [first, kind] of /** @type {[number, string][]} */ ([[30, "fg"], [40, "bg"]])) {
    let number = null;
    if (code >= first && code < first + 8) number = code - first;
    else if (code >= first + 60 && code < first + 68) number = code - first - 52;
    else if (code === first + 8) number = extended(codes);
    if (number !== null) found.set(kind, `${kind}-${number}`);
  }
}

/**
 * @param {number[]} codes
 * @returns {number | null} the nearest of the sixteen colours
 */
function extended(codes) {
  const kind = codes.shift();
  if (kind === 2) return nearest([codes.shift() ?? 0, codes.shift() ?? 0, codes.shift() ?? 0]);
  if (kind !== 5) return null;
  const number = codes.shift() ?? 0;
  if (number < 16) return number;
  if (number > 231) return nearest(Array(3).fill(8 + 10 * (number - 232)));
  const rest = number - 16;
  return nearest([Math.floor(rest / 36), Math.floor(rest / 6), rest].map((each) => LEVELS[each % 6]));
}

/** @param {number[]} colour */
function nearest(colour) {
  const distances = PALETTE.map((own) => own.reduce((sum, each, place) => sum + (each - colour[place]) ** 2, 0));
  return distances.indexOf(Math.min(...distances));
}
