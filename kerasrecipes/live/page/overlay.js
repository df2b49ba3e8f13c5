// The curves of the chosen runs, laid over each other.

import { Chart } from "./chart.js";
import { element, keepChildren } from "./element.js";
import { curveStyle } from "./palette.js";
import { remember, remembered } from "./remembered.js";
import { smoothing } from "./smoothing.js";
import { visible } from "./visible.js";

const EVERY = 3000; // ms between two readings of a live run
const FIRST = ["loss", "val_loss"];
const GROUPS = /^(cost|metric:.*|learning_rate|bias_variance)$/s;

export class Overlay {
  constructor(root, choice) {
    Object.assign(this, { root, choice, states: new Map(), slots: [] });
    this.chart = new Chart({ key: "overlay", title: "Cost", height: 340 });
    root.querySelector(".chart-grid").append(this.chart.element);
    smoothing(root.querySelector("#smoothing"), (beta) => this.chart.smooth(beta), 0.6);
    this.select = root.querySelector("#curve");
    this.select.addEventListener("change", () => { remember("curve", this.select.value); this.show(); });
    setInterval(() => document.hidden || this.read(false), EVERY);
  }

  /** Reads the chosen runs, those that have ended once only. */
  async read(isAll = true) {
    this.root.hidden = this.choice.runs.length === 0;
    const wanted = this.choice.runs.filter(({ id, status }) =>
      !this.states.has(id) || isAll && ["running", "paused"].includes(status) || status !== this.states.get(id).status);
    const isLive = ({ status }) => status === "running" || status === "paused";
    const due = isAll ? wanted : this.choice.runs.filter((run) => wanted.includes(run) || isLive(run));
    await Promise.all(due.map(({ id }) => this.#fetch(id)));
    this.show();
  }

  show() {
    const runs = this.choice.runs.filter(({ id }) => this.states.has(id));
    this.#showCurves(runs);
    const lines = runs.flatMap((run) => this.#line(run));
    this.chart.show(lines, []);
  }

  async #fetch(id) {
    try {
      const answer = await fetch(`/api/runs/${encodeURIComponent(id)}/state`);
      if (answer.ok) this.states.set(id, await answer.json());
    } catch { /* the banner tells of a lost server */ }
    for (const old of this.states.keys()) if (!this.choice.has(old)) this.states.delete(old);
  }

  #showCurves(runs) {
    const curves = runs.flatMap(({ id }) => Object.entries(this.states.get(id).curves ?? {}));
    const names = [...new Set(curves.filter(([, { group }]) => GROUPS.test(group)).map(([key]) => key))];
    names.sort((a, b) => rank(a) - rank(b));
    keepChildren(this.select, names, (key) => key, (key) => element("option", { value: key }, spoken(key)));
    const wanted = remembered("curve", FIRST[0]);
    if (names.includes(wanted)) this.select.value = wanted;
  }

  #line({ id, title }) {
    const curve = this.states.get(id).curves?.[this.select.value];
    if (curve === undefined) return [];
    return [{ key: id, label: String(title ?? id), ...curve, ...curveStyle(this.choice.slot(id)) }];
  }
}

function rank(key) {
  const place = FIRST.indexOf(key);
  return place < 0 ? FIRST.length : place;
}

function spoken(key) {
  return { loss: "cost on train", val_loss: "cost on dev" }[key] ?? visible(key).replace(/^val_(.*)/s, "$1 on dev").replaceAll("_", " ");
}
