// One chart: the curves of a metric, drawn with uPlot.

import { readColor } from "./colors.js";
import { LEFT, makeAxes } from "./curve_axes.js";
import { keyOf, xRange, yRange } from "./curve_data.js";
import { bandPath, rawPath, smoothPath } from "./curve_paths.js";
import { CurveTip, SYNC } from "./curve_tip.js";

/** @typedef {import("./curve_data.js").Curve} Curve */
/** @typedef {[number, number]} Window */

/**
 * What all charts of a page show.
 * @typedef {object} ChartState
 * @property {"step" | "time" | "relative"} axis
 * @property {boolean} isLogX
 * @property {boolean} isLogY
 * @property {Window | null} window
 * @property {Set<string>} hidden keys of curves
 * @property {string | null} highlight key of a curve
 * @property {Map<string, {label: string, slot: number}>} entries of the legend, by key
 * @property {(window: Window | null) => void} zoom
 */

/** @typedef {{key: string, opacity: number, paths: uPlot.Series.PathBuilder, isArea?: boolean, isDashed?: boolean}} Line */

const COLORS = 8;
const DASHES = [[], [8, 4], [2, 3]];
const RAW_OPACITY = 0.35;
const BAND_OPACITY = 0.18;
const DIMMED = 0.12;
const MARGIN = 0.04;

/**
 * @param {string} color as in "rgb(1, 2, 3)"
 * @param {number} opacity
 */
function faded(color, opacity) {
  const parts = color.match(/[\d.]+/g) ?? [];
  return opacity < 1 ? `rgb(${parts.slice(0, 3).join(" ")} / ${opacity})` : color;
}

export class CurveChart {
  /**
   * @param {HTMLElement} area is emptied
   * @param {ChartState} state
   */
  constructor(area, state) {
    this.area = area;
    this.state = state;
    /** @type {Curve[]} */
    this.curves = [];
    /** @type {uPlot | null} */
    this.plot = null;
    /** @type {string[]} */
    this.colors = [];
    /** @type {Record<string, string>} */
    this.frame = {};
    this.tip = new CurveTip(area, state);
    new ResizeObserver(() => this.resize()).observe(area);
    area.tabIndex = 0;
    area.setAttribute("role", "group");
    area.addEventListener("keydown", (event) => this.handleKey(event));
    area.addEventListener("blur", () => this.tip.move(-10, -10));
  }

  /** Width of the plot in pixels of the screen. */
  get pixels() {
    return Math.max(16, Math.round((this.area.clientWidth - LEFT - 12) * devicePixelRatio));
  }

  /**
   * Draw curves instead of those before.
   * @param {Curve[]} curves
   */
  draw(curves) {
    this.curves = curves;
    this.readColors();
    this.plot?.destroy();
    this.area.querySelectorAll(":scope > :not(.curve-tip)").forEach((each) => each.remove());
    const range = this.xLimits();
    if (!range) {
      this.plot = null;
      this.area.append(emptyNote());
      return;
    }
    const none = [null, null];
    /** @type {uPlot.AlignedData} */
    const data = [[...range], ...this.lines().map(() => none)];
    this.plot = new uPlot(this.options(), data, this.area);
    this.tip.attach(this.plot, this.curves);
  }

  /** Draw again, after a change of colours, of the range, of hidden curves or of their points. */
  redraw() {
    if (!this.plot) return;
    this.readColors();
    this.lines().forEach(({ key }, index) => {
      const isShown = !this.state.hidden.has(key);
      const series = this.plot?.series[index + 1];
      if (series && series.show !== isShown) this.plot?.setSeries(index + 1, { show: isShown });
    });
    this.plot.setScale("x", this.limits());
  }

  resize() {
    const { clientWidth, clientHeight } = this.area;
    if (!this.plot || !clientWidth) return;
    if (this.plot.width === clientWidth && this.plot.height === clientHeight) return;
    this.plot.setSize({ width: clientWidth, height: clientHeight });
  }

  /** @returns {Curve[]} those that are not hidden */
  visible() {
    return this.curves.filter((curve) => !this.state.hidden.has(keyOf(curve)));
  }

  /** @returns {Window | null} the x axis, null without a point */
  xLimits() {
    const range = xRange(this.visible()) ?? xRange(this.curves);
    if (!range) return null;
    const { window, isLogX } = this.state;
    if (window) return isLogX && window[0] <= 0 ? [Math.max(range[0], 1e-9), window[1]] : window;
    if (range[0] < range[1]) return range;
    const distance = Math.abs(range[0]) / 10 || 1;
    return isLogX ? [range[0] / 2, range[0] * 2] : [range[0] - distance, range[0] + distance];
  }

  limits() {
    const [min, max] = this.xLimits() ?? [0, 1];
    return { min, max };
  }

