// The page of many runs: a table of them, and the curves of those that are chosen.

import { whenAwake } from "./awake.js";
import { Connection } from "./connection.js";
import { element, setText } from "./element.js";
import { hideToken } from "./hide_token.js";
import { Overlay } from "./overlay.js";
import { RunChoice } from "./run_choice.js";
import { RunsTable } from "./runs_table.js";
import { Stream } from "./stream.js";

const STATUSES = [
  ["", "all"],
  ["live", "live"],
  ...["running", "paused", "finished", "stopped", "failed", "lost"].map((s) => [s, s]),
];
const at = (id) => document.querySelector(`#${id}`);

hideToken();
const connection = new Connection(at("banner"), at("age"));
const choice = new RunChoice(() => {
  table.show();
  showChoice();
  overlay.read();
});
const table = new RunsTable(at("runs"), choice);
const overlay = new Overlay(at("overlay"), choice);
let waiting = null; // runs that came while the page was hidden
addFilters();
at("clear").addEventListener("click", () => choice.clear());
const line = new Stream(
  "/api/events",
  (event, data) => event === "runs" && take(data.runs ?? data),
  (...said) => connection.tell(...said),
);
fetch("/api/runs")
  .then((answer) => (answer.ok ? answer.json() : null))
  .then((data) => data && take(data.runs))
  .catch(() => {});
whenAwake(() => line.renew());
document.addEventListener("visibilitychange", () => waiting !== null && show());

function take(runs) {
  connection.heard();
  waiting = runs;
  requestAnimationFrame(show); // not called while the page is hidden
}

function show() {
  if (waiting === null || document.hidden) return;
  const runs = waiting;
  waiting = null;
  const isFirst = choice.known.size === 0;
  choice.take(runs);
  table.take(runs);
  const live = runs.filter(({ status }) => status === "running" || status === "paused").length;
  setText(
    at("counts"),
    runs.length === 0 ? "No runs in this directory yet." : `${runs.length} runs, ${live} live`,
  );
  document.title = live > 0 ? `${live} live of ${runs.length} runs` : `${runs.length} runs`;
  showChoice();
  if (isFirst && choice.runs.length > 0) overlay.read();
}

function showChoice() {
  const chosen = choice.runs.length;
  const full = choice.isFull ? ": leave one out to choose another." : ".";
  setText(
    at("choice"),
    chosen === 0
      ? "Choose up to 12 runs to lay their curves over each other."
      : `${chosen} of at most 12 runs chosen${full}`,
  );
}

function addFilters() {
  at("which").append(...STATUSES.map(([value, text]) => element("option", { value }, text)));
  const filter = () => table.filter(at("find").value, at("which").value);
  at("find").addEventListener("input", filter);
  at("which").addEventListener("change", filter);
}
