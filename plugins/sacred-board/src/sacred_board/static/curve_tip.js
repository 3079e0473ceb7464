// The values under the cursor: dots on the curves of all charts, and a table in one of them.

import { keyOf, nearestIndex, shownValues } from "./curve_data.js";
import { numberText, placeText } from "./curve_text.js";

/** @typedef {import("./curve_data.js").Curve} Curve */
/** @typedef {import("./curve_chart.js").ChartState} ChartState */
/** @typedef {{key: string, x: number, y: number, top: number, text: string}} Value */

/** Charts with the same cursor. */
export const SYNC = "curves";
const COLORS = 8;
const GAP = 14;
const MOST_ROWS = 20;

export class CurveTip {
  /**
   * @param {HTMLElement} area of the chart
   * @param {ChartState} state
   */
  constructor(area, state) {
    this.area = area;
    this.state = state;
    /** @type {Curve[]} */
    this.curves = [];
    /** @type {uPlot | null} */
    this.plot = null;
    this.table = document.createElement("div");
    this.table.className = "curve-tip";
    this.table.hidden = true;
    area.append(this.table);
    /** @type {HTMLElement[]} */
    this.dots = [];
  }

  /**
   * Show the values of a new plot.
   * @param {uPlot} plot
   * @param {Curve[]} curves
   */
  attach(plot, curves) {
    this.plot = plot;
    this.curves = curves;
    this.dots = [];
    this.table.hidden = true;
    plot.hooks.setCursor = [() => this.update()];
  }

  /**
   * Return the value of each visible curve at the cursor.
   * @param {uPlot} plot
   * @param {number} left
   * @returns {Value[]}
   */
  values(plot, left) {
    const at = plot.posToVal(left, "x");
    /** @type {Value[]} */
    const values = [];
    for (const curve of this.curves) {
      const key = keyOf(curve);
      const index = nearestIndex(curve.x, at);
      if (index < 0 || this.state.hidden.has(key)) continue;
      const y = shownValues(curve)[index];
      const x = curve.x[index];
      const isFar = Math.abs(plot.valToPos(x, "x") - left) > plot.over.clientWidth / 8;
      if (y === null || isFar) continue;
      values.push({ key, x, y, top: plot.valToPos(y, "y"), text: valueText(curve, index) });
    }
    return values;
  }

  /** Show dots and, in the chart that has the pointer or the focus, the table. */
  update() {
    const { plot } = this;
    if (!plot) return;
    const { left = -1, top = -1 } = plot.cursor;
    const values = left < 0 ? [] : this.values(plot, left);
    this.showDots(plot, values);
    const isActive = this.area.matches(":hover") || document.activeElement === this.area;
    this.table.hidden = !isActive || !values.length;
    // Values are read aloud where keys, not the pointer, move the cursor.
    this.table.setAttribute("aria-live", this.area.matches(":hover") ? "off" : "polite");
    if (!this.table.hidden) this.showTable(plot, values, left, top);
  }

  /**
   * @param {uPlot} plot
   * @param {Value[]} values
   */
  showDots(plot, values) {
    while (this.dots.length < values.length) {
      const dot = document.createElement("i");
      plot.over.append(dot);
      this.dots.push(dot);
    }
    this.dots.forEach((dot, index) => {
      const value = values[index];
      dot.hidden = !value || value.top < 0 || value.top > plot.over.clientHeight;
      if (!value) return;
      dot.className = `curve-dot ${this.series(value.key)}`;
      dot.style.transform = `translate(${plot.valToPos(value.x, "x")}px, ${value.top}px)`;
    });
  }

