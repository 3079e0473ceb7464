// Charts of curves with their controls, on each page that includes _curves.html.

import { onChange } from "./changes.js";
import { onColorsChange } from "./colors.js";
import { CurveChart } from "./curve_chart.js";
import { CurveControls } from "./curve_controls.js";
import { fetchCurves } from "./curve_data.js";
import { appendPoints, LiveRuns } from "./curve_live.js";

/** @typedef {import("./curve_data.js").CurveData} CurveData */
/** @typedef {import("./curve_chart.js").ChartState} ChartState */
/** @typedef {{figure: HTMLElement, metric: string, chart: CurveChart | null, loaded: string, width: number}} Panel */

/** Charts are read again where the plot has more pixels than this times those of the data. */
const FINER = 1.3;
const PAUSE = 120;
/** A chart is read again where a curve has more rows than this times its pixels. */
const MOST_ROWS = 4;
/** The mean of a group is read again at most once in this time. */
const GROUP_PAUSE = 5000;

class CurvesSection {
  /** @param {HTMLElement} section */
  constructor(section) {
    this.section = section;
    this.controls = new CurveControls(section, {
      change: () => this.changeOptions(),
      redraw: () => this.redraw(),
    });
    /** @type {ChartState} */
    this.state = {
      ...this.controls.read(),
      highlight: null,
      entries: new Map(),
      zoom: (window) => this.zoom(window),
    };
    this.controls.state = this.state;
    /** @type {Panel[]} */
    this.panels = [];
    /** @type {Set<HTMLElement>} */
    this.seen = new Set();
    this.observer = new IntersectionObserver((entries) => this.note(entries), { rootMargin: "300px" });
    this.abort = new AbortController();
    this.timer = 0;
    this.groupTimer = 0;
    /** @type {Map<string, Record<string, number>>} */
    this.groupCounts = new Map();
    /** @type {CurveData | null} */
    this.data = null;
    this.live = new LiveRuns((key, update) => this.take(key, update));
    this.start();
    onChange((notice) => {
      if (notice.type === "back" && this.data?.errors.length) this.requestAgain();
    });
    onColorsChange(() => this.panels.forEach(({ chart }) => chart?.redraw()));
    new ResizeObserver(() => this.requestSoon()).observe(section);
  }

  /** Draw what the page came with. */
  start() {
    const script = this.section.querySelector("script.curve-data");
    /** @type {CurveData} */
    const data = JSON.parse(script?.textContent || "{}");
    this.panels = [...this.section.querySelectorAll(".chart")].flatMap((figure) => {
      if (!(figure instanceof HTMLElement)) return [];
      return [{ figure, metric: figure.dataset.metric ?? "", chart: null, loaded: "", width: 0 }];
    });
    this.show(data, this.controls.query());
    this.panels.forEach(({ figure }) => this.observer.observe(figure));
  }

  /** @param {IntersectionObserverEntry[]} entries */
  note(entries) {
    for (const { target, isIntersecting } of entries) {
      if (!(target instanceof HTMLElement)) continue;
      if (isIntersecting) this.seen.add(target);
      else this.seen.delete(target);
    }
    this.requestSoon();
  }

