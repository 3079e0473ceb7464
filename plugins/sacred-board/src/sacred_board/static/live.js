// New output, points and the status of a run in progress.

import {onChange} from "./changes.js";

/**
 * New points of a metric, the first of which has the index `start`; times are seconds since 1970.
 * Without a start the page lacks too many points: it has to read the metric again.
 * @typedef {{start: number, steps: unknown[], values: unknown[], times: (number | null)[]}
 *   | {start: null, count: number}} NewPoints
 */

/**
 * The end of the output: what is shown from the character `start` on is replaced by `text`.
 * @typedef {{start: number, text: string, position: string}} NewOutput
 */

/**
 * What the page of a run lacks.
 * @typedef {object} Update
 * @property {{id: string | number, status: string, is_over: boolean, heartbeat: string | null,
 *   stop_time: string | null, duration: number | null, result: unknown, files: number,
 *   annotations: number}} run with the numbers of its artifacts and resources, and of changes of
 *   its tags and notes
 * @property {NewOutput | null} output null: nothing is new, or the page does not show it
 * @property {Record<string, NewPoints>} points only metrics with new points
 * @property {Record<string, number>} counts the number of points of each metric of the run
 */

/**
 * What the page shows: the position of the output, of which null means that it does not show it
 * and "" that it shows nothing of it yet, and the number of points by metric.
 * @typedef {{position: string | null, points: Record<string, number>}} Shown
 */

/**
 * Call a function with what is new of a run, until the run has ended and everything was read.
 *
 * It reads when the board reports a change and the tab is visible.
 * @param {string} slug of the location
 * @param {string} id of the run
 * @param {Shown} shown what the page shows at the beginning
 * @param {(update: Update) => void} listener
 * @returns {{stop: () => void, follow: (name: string, count: number) => void}} functions that end
 *   this, and that add a metric of which the page shows a number of points
 */
export function followRun(slug, id, shown, listener) {
  let position = shown.position;
  const points = {...shown.points};
  let isReading = false;
  let isOutdated = false;

  async function read() {
    isOutdated = true;
    if (isReading || document.hidden) return;
    isReading = true;
    try {
      while (isOutdated) {
        isOutdated = false;
        const response = await fetch(address(slug, id, position, points));
        if (!response.ok) break; // the next notice is another attempt
        take(await response.json());
      }
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // the board cannot be reached
    } finally {
      isReading = false;
    }
  }

  /** @param {Update} update */
  function take(update) {
    if (update.output) position = update.output.position;
    for (const [name, found] of Object.entries(update.points)) {
      points[name] = found.start === null ? found.count : found.start + found.steps.length;
    }
    listener(update);
  }

  function readIfOutdated() {
    if (isOutdated) void read();
  }

  const end = onChange((notice) => {
    const isOfRun = notice.type === "run" && notice.slug === slug && String(notice.id) === id;
    const isOfStore = notice.type === "back" && notice.slug === slug;
    if (isOfRun || isOfStore || notice.type === "refresh") void read();
  });
  document.addEventListener("visibilitychange", readIfOutdated);
  void read();
  return {
    stop: () => {
      end();
      document.removeEventListener("visibilitychange", readIfOutdated);
    },
    follow: (name, count) => {
      points[name] = count;
    },
  };
}

/**
 * Return an output after an update.
 * @param {string} text what is shown
 * @param {NewOutput} output
 * @param {number} first the index of the first character that is shown
 */
export function updatedOutput(text, output, first = 0) {
  if (output.start <= first) return output.text;
  const kept = output.start - first;
  // Positions count characters as Python does, and JavaScript counts some as two.
  const start = text.slice(0, kept);
  const isPlain = !/[\ud800-\udfff]/.test(start);
  return (isPlain ? start : Array.from(text).slice(0, kept).join("")) + output.text;
}

/**
 * @param {string} slug
 * @param {string} id
 * @param {string | null} position
 * @param {Record<string, number>} points
 */
function address(slug, id, position, points) {
  const query = new URLSearchParams();
  if (position !== null) query.set("output", position);
  for (const [name, count] of Object.entries(points)) query.append("points", `${name}:${count}`);
  return `/live/${encodeURIComponent(slug)}/${encodeURIComponent(id)}?${query}`;
}