  /**
   * @param {uPlot} plot
   * @param {Value[]} values
   * @param {number} left
   * @param {number} top
   */
  showTable(plot, values, left, top) {
    const near = values.reduce((best, value) =>
      Math.abs(value.top - top) < Math.abs(best.top - top) ? value : best);
    const place = document.createElement("span");
    place.className = "tip-x";
    place.textContent = placeText(this.state.axis, near.x);
    const sorted = [...values].sort((one, other) => other.y - one.y);
    const rows = sorted.slice(0, MOST_ROWS).flatMap((value) => this.row(value, value === near));
    this.table.replaceChildren(place, ...rows);
    const { offsetLeft, clientWidth, clientHeight } = plot.over;
    const { offsetWidth, offsetHeight } = this.table;
    const isRight = left + GAP + offsetWidth > clientWidth;
    const x = isRight ? left - GAP - offsetWidth : left + GAP;
    const y = Math.min(Math.max(top - offsetHeight / 2, 0), Math.max(clientHeight - offsetHeight, 0));
    this.table.style.left = `${Math.max(x + offsetLeft, 0)}px`;
    this.table.style.top = `${y}px`;
  }

  /**
   * @param {Value} value
   * @param {boolean} isNear
   */
  row(value, isNear) {
    const swatch = document.createElement("span");
    swatch.className = `swatch ${this.series(value.key)}`;
    const label = document.createElement("span");
    label.className = `cut${isNear ? " is-near" : ""}`;
    label.textContent = this.state.entries.get(value.key)?.label ?? value.key;
    const text = document.createElement("span");
    text.className = `tip-value${isNear ? " is-near" : ""}`;
    text.textContent = value.text;
    return [swatch, label, text];
  }

  /**
   * Move the cursor to the next point of the longest curve.
   * @param {-1 | 1} direction
   * @param {boolean} isFast by ten points
   */
  step(direction, isFast) {
    const { plot } = this;
    const visible = this.curves.filter((curve) => !this.state.hidden.has(keyOf(curve)));
    if (!plot || !visible.length) return;
    const { x } = visible.reduce((best, curve) => (curve.x.length > best.x.length ? curve : best));
    const { left = -1 } = plot.cursor;
    const { min = 0, max = 0 } = plot.scales.x;
    let index = direction > 0 ? nearestIndex(x, min) : nearestIndex(x, max);
    if (left >= 0) index = nearestIndex(x, plot.posToVal(left, "x")) + direction * (isFast ? 10 : 1);
    index = Math.min(Math.max(index, 0), x.length - 1);
    if (x[index] < min || x[index] > max) return;
    this.move(plot.valToPos(x[index], "x"), Math.max(plot.cursor.top ?? 0, 0));
  }

  /**
   * Move the cursor, that of the other charts too.
   * @param {number} left
   * @param {number} top
   */
  move(left, top) {
    const { plot } = this;
    if (!plot) return;
    const { clientWidth, clientHeight } = plot.over;
    plot.setCursor({ left, top });
    uPlot.sync(SYNC).pub("mousemove", plot, left, top, clientWidth, clientHeight, 0);
  }

  /**
   * @param {string} key
   * @returns {string} the classes of the colour and the dashes
   */
  series(key) {
    const slot = this.state.entries.get(key)?.slot ?? 0;
    return `series-${(slot % COLORS) + 1} is-dashed-${Math.floor(slot / COLORS)}`;
  }
}

/**
 * Return a value with what belongs to it: the raw range, or the interval of a mean.
 * @param {Curve} curve
 * @param {number} index
 */
function valueText(curve, index) {
  const value = numberText(/** @type {number} */ (shownValues(curve)[index]));
  const [low, high] = [curve.low?.[index] ?? null, curve.high?.[index] ?? null];
  if (curve.count) {
    const half = low === null || high === null ? "" : ` ±${numberText((high - low) / 2, 2)}`;
    return `${value}${half} (${curve.count[index]})`;
  }
  if (low !== null && high !== null && low < high) {
    return `${value} (${numberText(low, 4)} … ${numberText(high, 4)})`;
  }
  const raw = curve.y[index];
  return curve.smooth && raw !== null ? `${value} (${numberText(raw)})` : value;
}
