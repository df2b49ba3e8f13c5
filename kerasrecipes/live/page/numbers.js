// The latest numbers as cards: the cost and each metric, on train and dev.

import { element, keepChildren, name, setText } from "./element.js";
import { number } from "./format.js";

const WHOLE = /^((train|dev|test)_.*|bias|variance|score)$/s; // says itself of what it is

/** `[[metric, { train, dev }], ...]` of the logs of an epoch, where `val_` marks dev; cost first. */
export function pairs(metrics) {
  const found = new Map();
  for (const [key, value] of Object.entries(metrics ?? {})) {
    const isDev = key.startsWith("val_");
    const metric = isDev ? key.slice(4) : key;
    if (!found.has(metric)) found.set(metric, {});
    found.get(metric)[isDev ? "dev" : "train"] = value;
  }
  const shown = [...found].filter(([metric]) => metric !== "learning_rate");
  return shown.sort(([a], [b]) => (b === "loss") - (a === "loss"));
}

export function numbers(root) {
  return ({ metrics }) =>
    keepChildren(
      root,
      pairs(metrics),
      ([metric]) => metric,
      card,
      (child, [metric, values]) => {
        for (const part of ["train", "dev"]) {
          const slot = child.querySelector(`.${part}`);
          slot.hidden = values[part] === undefined;
          slot.querySelector("dt").hidden = WHOLE.test(metric);
          setText(slot.querySelector("dd"), number(values[part]));
        }
      },
    );
}

function card([metric]) {
  const slot = (part) =>
    element("div", { class: part }, element("dt", {}, part), element("dd", {}));
  return element(
    "div",
    { class: "card number" },
    element("h2", {}, metric === "loss" ? "Cost" : name(metric)),
    element("dl", {}, slot("train"), slot("dev")),
  );
}
