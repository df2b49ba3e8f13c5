// The ladder of errors, from human over train to dev, with the two gaps between them.

import { element, name } from "./element.js";
import { number } from "./format.js";

export function biasVariance(root) {
  const body = root.querySelector(".body");
  return ({ bias_variance: read }) => {
    root.hidden = !read;
    if (!read) return;
    const errors = [
      ["human", read.human_error],
      ["train", read.train_error],
      ["dev", read.dev_error],
    ];
    const most = Math.max(...errors.map(([, error]) => error ?? 0), 1e-12);
    body.replaceChildren(
      element("p", { class: "verdict" }, name(read.verdict ?? "")),
      read.text ? element("p", { class: "soft" }, name(read.text)) : "",
      element(
        "div",
        { class: "ladder", role: "list", "aria-label": "Errors and the gaps between them" },
        rung(errors[0], most),
        gap("bias", read.bias),
        rung(errors[1], most),
        gap("variance", read.variance),
        rung(errors[2], most),
      ),
      element(
        "p",
        { class: "soft small-text" },
        read.epoch == null ? "" : `Read after epoch ${read.epoch + 1}.`,
      ),
    );
  };
}

function rung([part, error], most) {
  const bar = element("span", { class: `fill ${part}` });
  bar.style.width = `${Math.max(0, Math.min(100, (100 * (error ?? 0)) / most))}%`;
  return element(
    "div",
    { class: "rung", role: "listitem" },
    element("span", { class: "part" }, `${part} error`),
    element("span", { class: "track", "aria-hidden": "true" }, bar),
    element("span", { class: "figure" }, number(error)),
  );
}

function gap(what, size) {
  return element("div", { class: "gap", role: "listitem" }, `${what} ${number(size)}`);
}