  /** Request charts after a short time, so that several changes need one request. */
  requestSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.request(), PAUSE);
  }

  /** Request the curves of the charts that are in view and are not those of the options. */
  async request() {
    const query = this.controls.query();
    const stale = this.panels.filter((panel) => this.seen.has(panel.figure) && this.isStale(panel, query));
    if (!stale.length) return;
    this.abort.abort();
    this.abort = new AbortController();
    const { signal } = this.abort;
    const parameters = new URLSearchParams(query);
    stale.forEach(({ metric }) => parameters.append("metric", metric));
    parameters.set("width", String(Math.max(...stale.map((panel) => pixelsOf(panel)))));
    stale.forEach(({ figure }) => figure.setAttribute("aria-busy", "true"));
    try {
      const data = await fetchCurves(this.section.dataset.address ?? "", parameters, signal);
      if (!signal.aborted) this.show(data, query);
    } catch (error) {
      if (signal.aborted) return;
      // Not again until something changes.
      stale.forEach((panel) => { panel.loaded = query; panel.width = Infinity; });
      this.controls.showErrors([{ run: "", error: String(error instanceof Error ? error.message : error) }]);
    } finally {
      if (!signal.aborted) stale.forEach(({ figure }) => figure.removeAttribute("aria-busy"));
    }
  }

  /**
   * @param {Panel} panel
   * @param {string} query
   */
  isStale(panel, query) {
    return panel.loaded !== query || pixelsOf(panel) > FINER * panel.width;
  }

  /**
   * Draw the charts of an answer.
   * @param {CurveData} data
   * @param {string} query that it answers
   */
  show(data, query) {
    const entries = data.groups
      ? data.groups.map((group, index) => ({ key: String(index), label: group.label, slot: group.slot }))
      : data.runs.map((run) => ({ key: run.run, label: labelOf(run), slot: run.slot }));
    this.data = data;
    this.state.entries = new Map(entries.map(({ key, label, slot }) => [key, { label, slot }]));
    this.controls.showErrors(data.errors);
    for (const { metric, curves } of data.charts) {
      const panel = this.panels.find((each) => each.metric === metric);
      const area = panel?.figure.querySelector(".chart-area");
      if (!panel || !(area instanceof HTMLElement)) continue;
      panel.chart ??= new CurveChart(area, this.state);
      // The last curves stay while their store cannot be reached.
      const failed = data.errors.map((error) => error.run);
      const kept = panel.chart.curves.filter((curve) => failed.includes(curve.run ?? ""));
      panel.chart.draw([...curves, ...kept]);
      panel.loaded = query;
      panel.width = data.width;
      area.setAttribute("aria-label", `${metric}: ${curves.length} curve${curves.length === 1 ? "" : "s"}. Arrow keys show values.`);
      this.controls.showNote(panel.figure, curves);
      curves.forEach((curve) => curve.run && this.live.count(curve.run, metric, curve.total));
    }
    this.live.follow(data.runs, (key) => this.counts(key));
  }

  /**
   * Return the number of points of each metric of a run that is shown.
   * @param {string} key
   * @returns {Record<string, number>}
   */
  counts(key) {
    return Object.fromEntries(this.panels.flatMap(({ metric, chart }) => {
      const curve = chart?.curves.find((each) => each.run === key);
      return curve ? [[metric, curve.total]] : [];
    }));
  }

  /**
   * Add the new points of a run.
   * @param {string} key
   * @param {import("./live.js").Update} update
   */
  take(key, update) {
    const { data } = this;
    if (!data) return;
    this.controls.showStatus(key, update.run.status);
    this.controls.showNewMetrics(Object.keys(update.counts).filter((name) => !data.metrics.includes(name)));
    if (data.groups) {
      this.refreshGroups(key, update.counts);
      return;
    }
    const view = { axis: data.x, window: data.window, smoothing: data.smoothing, start: data.runs.find((run) => run.run === key)?.start ?? null };
    for (const panel of this.panels) {
      const { chart, metric } = panel;
      if (!chart) continue;
      const curve = chart.curves.find((each) => each.run === key);
      const added = update.points[metric];
      if (!curve) {
        if (metric in update.counts) panel.loaded = "";
      } else if (added) {
        const isComplete = appendPoints(curve, added, view);
        if (!isComplete || curve.x.length > MOST_ROWS * pixelsOf(panel)) panel.loaded = "";
        chart.redraw();
        this.controls.showNote(panel.figure, chart.curves);
      }
    }
    this.requestSoon();
  }

  /**
   * Request the means of groups again after a pause.
   * @param {string} key of the run with new points
   * @param {Record<string, number>} counts of its points
   */
  refreshGroups(key, counts) {
    const known = this.groupCounts.get(key);
    this.groupCounts.set(key, counts);
    const isNew = known && Object.entries(counts).some(([name, count]) => count !== known[name]);
    if (!isNew || this.groupTimer) return;
    this.groupTimer = setTimeout(() => {
      this.groupTimer = 0;
      this.requestAgain();
    }, GROUP_PAUSE);
  }

  /** Request all charts in view, and the others when they are scrolled to. */
  requestAgain() {
    this.panels.forEach((panel) => { panel.loaded = ""; });
    this.requestSoon();
  }

  /** Apply a change of the controls that the server has to answer. */
  changeOptions() {
    Object.assign(this.state, this.controls.read());
    this.controls.writeAddressSoon();
    this.requestSoon();
  }

  /** Apply a change of the controls for which the charts have all data. */
  redraw() {
    const wasLog = this.state.isLogY;
    Object.assign(this.state, this.controls.read());
    this.controls.writeAddressSoon();
    for (const { chart } of this.panels) {
      if (wasLog === this.state.isLogY) chart?.redraw();
      else chart?.draw(chart.curves);
    }
  }

  /**
   * Show a part of the x axis in all charts, and request its detail.
   * @param {[number, number] | null} window null for all
   */
  zoom(window) {
    this.controls.setWindow(window);
    Object.assign(this.state, this.controls.read());
    this.controls.writeAddressSoon();
    this.panels.forEach(({ chart }) => chart?.redraw());
    this.requestSoon();
  }
}

/** @param {Panel} panel */
function pixelsOf({ chart, figure }) {
  return chart?.pixels ?? Math.max(16, Math.round(figure.clientWidth * devicePixelRatio));
}

/** @param {import("./curve_data.js").Run} run */
function labelOf(run) {
  return `${run.title} ${run.label || run.name}`;
}

for (const section of document.querySelectorAll(".curves")) {
  if (section instanceof HTMLElement) new CurvesSection(section);
}
