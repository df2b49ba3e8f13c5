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
    Object.assign(this, { root, choice, states: new Map(), readAs: new Map() });
    this.chart = new Chart({ key: "overlay", title: "Cost", height: 340 });
    root.querySelector(".chart-grid").append(this.chart.element);
    smoothing(root.querySelector("#smoothing"), (beta) => this.chart.smooth(beta), 0.6);
    this.select = root.querySelector("#curve");
    this.select.addEventListener("change", () => {
      remember("curve", this.select.value);
      this.show();
    });
    setInterval(() => document.hidden || this.choice.runs.length === 0 || this.read(), EVERY);
  }

  /** Reads the chosen runs: each once, and again as long as it lives or when it has ended. */
  async read() {
    this.root.hidden = this.choice.runs.length === 0;
    const isDue = ({ id, status }) => isLive(status) || status !== this.readAs.get(id);
    await Promise.all(this.choice.runs.filter(isDue).map((run) => this.#fetch(run)));
    this.show();
  }

  show() {
    const runs = this.choice.runs.filter(({ id }) => this.states.has(id));
    this.#showCurves(runs);
    if (this.select.selectedOptions.length > 0)
      this.chart.rename(this.select.selectedOptions[0].textContent);
    const lines = runs.flatMap((run) => this.#line(run));
    this.chart.show(lines, []);
  }

  async #fetch({ id, status }) {
    try {
      const answer = await fetch(`/api/runs/${encodeURIComponent(id)}/state`);
      if (!answer.ok) return;
      this.states.set(id, await answer.json());
      this.readAs.set(id, status);
    } catch {
      /* the banner tells of a lost server */
    }
    for (const old of this.states.keys()) if (!this.choice.has(old)) this.#forget(old);
  }

  #forget(id) {
    this.states.delete(id);
    this.readAs.delete(id);
  }

  #showCurves(runs) {
    const curves = runs.flatMap(({ id }) => Object.entries(this.states.get(id).curves ?? {}));
    const names = [
      ...new Set(curves.filter(([, { group }]) => GROUPS.test(group)).map(([key]) => key)),
    ];
    names.sort((a, b) => rank(a) - rank(b));
    keepChildren(
      this.select,
      names,
      (key) => key,
      (key) => element("option", { value: key }, spoken(key)),
    );
    const wanted = remembered("curve", FIRST[0]);
    if (names.includes(wanted)) this.select.value = wanted;
  }

  #line({ id, title }) {
    const curve = this.states.get(id).curves?.[this.select.value];
    if (curve === undefined) return [];
    return [{ key: id, label: String(title ?? id), ...curve, ...curveStyle(this.choice.slot(id)) }];
  }
}

function isLive(status) {
  return status === "running" || status === "paused";
}

function rank(key) {
  const place = FIRST.indexOf(key);
  return place < 0 ? FIRST.length : place;
}

function spoken(key) {
  return (
    { loss: "cost on train", val_loss: "cost on dev" }[key] ??
    visible(key)
      .replace(/^val_(.*)/s, "$1 on dev")
      .replaceAll("_", " ")
  );
}
