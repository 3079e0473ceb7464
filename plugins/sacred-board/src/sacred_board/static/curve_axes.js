// The ticks of the axes of charts.

import { durationTicks, numberText, timeTicks } from "./curve_text.js";

const LEFT = 56;
const FONT = "11px system-ui, sans-serif";
/** Decades up to which a logarithmic axis has texts at 1, 2 and 5, and lines at 1 to 9. */
const FEW_DECADES = 2.5;
const SOME_DECADES = 8;
const LINEAR_TICKS = 6;
/** Distances of ticks of relative time, in seconds. */
const TIME_STEPS = [
  ...[1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1].flatMap((unit) => [unit, 2 * unit, 5 * unit]),
  ...[1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60),
  ...[1, 2, 3, 6, 12].map((hours) => hours * 3600),
  ...[1, 10, 100, 1000].flatMap((days) => [days, 2 * days, 5 * days]).map((days) => days * 86400),
];

/** Width of the y axis in CSS pixels. */
export { LEFT };

/**
 * Return the axes of a chart.
 * @param {"step" | "time" | "relative"} axis
 * @param {boolean} isLogX
 * @param {boolean} isLogY
 * @param {Record<string, string>} colors of "axis" and "grid", read whenever the chart is drawn
 * @returns {uPlot.Axis[]}
 */
export function makeAxes(axis, isLogX, isLogY, colors) {
  const look = {
    stroke: () => colors.axis,
    font: FONT,
    grid: { stroke: () => colors.grid, width: 1 },
    ticks: { show: false },
  };
  /** @type {uPlot.Axis} */
  const x = { ...look, size: 24, gap: 4, space: axis === "time" ? 80 : 64 };
  /** @type {uPlot.Axis} */
  const y = { ...look, size: LEFT, gap: 6, space: 28, values: (_, ticks) => ticks.map((tick) => numberText(tick)) };
  if (axis === "time") x.values = (_, ticks) => timeTicks(ticks);
  if (axis === "relative") {
    x.incrs = TIME_STEPS;
    x.values = (_, ticks) => durationTicks(ticks);
  }
  if (axis === "step") x.values = (_, ticks) => ticks.map((tick) => numberText(tick));
  if (isLogX) makeLogarithmic(x, axis === "relative" ? (tick) => durationTicks([tick])[0] : numberText);
  if (isLogY) makeLogarithmic(y, numberText);
  return [x, y];
}

/**
 * Give an axis the lines and texts of a logarithmic one. Those of uPlot need whole decades.
 * @param {uPlot.Axis} axis
 * @param {(tick: number) => string} text
 */
function makeLogarithmic(axis, text) {
  axis.splits = (_plot, _index, min, max) => logTicks(min, max);
  axis.filter = (_plot, ticks) => ticks;
  axis.values = (_plot, ticks) => {
    const decades = Math.log10(ticks[ticks.length - 1] / ticks[0]);
    return ticks.map((tick) => (hasText(tick, decades) ? text(tick) : ""));
  };
}

/**
 * Return the places of lines: round numbers, or the multiples of powers of ten.
 * @param {number} min more than 0
 * @param {number} max
 * @returns {number[]}
 */
export function logTicks(min, max) {
  const decades = Math.log10(max / min);
  if (!(decades > 0)) return [min];
  if (decades < 1) return linearTicks(min, max);
  const step = Math.ceil(decades / SOME_DECADES);
  const factors = decades <= SOME_DECADES ? [1, 2, 3, 4, 5, 6, 7, 8, 9] : [1];
  const ticks = [];
  for (let power = Math.floor(Math.log10(min)); power <= Math.log10(max); power += step) {
    ticks.push(...factors.map((factor) => Number(`${factor}e${power}`)));
  }
  return ticks.filter((tick) => tick >= min && tick <= max);
}

/**
 * @param {number} min
 * @param {number} max
 */
function linearTicks(min, max) {
  const rough = (max - min) / LINEAR_TICKS;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.ceil(min / step);
  const count = Math.floor(max / step) - first + 1;
  return Array.from({ length: Math.max(count, 0) }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

/**
 * @param {number} tick
 * @param {number} decades that the axis has
 */
function hasText(tick, decades) {
  const factor = Number(tick.toExponential(0).split("e")[0]);
  const isRound = Math.abs(tick - Number(tick.toExponential(0))) <= tick * 1e-9;
  if (decades < 1) return true;
  return isRound && (factor === 1 || (decades <= FEW_DECADES && (factor === 2 || factor === 5)));
}
