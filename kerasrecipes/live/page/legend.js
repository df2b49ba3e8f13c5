// The names, colours and values of a chart's lines; each can be taken out of the chart.

import { element, keepChildren, name, setAttributes, setText } from "./element.js";

export class Legend {
  /** `toggled()`: a line was taken out or put back. `pointed(key or null)`: what is pointed at. */
  constructor(format, toggled, pointed = () => {}) {
    Object.assign(this, { format, toggled, pointed, hidden: new Set() });
    this.element = element("ul", { class: "legend" });
  }

  /** Shows lines `{ key, label, colour, dash, value }`. */
  show(lines) {
    keepChildren(
      this.element,
      lines,
      ({ key }) => key,
      (line) => this.#made(line),
      (child, line) => {
        setText(child.querySelector("output"), this.format(line.value));
        setAttributes(child.querySelector("button"), {
          "aria-pressed": String(!this.hidden.has(line.key)),
        });
        setAttributes(child.querySelector(".swatch"), {
          class: `swatch ${line.colour} ${line.dash}`,
        });
      },
    );
  }

  shows(key) {
    return !this.hidden.has(key);
  }

  #made({ key, label }) {
    const toggle = () => {
      if (!this.hidden.delete(key)) this.hidden.add(key);
      this.toggled();
    };
    const point = (to) => () => this.pointed(to);
    return element(
      "li",
      {},
      element(
        "button",
        {
          type: "button",
          onclick: toggle,
          onpointerenter: point(key),
          onpointerleave: point(null),
        },
        element("span", { class: "swatch", "aria-hidden": "true" }),
        element("span", { class: "line-name" }, name(label)),
        element("output", {}),
      ),
    );
  }
}