  /** @returns {Window} the y axis */
  yLimits() {
    const [from, to] = this.xLimits() ?? [0, 1];
    const { isLogY } = this.state;
    const range = yRange(this.visible(), from, to, isLogY);
    if (!range) return isLogY ? [1, 10] : [0, 1];
    let [low, high] = range;
    if (isLogY) {
      const factor = low === high ? 2 : (high / low) ** MARGIN;
      return [low / factor, high * factor];
    }
    const distance = low === high ? Math.abs(low) / 10 || 1 : (high - low) * MARGIN;
    return [low - distance, high + distance];
  }

  readColors() {
    this.colors = Array.from({ length: COLORS }, (_, index) => readColor(`--series-${index + 1}`));
    Object.assign(this.frame, { axis: readColor("--axis"), grid: readColor("--grid") });
  }

  /**
   * Return the opacity of a curve: others than the highlighted one are dimmed.
   * @param {string} key
   */
  opacity(key) {
    const { highlight } = this.state;
    return highlight === null || highlight === key ? 1 : DIMMED;
  }

  /**
   * Return what is drawn, in order: areas and raw lines are behind all others.
   * @returns {Line[]}
   */
  lines() {
    /** @type {Line[]} */
    const behind = [];
    /** @type {Line[]} */
    const front = [];
    for (const curve of this.curves) {
      const key = keyOf(curve);
      // A dash may hide an outlier: lines with many points are solid.
      const isSparse = curve.x.length < this.pixels / 2;
      if (curve.count) behind.push({ key, opacity: BAND_OPACITY, isArea: true, paths: bandPath(curve) });
      if (curve.smooth) {
        behind.push({ key, opacity: RAW_OPACITY, paths: rawPath(curve) });
        front.push({ key, opacity: 1, isDashed: true, paths: smoothPath(curve) });
      } else {
        front.push({ key, opacity: 1, isDashed: isSparse || Boolean(curve.count), paths: rawPath(curve) });
      }
    }
    return [...behind, ...front];
  }

  /** @returns {uPlot.Series[]} */
  series() {
    return this.lines().map(({ key, opacity, isArea, isDashed, paths }) => {
      const slot = this.state.entries.get(key)?.slot ?? 0;
      const color = () => faded(this.colors[slot % COLORS], this.opacity(key) * opacity);
      return {
        paths,
        show: !this.state.hidden.has(key),
        width: isArea ? 0 : opacity < 1 ? 1 : 1.5,
        dash: isDashed ? DASHES[Math.floor(slot / COLORS) % DASHES.length] : [],
        stroke: color,
        fill: isArea ? color : undefined,
        points: { show: false },
      };
    });
  }

  /** @returns {uPlot.Options} */
  options() {
    const { axis, isLogX, isLogY } = this.state;
    return {
      width: this.area.clientWidth,
      height: this.area.clientHeight,
      padding: [8, 12, 0, 0],
      legend: { show: false },
      cursor: {
        y: false,
        points: { show: false },
        sync: { key: SYNC, scales: ["x", null], setSeries: false },
        drag: { x: true, y: false, setScale: false },
        bind: {
          dblclick: () => () => {
            this.state.zoom(null);
            return null;
          },
        },
      },
      scales: {
        x: { time: axis === "time", distr: isLogX ? 3 : 1, range: () => this.xLimits() ?? [0, 1] },
        y: { distr: isLogY ? 3 : 1, range: () => this.yLimits() },
      },
      series: [{}, ...this.series()],
      axes: makeAxes(axis, isLogX, isLogY, this.frame),
      hooks: { setSelect: [(plot) => this.select(plot)] },
    };
  }

  /**
   * Show the selected part of the x axis.
   * @param {uPlot} plot
   */
  select(plot) {
    const { left, width } = plot.select;
    if (width < 2) return;
    plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    this.state.zoom([plot.posToVal(left, "x"), plot.posToVal(left + width, "x")]);
  }

  /** @param {KeyboardEvent} event */
  handleKey(event) {
    const { plot } = this;
    if (!plot || event.ctrlKey || event.metaKey || event.altKey) return;
    /** @type {Record<string, () => void>} */
    const actions = {
      ArrowLeft: () => this.tip.step(-1, event.shiftKey),
      ArrowRight: () => this.tip.step(1, event.shiftKey),
      "+": () => this.zoomBy(0.5),
      "=": () => this.zoomBy(0.5),
      "-": () => this.zoomBy(2),
      0: () => this.state.zoom(null),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  /**
   * Show a part of the range of x, around the cursor.
   * @param {number} factor
   */
  zoomBy(factor) {
    const { plot } = this;
    const whole = xRange(this.curves);
    if (!plot || !whole) return;
    const width = plot.over.clientWidth;
    const left = plot.cursor.left ?? -1;
    const center = left >= 0 ? left : width / 2;
    const low = plot.posToVal(center - (center * factor), "x");
    const high = plot.posToVal(center + ((width - center) * factor), "x");
    const isWhole = factor > 1 && low <= whole[0] && high >= whole[1];
    this.state.zoom(isWhole ? null : [low, high]);
  }
}

function emptyNote() {
  const note = document.createElement("p");
  note.className = "muted chart-empty";
  note.textContent = "No point here.";
  return note;
}
