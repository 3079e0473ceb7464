// Numbers and times as charts show them.

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;

/**
 * Return a number with at most some significant digits.
 * @param {number} value
 * @param {number} digits
 */
export function numberText(value, digits = 5) {
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e7 || size < 1e-4)) {
    return value.toExponential(digits - 1).replace(/\.?0+e/, "e").replace("e+", "e");
  }
  if (Number.isInteger(value)) return value.toLocaleString("en-US");
  return String(Number(value.toPrecision(digits)));
}

/**
 * Return seconds as a duration.
 * @param {number} seconds
 */
export function durationText(seconds) {
  const size = Math.abs(seconds);
  if (size < 2 * MINUTE) return `${Number(seconds.toPrecision(4))} s`;
  if (size < 2 * HOUR) return `${Math.floor(seconds / MINUTE)} min ${Math.round(seconds % MINUTE)} s`;
  if (size < 2 * DAY) return `${Math.floor(seconds / HOUR)} h ${Math.round((seconds % HOUR) / MINUTE)} min`;
  return `${Math.floor(seconds / DAY)} d ${Math.round((seconds % DAY) / HOUR)} h`;
}

/**
 * Return a place on the x axis.
 * @param {"step" | "time" | "relative"} axis
 * @param {number} x
 */
export function placeText(axis, x) {
  if (axis === "step") return `step ${numberText(x, 9)}`;
  if (axis === "relative") return durationText(x);
  return new Date(x * 1000).toLocaleString("sv-SE", { timeZoneName: "short" });
}

/**
 * Return the texts of ticks of relative time, all in one unit.
 * @param {number[]} ticks
 */
export function durationTicks(ticks) {
  const most = Math.max(...ticks.map(Math.abs));
  const [unit, name] = most < 2 * MINUTE ? [1, "s"]
    : most < 2 * HOUR ? [MINUTE, "min"]
    : most < 3 * DAY ? [HOUR, "h"] : [DAY, "d"];
  return ticks.map((tick) => `${Number((tick / unit).toPrecision(6))} ${name}`);
}

/**
 * Return the texts of ticks of wall time, in the time zone of the browser.
 * @param {number[]} ticks seconds since 1970
 */
export function timeTicks(ticks) {
  const distance = ticks.length > 1 ? ticks[1] - ticks[0] : DAY;
  return ticks.map((tick) => {
    const time = new Date(tick * 1000);
    const clock = time.toLocaleTimeString("sv-SE"); // 08:16:15
    const isMidnight = clock === "00:00:00" && tick % 1 === 0;
    if (distance >= 0.9 * DAY || isMidnight) return time.toLocaleDateString("sv-SE"); // 2026-11-30
    if (distance >= MINUTE) return clock.slice(0, 5);
    if (distance >= 1) return clock;
    return `${clock.slice(3)}.${String(time.getMilliseconds()).padStart(3, "0")}`;
  });
}
