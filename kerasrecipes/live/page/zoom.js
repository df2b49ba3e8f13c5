// A part of x, chosen by dragging with a mouse; all again by a button or a double click.

import { element } from "./element.js";

const LEAST = 8; // pixels: less is a click

export class Zoom {
  /** `changed()` is called when `range` (`[low, high]`, or null for all) has changed. */
  constructor(holder, crosshair, changed) {
    Object.assign(this, { holder, crosshair, changed, range: null, from: null });
    this.shade = element("div", { class: "zoom-shade", hidden: true });
    this.button = element(
      "button",
      { type: "button", class: "small", hidden: true, onclick: () => this.#set(null) },
      "Show all steps",
    );
    holder.append(this.shade);
    holder.addEventListener("pointerdown", (event) => this.#began(event));
    holder.addEventListener("pointermove", (event) => this.#moved(event));
    holder.addEventListener("pointerup", (event) => this.#ended(event));
    holder.addEventListener("pointercancel", () => this.#stopped());
    holder.addEventListener("dblclick", () => this.#set(null));
  }

  #set(range) {
    this.range = range;
    this.button.hidden = range === null;
    this.changed();
  }

  #began(event) {
    if (
      event.pointerType !== "mouse" ||
      event.button !== 0 ||
      this.crosshair.chart.plot.view === null
    )
      return;
    this.from = this.#x(event);
    this.holder.setPointerCapture(event.pointerId);
  }

  #moved(event) {
    if (this.from === null) return;
    const [low, high] = this.#ends(event);
    this.shade.hidden = high - low < LEAST;
    const { top, height } = this.crosshair.chart.plot.frame();
    const style = {
      left: `${low}px`,
      width: `${high - low}px`,
      top: `${top}px`,
      height: `${height}px`,
    };
    Object.assign(this.shade.style, style);
  }

  #ended(event) {
    if (this.from === null) return;
    const [low, high] = this.#ends(event);
    this.#stopped();
    if (high - low >= LEAST) this.#set([this.crosshair.stepAt(low), this.crosshair.stepAt(high)]);
  }

  #stopped() {
    this.from = null;
    this.shade.hidden = true;
  }

  #x(event) {
    return event.clientX - this.holder.getBoundingClientRect().left;
  }

  #ends(event) {
    const to = this.#x(event);
    return [Math.min(this.from, to), Math.max(this.from, to)];
  }
}
