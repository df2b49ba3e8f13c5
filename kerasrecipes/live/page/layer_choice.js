// Which layers have a line: the twelve with the largest numbers, or all.

import { element, setText } from "./element.js";

const MOST = 12;

export class LayerChoice {
  constructor(root, changed) {
    this.isAll = false;
    this.button = element("button", {
      type: "button",
      class: "quiet",
      hidden: true,
      onclick: () => {
        this.isAll = !this.isAll;
        this.button.setAttribute("aria-pressed", String(this.isAll));
        changed();
      },
    });
    root.querySelector(".chart-grid").before(this.button);
  }

  /** The chosen ones of `[name, curve]`, in their order. */
  among(curves) {
    this.button.hidden = curves.length <= MOST;
    setText(
      this.button,
      this.isAll ? `Draw the largest ${MOST} layers` : `Draw all ${curves.length} layers`,
    );
    if (this.isAll || curves.length <= MOST) return curves;
    const largest = [...curves].sort((a, b) => last(b) - last(a)).slice(0, MOST);
    return curves.filter((curve) => largest.includes(curve));
  }
}

function last([, { values }]) {
  return values[values.length - 1] ?? -Infinity;
}
