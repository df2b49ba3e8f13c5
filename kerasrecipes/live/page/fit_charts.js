// Which charts a fit's page has, from the groups of its curves.

import { Chart } from "./chart.js";
import { describeNudge } from "./describe_nudge.js";
import { bytes } from "./format.js";
import { LayerChoice } from "./layer_choice.js";
import { curveStyle } from "./palette.js";
import { smoothing } from "./smoothing.js";
import { visible } from "./visible.js";

const MOST_MARKS = 200;
const PLACES = new Map(
  Object.entries({ train: 0, dev: 1, train_error: 0, dev_error: 1, bias: 2, variance: 3 }),
);
const NAMED = new Set(["cost_without_penalty", "penalty", "score"]); // beside those of train and dev
const FIXED = {
  cost: { title: "Cost", place: "#cost-charts", height: 300, isSmooth: true },
  learning_rate: { title: "Learning rate", place: "#other-charts", log: true },
  memory: { title: "Memory", place: "#other-charts", format: bytes },
  bias_variance: { title: "Errors", place: "#bias-variance .chart-grid" },
  gradient_norm: {
    title: "Gradient norms",
    place: "#layers .chart-grid",
    log: true,
    byLayer: true,
  },
  update_ratio: { title: "Update ratios", place: "#layers .chart-grid", log: true, byLayer: true },
};

export class FitCharts {
  constructor(root) {
    Object.assign(this, { root, charts: new Map(), beta: 0, latest: null });
    this.choice = new LayerChoice(root.querySelector("#layers"), () => this.#layersChosen());
    smoothing(root.querySelector("#smoothing"), (beta) => this.#smooth(beta));
  }

  /** Shows all curves of a `RunState`. */
  show(parts, state) {
    this.latest = [parts, state];
    const marks = parts.nudges.slice(-MOST_MARKS).map((nudge) => ({
      step: nudge.step,
      text: `step ${nudge.step}: ${describeNudge(nudge)}`,
    }));
    const groups = new Set([...state.curves.values()].map(({ group }) => group));
    for (const group of sorted(groups)) this.#show(group, state, marks);
    for (const [group, { chart }] of this.charts) chart.element.hidden = !groups.has(group);
  }

  #show(group, state, marks) {
    const of = kind(group);
    if (!this.charts.has(group)) this.#add(group, of);
    const curves = state.group(group);
    const chosen = of.byLayer ? this.choice.among(curves) : curves;
    const lines = chosen.map(([key, { part, steps, values }], n) => ({
      key,
      steps,
      values,
      label: label(group, key, part),
      ...curveStyle(place(key, part, n)),
    }));
    this.charts.get(group).chart.show(lines, marks);
  }

  #add(group, of) {
    const chart = new Chart({
      key: group,
      title: of.title,
      log: of.log,
      height: of.height,
      format: of.format,
    });
    chart.element.dataset.group = group;
    if (of.isSmooth) chart.smooth(this.beta);
    this.root.querySelector(of.place).append(chart.element);
    this.charts.set(group, { chart, isSmooth: of.isSmooth });
  }

  #smooth(beta) {
    this.beta = beta;
    for (const { chart, isSmooth } of this.charts.values()) if (isSmooth) chart.smooth(beta);
  }

  #layersChosen() {
    if (this.latest !== null) this.show(...this.latest);
  }
}

function kind(group) {
  if (Object.hasOwn(FIXED, group)) return FIXED[group];
  const metric = group.startsWith("metric:") ? group.slice("metric:".length) : group;
  return { title: visible(metric), place: "#metric-charts", isSmooth: true };
}

function sorted(groups) {
  const order = Object.keys(FIXED);
  return [...groups].sort((a, b) => order.indexOf(a) - order.indexOf(b));
}

function label(group, key, part) {
  if (NAMED.has(key)) return key.replaceAll("_", " ");
  if (group === "learning_rate" || group === "memory" || group === "bias_variance")
    return key.replaceAll("_", " ");
  return part ?? key;
}

/** Train is always the first colour, and dev the second. */
function place(key, part, n) {
  return PLACES.get(key) ?? (NAMED.has(key) ? n : (PLACES.get(part) ?? n));
}
