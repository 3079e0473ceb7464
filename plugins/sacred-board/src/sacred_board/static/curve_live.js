// New points of runs in progress, which are added to the curves without requesting these again.

import { followRun } from "./live.js";

/** @typedef {import("./curve_data.js").Curve} Curve */
/** @typedef {import("./curve_data.js").Run} Run */
/** @typedef {import("./live.js").NewPoints} NewPoints */
/** @typedef {import("./live.js").Update} Update */
/** @typedef {{axis: string, window: [number, number] | null, smoothing: number, start: number | null}} View */

const ENDED = ["COMPLETED", "FAILED", "INTERRUPTED", "TIMEOUT"];
/** Points over which a weight of smoothing is defined, see data/smoothing.py. */
const REFERENCE = 1000;
const MOST_WEIGHT = 0.9999;
/** @type {Record<string, number>} */
const NOT_FINITE = { NaN: NaN, Infinity, "-Infinity": -Infinity };

export class LiveRuns {
  /** @param {(key: string, update: Update) => void} listener */
  constructor(listener) {
    this.listener = listener;
    /** @type {Map<string, ReturnType<typeof followRun>>} */
    this.followed = new Map();
  }

  /**
   * Follow the runs that have not ended.
   * @param {Run[]} runs
   * @param {(key: string) => Record<string, number>} counts of the points that are shown
   */
  follow(runs, counts) {
    for (const run of runs) {
      if (this.followed.has(run.run) || ENDED.includes(run.status)) continue;
      const shown = { position: null, points: counts(run.run) };
      const receive = (/** @type {Update} */ update) => this.listener(run.run, update);
      this.followed.set(run.run, followRun(run.location, String(run.id), shown, receive));
    }
  }

  /**
   * Follow a metric from the points on that are shown now.
   * @param {string} key of the run
   * @param {string} metric
   * @param {number} count
   */
  count(key, metric, count) {
    this.followed.get(key)?.follow(metric, count);
  }
}

/**
 * Add new points to a curve.
 * @param {Curve} curve
 * @param {NewPoints} added
 * @param {View} view
 * @returns {boolean} false if the curve has to be requested again: points are missing, or they are
 *   not in the order of the x axis
 */
export function appendPoints(curve, added, view) {
  if (added.start === null || added.start > curve.total) return false;
  const known = curve.total - added.start;
  const xs = view.axis === "step" ? added.steps : added.times;
  const origin = view.axis === "relative" ? view.start : 0;
  if (origin === null) return false;
  const smooth = smoother(curve, view.smoothing);
  for (let index = known; index < added.values.length; index += 1) {
    const x = toNumber(xs[index]);
    const y = toNumber(added.values[index]);
    if (y === null || x === null || !Number.isFinite(x)) {
      curve.omitted = (curve.omitted ?? 0) + 1;
    } else if (!addRow(curve, rounded(x - origin), Number.isFinite(y) ? y : null, view.window, smooth)) {
      return false;
    }
    curve.total += 1;
  }
  return true;
}

/**
 * @param {Curve} curve
 * @param {number} x
 * @param {number | null} y
 * @param {[number, number] | null} window
 * @param {(y: number | null) => number | null} smooth
 */
function addRow(curve, x, y, window, smooth) {
  const last = curve.x[curve.x.length - 1] ?? -Infinity;
  if (x < last) return false;
  if (window && last > window[1]) return true; // the next point after the window is known
  curve.x.push(x);
  curve.y.push(y);
  curve.x_low?.push(x);
  curve.low?.push(y);
  curve.x_high?.push(x);
  curve.high?.push(y);
  curve.smooth?.push(smooth(y));
  return true;
}

/**
 * Return a function that continues the smoothing of the server.
 * @param {Curve} curve
 * @param {number} weight
 * @returns {(y: number | null) => number | null}
 */
function smoother(curve, weight) {
  const decay = Math.min(weight, MOST_WEIGHT) ** (1 / Math.max(1, curve.total / REFERENCE));
  let norm = 1 - decay ** curve.total;
  let current = curve.smooth?.[curve.smooth.length - 1] ?? null;
  let total = (current ?? 0) * norm;
  if (current === null) norm = 0;
  return (y) => {
    if (y === null) return current;
    total = decay * total + (1 - decay) * y;
    norm = decay * norm + 1 - decay;
    current = total / norm;
    return current;
  };
}

/** @param {number} x @returns {number} with the places after the decimal point of the server */
function rounded(x) {
  return Number.isInteger(x) ? x : Math.round(x * 1e6) / 1e6;
}

/** @param {unknown} value as JSON has it @returns {number | null} null: it is not a number */
function toNumber(value) {
  if (typeof value === "number") return value;
  return typeof value === "string" && value in NOT_FINITE ? NOT_FINITE[value] : null;
}
