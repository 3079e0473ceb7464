// The lines of curves as paths of a canvas.

import { rawLine } from "./curve_data.js";

/** @typedef {import("./curve_data.js").Curve} Curve */
/** @typedef {import("./curve_data.js").Place} Place */

/**
 * Return what uPlot draws of a line; it has no path where the chart has no size.
 * @param {Path2D} stroke
 * @param {Path2D | null} fill
 */
function paths(stroke, fill) {
  return { stroke, fill, clip: null, band: null, flags: 1 };
}

/**
 * Add a line to a path. Values that a logarithmic axis does not have interrupt it.
 * @param {uPlot} chart
 * @param {Path2D} path
 * @param {Iterable<Place>} line
 */
function addLine(chart, path, line) {
  const isLogX = chart.scales.x.distr === 3;
  const isLogY = chart.scales.y.distr === 3;
  let isOpen = false;
  let count = 0;
  let last = [0, 0];
  for (const [x, y] of line) {
    if (y === null || (isLogY && y <= 0) || (isLogX && x <= 0)) {
      if (count === 1) addDot(path, last[0], last[1]);
      isOpen = false;
      count = 0;
      continue;
    }
    last = [chart.valToPos(x, "x", true), chart.valToPos(y, "y", true)];
    if (isOpen) path.lineTo(last[0], last[1]);
    else path.moveTo(last[0], last[1]);
    isOpen = true;
    count += 1;
  }
  if (count === 1) addDot(path, last[0], last[1]);
}

/**
 * Add a point that has no neighbours: a line of no length is not drawn.
 * @param {Path2D} path
 * @param {number} x
 * @param {number} y
 */
function addDot(path, x, y) {
  const size = 1.5 * devicePixelRatio;
  path.rect(x - size / 2, y - size / 2, size, size);
}

/**
 * The line through all points, or through the least and greatest of each row.
 * @param {Curve} curve
 * @returns {uPlot.Series.PathBuilder}
 */
export function rawPath(curve) {
  return (chart) => {
    const stroke = new Path2D();
    addLine(chart, stroke, rawLine(curve));
    return paths(stroke, null);
  };
}

/**
 * The line through the smoothed value of each row.
 * @param {Curve} curve
 * @returns {uPlot.Series.PathBuilder}
 */
export function smoothPath(curve) {
  const { x, smooth = [] } = curve;
  return (chart) => {
    const stroke = new Path2D();
    addLine(chart, stroke, x.map((at, index) => [at, smooth[index]]));
    return paths(stroke, null);
  };
}

/**
 * The area of the interval of a mean. Of one run there is none.
 * @param {Curve} curve
 * @returns {uPlot.Series.PathBuilder}
 */
export function bandPath(curve) {
  const { x, low = [], high = [] } = curve;
  return (chart) => {
    const fill = new Path2D();
    const isLogX = chart.scales.x.distr === 3;
    const isLogY = chart.scales.y.distr === 3;
    const bottom = chart.scales.y.min ?? 0;
    /** @type {[number, number, number][]} */
    let part = [];
    const close = () => {
      part.forEach(([at, , top], index) => (index ? fill.lineTo(at, top) : fill.moveTo(at, top)));
      for (const [at, under] of part.reverse()) fill.lineTo(at, under);
      if (part.length) fill.closePath();
      part = [];
    };
    x.forEach((at, index) => {
      const [under, top] = [low[index], high[index]];
      const isMissing = under === null || top === null;
      if (isMissing || (isLogY && top <= 0) || (isLogX && at <= 0)) {
        close();
        return;
      }
      const least = isLogY && under <= 0 ? bottom : under;
      part.push([
        chart.valToPos(at, "x", true),
        chart.valToPos(least, "y", true),
        chart.valToPos(top, "y", true),
      ]);
    });
    close();
    return paths(fill, fill);
  };
}
