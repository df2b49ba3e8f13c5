// The slider of beta, for the average that is drawn over the raw curves.

import { element, setText } from "./element.js";
import { remember, remembered } from "./remembered.js";

/** Calls `smooth(beta)` now and whenever it is moved; `beta` is from 0 (off) to 0.99. */
export function smoothing(root, smooth, otherwise = 0.9) {
  const slider = element("input", { type: "range", id: "beta", min: 0, max: 0.99, step: 0.01 });
  const said = element("output", { for: "beta" });
  slider.value = remembered("beta", otherwise);
  const show = () => {
    const beta = Number(slider.value);
    const points = Math.round(1 / (1 - beta));
    const over =
      beta === 0
        ? "raw curves only"
        : `β = ${beta.toFixed(2)}, about ${points} point${points === 1 ? "" : "s"}`;
    setText(said, over);
    slider.setAttribute("aria-valuetext", over);
    remember("beta", beta);
    smooth(beta);
  };
  slider.addEventListener("input", show);
  root.append(element("label", { for: "beta" }, "Weighted average"), slider, said);
  show();
}
