// Reading a chart at one step: under the pointer, or moved by the arrow keys.

import { element, setText } from "./element.js";
import { nearestLine } from "./reading.js";
import { visible } from "./visible.js";

const NEAR = 7; // pixels between the pointer and a mark that is told

export class Crosshair {
  /** `chart` has `plot`, `xs`, `ys`, `named` lines, `marks` `[{ step, text }]`, `read(step)`. */
  constructor(holder, chart) {
    Object.assign(this, { holder, chart, step: null });
    this.line = element("div", { class: "crosshair", hidden: true });
    this.label = element("div", { class: "mark-label", hidden: true });
    holder.append(this.line, this.label);
    holder.addEventListener("pointermove", (event) => this.#pointed(event));
    holder.addEventListener("pointerdown", (event) => this.#pointed(event));
    holder.addEventListener("pointerleave", () => this.place(null));
    holder.addEventListener("blur", () => this.place(null));
    holder.addEventListener("keydown", (event) => this.#pressed(event));
  }

  /** Puts it at a step (and a height in pixels, under a pointer), or takes it away. */
  place(step, height = null) {
    Object.assign(this, { step, height });
    this.line.hidden = this.label.hidden = step === null;
    if (step !== null) this.#show(step);
    this.chart.read(step);
  }

  /** The step at a place in the holder, in pixels. */
  stepAt(pixels) {
    const { left, width } = this.chart.plot.frame();
    const { low, high } = this.chart.xs;
    const share = Math.min(Math.max((pixels - left) / width, 0), 1);
    return low + share * (high - low);
  }

  pixelsAt(step) {
    const { left, width } = this.chart.plot.frame();
    const { low, high } = this.chart.xs;
    return left + ((step - low) / (high - low)) * width;
  }

  #show(step) {
    const { top, height } = this.chart.plot.frame();
    const at = this.pixelsAt(step);
    const style = { left: `${at}px`, top: `${top}px`, height: `${height}px` };
    Object.assign(this.line.style, style);
    const said = this.#said(step, at);
    this.label.hidden = said === "";
    setText(this.label, said);
    const isRight = at > this.holder.clientWidth / 2;
    Object.assign(this.label.style, {
      top: style.top,
      left: isRight ? "auto" : `${at + 8}px`,
      right: isRight ? `${this.holder.clientWidth - at + 8}px` : "auto",
    });
  }

  #pointed(event) {
    if (this.chart.plot.view === null) return;
    const { left, top } = this.holder.getBoundingClientRect();
    this.place(this.stepAt(event.clientX - left), event.clientY - top);
  }

  /** The name of the line under the pointer, and the marks at the step. */
  #said(step, at) {
    const { named, marks, plot, ys } = this.chart;
    const line =
      this.height === null ? null : nearestLine(named, step, this.height, plot.frame(), ys);
    const near = marks.filter((mark) => Math.abs(this.pixelsAt(mark.step) - at) <= NEAR);
    const texts = [line && line.label, ...near.slice(-3).map(({ text }) => text)];
    return texts.filter(Boolean).map(visible).join("\n");
  }

  #pressed(event) {
    if (event.key === "Escape") return this.place(null);
    const { low, high } = this.chart.xs;
    const move = {
      ArrowLeft: -0.01,
      ArrowRight: 0.01,
      PageUp: -0.1,
      PageDown: 0.1,
      Home: -1,
      End: 1,
    }[event.key];
    if (move === undefined || this.chart.plot.view === null) return;
    event.preventDefault();
    this.place(Math.min(Math.max((this.step ?? high) + move * (high - low), low), high));
  }
}
