// Gradient norms and update ratios, layer by layer, with small bars on a log scale.

import { element, keepChildren, name, setText } from "./element.js";
import { number } from "./format.js";

const COLUMNS = [
  ["gradient_norm", "Gradient norm"],
  ["update_ratio", "Update ratio"],
];
export const GOOD_RATIO = "An update of about a thousandth of the weights (1e−3) is healthy.";

export function layers(root) {
  const rows = element("tbody");
  const heads = ["Layer", ...COLUMNS.map(([, title]) => title)].map((title) =>
    element("th", { scope: "col" }, title),
  );
  root
    .querySelector(".body")
    .append(
      element(
        "div",
        { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table of layers" },
        element(
          "table",
          { class: "layers" },
          element("thead", {}, element("tr", {}, ...heads)),
          rows,
        ),
      ),
      element("p", { class: "soft small-text" }, `Bars on a log scale. ${GOOD_RATIO}`),
    );
  return ({ layers: all = [] }) => {
    root.hidden = all.length === 0;
    const scales = COLUMNS.map(([column]) => logScale(all.map((layer) => layer[column])));
    const items = all.map((layer, place) => ({ layer, place }));
    keepChildren(
      rows,
      items,
      ({ layer, place }) => `${place} ${layer.name}`,
      row,
      (child, { layer }) => {
        COLUMNS.forEach(([column], place) =>
          showCell(child.cells[place + 1], layer[column], scales[place]),
        );
      },
    );
  };
}

function row({ layer }) {
  const cell = () =>
    element(
      "td",
      {},
      element("span", { class: "figure" }),
      element(
        "span",
        { class: "track", "aria-hidden": "true" },
        element("span", { class: "fill" }),
      ),
    );
  return element("tr", {}, element("th", { scope: "row" }, name(layer.name)), cell(), cell());
}

function showCell(cell, value, scale) {
  setText(cell.querySelector(".figure"), number(value, 3));
  cell.querySelector(".fill").style.width = `${scale(value)}%`;
}

/** From a number to the length of its bar: 100 of the largest, a little of the smallest. */
function logScale(values) {
  const powers = values.filter((value) => value > 0 && Number.isFinite(value)).map(Math.log10);
  const high = Math.max(...powers);
  const low = Math.min(...powers, high - 2) - 0.25;
  return (value) =>
    value > 0 && Number.isFinite(value) ? (100 * (Math.log10(value) - low)) / (high - low) : 0;
}
