// A chart as the page has it: title, switches, lines over steps, legend, marks.

import { spacing, weightedAverage } from "./average.js";
import { xAxis, yAxis } from "./axes.js";
import { Crosshair } from "./crosshair.js";
import { element, setText } from "./element.js";
import { count, number } from "./format.js";
import { Legend } from "./legend.js";
import { onScheme } from "./palette.js";
import { Plot } from "./plot.js";
import { unjoined, valueAt } from "./reading.js";
import { remember, remembered } from "./remembered.js";
import { visible } from "./visible.js";
import { Zoom } from "./zoom.js";

const FEW = 40; // points: that many are drawn as dots too
const seen = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) target.chart.seen(isIntersecting);
  },
  { rootMargin: "200px" },
);

export class Chart {
  /** `key` names it for what is remembered; `log` is how it begins. */
  constructor({ key, title, log = false, height = 220, format = number }) {
    Object.assign(this, { key, title, format, lines: [], marks: [], beta: 0, isSeen: false });
    this.xs = this.ys = { low: 0, high: 1 };
    this.named = [];
    this.isLog = remembered(`log ${key}`, log);
    this.legend = new Legend(
      format,
      () => this.soon(),
      (line) => this.#pointed(line),
    );
    this.#make(height);
    this.plot = new Plot(this.canvas, height);
    this.crosshair = new Crosshair(this.holder, this);
    this.zoom = new Zoom(this.holder, this.crosshair, () => this.soon());
    this.head.append(this.zoom.button);
    this.element.chart = this;
    seen.observe(this.element);
    onScheme(() => this.#recolour());
    document.addEventListener("visibilitychange", () => this.isStale && this.soon());
  }

  /** Takes lines `{ key, label, steps, values, colour, dash }` and marks `{ step, text }`. */
  show(lines, marks = this.marks) {
    Object.assign(this, { lines, marks });
    this.read(this.crosshair.step);
    this.soon();
  }

  rename(title) {
    this.title = title;
    this.heading.title = title;
    setText(this.heading, title);
  }

  smooth(beta) {
    this.beta = beta;
    this.soon();
  }

  /** Draws with the next frame, if anybody can see it then. */
  soon() {
    this.isStale = true;
    if (this.isAsked || !this.isSeen || document.hidden || this.plot.view === null) return;
    this.isAsked = true;
    requestAnimationFrame(() => this.#draw());
  }

  seen(isSeen) {
    this.isSeen = isSeen;
    if (!isSeen) return;
    this.opening ??= this.plot.open().then(
      () => this.soon(),
      (error) => this.#failed(error),
    );
    if (this.isStale) this.soon();
  }

  /** Shows in the legend what the lines have at a step, or have last. */
  read(step) {
    setText(this.at, step === null ? "" : `step ${count(Math.round(step))}`);
    this.legend.show(this.lines.map((line) => ({ ...line, value: valueAt(line, step) })));
    this.holder.setAttribute("aria-label", this.#spoken());
  }

  #make(height) {
    const log = element("input", { type: "checkbox", onchange: () => this.#setLog(log.checked) });
    log.checked = this.isLog;
    this.heading = element("h3", { title: this.title }, this.title);
    this.at = element("span", { class: "at", "aria-live": "polite" });
    this.head = element(
      "div",
      { class: "chart-head" },
      this.heading,
      this.at,
      element("label", { class: "check" }, log, "log scale"),
    );
    this.canvas = element("div", { class: "canvas", "aria-hidden": "true" });
    this.holder = element("div", { class: "holder", role: "img", tabindex: "0" }, this.canvas);
    this.holder.style.minHeight = `${height}px`;
    this.element = element(
      "figure",
      { class: "chart card" },
      this.head,
      this.holder,
      this.legend.element,
    );
  }

  #spoken() {
    const values = this.lines
      .slice(0, 12)
      .map(
        (line) =>
          `${visible(line.label)} ${this.format(valueAt(line, this.crosshair?.step ?? null))}`,
      );
    return `${this.title} over steps. ${values.join(", ")}.`;
  }

  #setLog(isLog) {
    this.isLog = isLog;
    remember(`log ${this.key}`, isLog);
    this.soon();
  }

  #recolour() {
    if (this.plot.view !== null) this.plot.colourAxes();
    this.soon();
  }

  #pointed(line) {
    this.strong = line;
    this.soon();
  }

  #failed(error) {
    console.error(error);
    this.canvas.replaceChildren(
      element("p", { class: "none" }, "The charts' script cannot be loaded."),
    );
  }

  #draw() {
    this.isAsked = this.isStale = false;
    const shown = this.lines.filter(({ key }) => this.legend.shows(key));
    const unit = spacing(shown);
    const drawn = shown.flatMap((line) => this.#drawn(line, unit));
    this.xs = xAxis(drawn, this.zoom.range, this.holder.clientWidth);
    this.ys = yAxis(drawn, this.xs, this.isLog, this.format);
    this.named = drawn.filter(({ label }) => label !== undefined);
    this.plot.setAxes(this.xs, this.ys);
    this.plot.drawLines(drawn);
    this.plot.drawMarks(this.marks.map(({ step }) => step));
    if (this.crosshair.step !== null)
      this.crosshair.place(this.crosshair.step, this.crosshair.height);
  }

  #drawn({ key, label, steps, values, colour, dash }, unit) {
    const pale = this.strong != null && this.strong !== key ? 0.25 : 1;
    const scale = this.isLog
      ? (value) => (value > 0 ? Math.log10(value) : NaN)
      : (value) => value ?? NaN;
    const path = (numbers, alpha, width) => ({
      ...unjoined(steps, numbers.map(scale)),
      colour,
      dash,
      alpha: alpha * pale,
      width,
      label: width > 1 ? label : undefined,
      dots: steps.length <= FEW && width > 1,
    });
    if (this.beta === 0) return [path(values, 1, 2)];
    return [path(values, 0.4, 1), path(weightedAverage(steps, values, this.beta, unit), 1, 2)];
  }
}
