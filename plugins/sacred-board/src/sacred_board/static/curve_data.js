// Curves as the server sends them, see docs/curves.schema.json, and what charts compute from them.

/**
 * @typedef {object} Curve
 * @property {string} [run] key of the run
 * @property {number} [group] number of the group
 * @property {number} total number of points
 * @property {boolean} [is_exact]
 * @property {number} [omitted]
 * @property {number[]} x
 * @property {(number | null)[]} y
 * @property {number[]} [x_low]
 * @property {(number | null)[]} [low]
 * @property {number[]} [x_high]
 * @property {(number | null)[]} [high]
 * @property {(number | null)[]} [smooth]
 * @property {number[]} [count]
 */

/** @typedef {{run: string, location: string, id: number | string, name: string, status: string,
 *    start: number | null, title: string, label: string, slot: number}} Run */
/** @typedef {{runs: string[], label: string, slot: number}} Group */

/**
 * @typedef {object} CurveData
 * @property {"step" | "time" | "relative"} x
 * @property {boolean} log_x
 * @property {[number, number] | null} window
 * @property {number} width
 * @property {number} smoothing
 * @property {string[]} metrics
 * @property {Run[]} runs
 * @property {Group[] | null} groups
 * @property {{metric: string, curves: Curve[]}[]} charts
 * @property {{run: string, error: string}[]} errors
 */

/** @typedef {[number, number | null]} Place */

/**
 * @param {Curve} curve
 * @returns {string} the key of the run, or the number of the group
 */
export function keyOf(curve) {
  return curve.run ?? String(curve.group);
}

/**
 * Return the places of a line through the least and the greatest value of each row.
 * @param {Curve} curve
 * @returns {Place[]}
 */
export function rawLine(curve) {
  const { x, y, x_low, low, x_high, high } = curve;
  if (!x_low || !low || !x_high || !high) return x.map((at, index) => [at, y[index]]);
  /** @type {Place[]} */
  const line = [];
  x.forEach((at, index) => {
    if (y[index] === null) {
      line.push([at, null]);
      return;
    }
    /** @type {Place[]} */
    const row = [[x_low[index], low[index]], [x_high[index], high[index]], [at, y[index]]];
    line.push(...row.sort((one, other) => one[0] - other[0]));
  });
  return line;
}

/**
 * Return the values that the cursor shows: smoothed ones if there are any.
 * @param {Curve} curve
 */
export function shownValues(curve) {
  return curve.smooth ?? curve.y;
}

/**
 * Return the position of the row whose x is nearest, -1 if there is none.
 * @param {number[]} xs in ascending order
 * @param {number} x
 */
export function nearestIndex(xs, x) {
  let low = 0;
  let high = xs.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (xs[middle] < x) low = middle + 1;
    else high = middle;
  }
  if (low > 0 && x - xs[low - 1] <= xs[low] - x) low -= 1;
  return low < xs.length ? low : -1;
}

/**
 * Return the least and the greatest x of curves.
 * @param {Curve[]} curves
 * @returns {[number, number] | null}
 */
export function xRange(curves) {
  let low = Infinity;
  let high = -Infinity;
  for (const { x } of curves) {
    if (!x.length) continue;
    low = Math.min(low, x[0]);
    high = Math.max(high, x[x.length - 1]);
  }
  for (const { x_low = [], x_high = [] } of curves) {
    for (const at of [x_low[0], x_high[0]]) if (at !== undefined) low = Math.min(low, at);
  }
  return low <= high ? [low, high] : null;
}

/**
 * Return the least and the greatest value of curves in a range of x.
 * @param {Curve[]} curves
 * @param {number} from
 * @param {number} to
 * @param {boolean} isLog only positive values count
 * @returns {[number, number] | null}
 */
export function yRange(curves, from, to, isLog) {
  let least = Infinity;
  let greatest = -Infinity;
  for (const curve of curves) {
    const columns = [[curve.x, curve.y]];
    if (curve.low && curve.high) {
      columns.push([curve.x_low ?? curve.x, curve.low], [curve.x_high ?? curve.x, curve.high]);
    }
    if (curve.smooth) columns.push([curve.x, curve.smooth]);
    for (const [xs, ys] of columns) {
      for (let index = 0; index < ys.length; index += 1) {
        const value = ys[index];
        const at = /** @type {number} */ (xs[index]);
        if (value === null || at < from || at > to || (isLog && value <= 0)) continue;
        if (value < least) least = value;
        if (value > greatest) greatest = value;
      }
    }
  }
  return least <= greatest ? [least, greatest] : null;
}

/**
 * Request curves.
 * @param {string} address of the page of curves
 * @param {URLSearchParams} parameters
 * @param {AbortSignal} signal
 * @returns {Promise<CurveData>}
 */
export async function fetchCurves(address, parameters, signal) {
  const asked = new URLSearchParams(parameters);
  asked.set("format", "json");
  const response = await fetch(`${address}?${asked}`, { signal });
  const data = await response.json();
  if (!response.ok) throw new Error(data.error);
  return data;
}
