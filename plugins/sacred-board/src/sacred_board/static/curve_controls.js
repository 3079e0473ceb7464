// The controls of charts of curves: the form, the legend and the address of the page.

import { keyOf } from "./curve_data.js";

/** @typedef {import("./curve_data.js").CurveData} CurveData */
/** @typedef {import("./curve_data.js").Curve} Curve */
/** @typedef {import("./curve_chart.js").ChartState} ChartState */
/** @typedef {{change: () => void, redraw: () => void}} Actions */

/** Parameters of the address that change nothing that the server sends. */
const DRAWN_HERE = ["logy", "hide"];
const PAUSE = 100;
const CONTROLS = ["metric", "match", "x", "logx", "logy", "smooth", "group", "from", "to", "hide"];

export class CurveControls {
  /**
   * @param {HTMLElement} section
   * @param {Actions} actions
   */
  constructor(section, actions) {
    this.section = section;
    this.actions = actions;
    const form = section.querySelector("form");
    if (!form) throw new Error("the curves have no controls");
    this.form = form;
    /** @type {ChartState | null} */
    this.state = null;
    /** @type {Set<string>} */
    this.hidden = new Set(new URLSearchParams(location.search).getAll("hide"));
    this.timer = 0;
    this.runs = this.legendRuns();
    form.addEventListener("input", (event) => this.handleInput(event));
    form.addEventListener("change", (event) => this.handleChange(event));
    form.addEventListener("submit", (event) => this.handleSubmit(event));
    form.querySelector("[data-reset]")?.addEventListener("click", () => this.state?.zoom(null));
    form.querySelector("[data-new-metrics]")?.addEventListener("click", () => location.reload());
    this.legend?.addEventListener("click", (event) => this.toggle(event));
    for (const type of ["pointerover", "focusin"]) {
      this.legend?.addEventListener(type, (event) => this.highlight(event.target));
    }
    for (const type of ["pointerleave", "focusout"]) {
      this.legend?.addEventListener(type, () => this.highlight(null));
    }
  }

  get legend() {
    return this.section.querySelector(".curve-legend");
  }

  /** @returns {string[]} the keys of the runs */
  legendRuns() {
    const script = this.section.querySelector("script.curve-data");
    /** @type {CurveData} */
    const data = JSON.parse(script?.textContent || '{"runs": []}');
    return data.runs.map((run) => run.run);
  }

  /** Return what the controls say. */
  read() {
    const data = new FormData(this.form);
    const window = ["from", "to"].map((name) => data.get(name));
    /** @type {[number, number] | null} */
    const range = window[0] === null ? null : [Number(window[0]), Number(window[1])];
    const axis = /** @type {"step" | "time" | "relative"} */ (data.get("x") ?? "step");
    return {
      axis,
      isLogX: data.has("logx") && axis !== "time", // dates have no logarithm
      isLogY: data.has("logy"),
      window: range,
      hidden: this.hidden,
    };
  }

  /** Return the parameters of the controls that are not their defaults. */
  parameters() {
    const chosen = new URLSearchParams();
    for (const [name, value] of new FormData(this.form)) {
      const isDefault = value === "" || (name === "x" && value === "step") || (name === "smooth" && Number(value) === 0);
      if (CONTROLS.includes(name) && !isDefault) chosen.append(name, String(value));
    }
    for (const key of this.hidden) chosen.append("hide", key);
    return chosen;
  }

  /** Return the parameters of a request for curves. */
  query() {
    const query = this.parameters();
    // Charts are requested by the names of their metrics.
    ["match", "metric"].forEach((name) => query.delete(name));
    DRAWN_HERE.forEach((name) => query.delete(name));
    this.runs.forEach((run) => query.append("run", run));
    return query.toString();
  }

  /** Put the options into the address after a short time: browsers limit how often it changes. */
  writeAddressSoon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.writeAddress(), PAUSE);
  }

  /** Put the options into the address of the page, whose other parameters do not change. */
  writeAddress() {
    const address = new URL(location.href);
    CONTROLS.forEach((name) => address.searchParams.delete(name));
    for (const [name, value] of this.parameters()) address.searchParams.append(name, value);
    if (address.href !== location.href) history.replaceState(history.state, "", address);
  }

  /** @param {[number, number] | null} window */
  setWindow(window) {
    this.form.querySelectorAll('[name="from"], [name="to"]').forEach((field) => field.remove());
    ["from", "to"].forEach((name, index) => {
      if (!window) return;
      const field = document.createElement("input");
      Object.assign(field, { type: "hidden", name, value: String(Number(window[index].toPrecision(12))) });
      this.form.append(field);
    });
    const reset = this.form.querySelector("[data-reset]");
    if (reset instanceof HTMLButtonElement) reset.disabled = !window;
  }

  /** @param {Event} event */
  handleInput(event) {
    const { target } = event;
    if (target instanceof HTMLInputElement && target.name === "match") this.filter();
    if (!(target instanceof HTMLInputElement) || target.name !== "smooth") return;
    const output = this.form.querySelector(".smoothing-value");
    if (output) output.textContent = String(Number(target.value));
    this.actions.change();
  }

  /** Show only the charts of metrics whose name has all words. */
  filter() {
    const words = String(new FormData(this.form).get("match") ?? "").toLowerCase().split(/\s+/);
    let count = 0;
    for (const figure of this.section.querySelectorAll(".chart")) {
      if (!(figure instanceof HTMLElement)) continue;
      const name = (figure.dataset.metric ?? "").toLowerCase();
      figure.hidden = !words.every((word) => name.includes(word));
      if (!figure.hidden) count += 1;
    }
    const shown = this.form.querySelector("[data-shown]");
    if (shown) shown.textContent = String(count);
    this.section.querySelector("[data-no-match]")?.toggleAttribute("hidden", count > 0);
    this.writeAddressSoon();
  }

  /** @param {Event} event */
  handleChange(event) {
    const { target } = event;
    // Other metrics, or other groups, are another page: the server writes its legend and charts.
    // Metrics are chosen with the button of their menu.
    if (!(target instanceof HTMLInputElement) || ["smooth", "match", "metric"].includes(target.name)) return;
    if (target.name === "group") this.form.requestSubmit();
    else if (target.name === "logy") this.actions.redraw();
    else {
      if (target.name === "x") this.setWindow(null);
      this.actions.change();
    }
  }

  /** @param {Event} event */
  handleSubmit(event) {
    event.preventDefault();
    this.hidden.clear();
    this.writeAddress();
    location.reload();
  }

  /** @param {Event} event */
  toggle(event) {
    const button = event.target instanceof Element ? event.target.closest(".legend-toggle") : null;
    const item = button?.closest(".legend-item");
    if (!button || !(item instanceof HTMLElement)) return;
    const key = item.dataset.key ?? "";
    if (!this.hidden.delete(key)) this.hidden.add(key);
    const isHidden = this.hidden.has(key);
    item.classList.toggle("is-hidden", isHidden);
    button.setAttribute("aria-pressed", String(!isHidden));
    this.actions.redraw();
  }

  /** @param {EventTarget | null} target a part of the legend, null for none */
  highlight(target) {
    if (!this.state) return;
    const item = target instanceof Element ? target.closest(".legend-item") : null;
    const key = item instanceof HTMLElement ? item.dataset.key ?? null : null;
    const shown = key !== null && this.hidden.has(key) ? null : key;
    if (this.state.highlight === shown) return;
    this.state.highlight = shown;
    this.actions.redraw();
  }

  /**
   * @param {string} key of a run
   * @param {string} status
   */
  showStatus(key, status) {
    const dot = this.legend?.querySelector(`[data-key="${CSS.escape(key)}"] .dot`);
    if (!(dot instanceof HTMLElement)) return;
    dot.dataset.status = status;
    dot.title = status;
    dot.hidden = status === "COMPLETED";
  }

  /**
   * Offer to load the page again, which then has charts of these metrics.
   * @param {string[]} names
   */
  showNewMetrics(names) {
    const button = this.form.querySelector("[data-new-metrics]");
    if (!(button instanceof HTMLButtonElement)) return;
    button.hidden = !names.length;
    button.textContent = `Show ${names.length} new metric${names.length === 1 ? "" : "s"}`;
    button.title = names.join(", ");
  }

  /** @param {{run: string, error: string}[]} errors */
  showErrors(errors) {
    const list = this.section.querySelector(".curve-errors");
    if (!(list instanceof HTMLElement)) return;
    list.hidden = !errors.length;
    list.replaceChildren(...errors.map(({ run, error }) => {
      const item = document.createElement("li");
      const name = document.createElement("strong");
      name.textContent = run;
      item.append(name, ` ${error}`);
      return item;
    }));
  }

  /**
   * Show beside the title of a chart what it does not draw.
   * @param {HTMLElement} figure
   * @param {Curve[]} curves
   */
  showNote(figure, curves) {
    const note = figure.querySelector(".chart-note");
    if (!(note instanceof HTMLElement)) return;
    figure.dataset.points = String(curves.reduce((sum, curve) => sum + curve.total, 0));
    const omitted = curves.filter((curve) => curve.omitted);
    const count = omitted.reduce((sum, curve) => sum + (curve.omitted ?? 0), 0);
    note.textContent = count ? `${count.toLocaleString("en-US")} not drawn` : "";
    note.title = omitted.map((curve) => `${keyOf(curve)}: ${curve.omitted} without a number`).join("\n");
  }
}
