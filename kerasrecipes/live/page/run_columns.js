// The columns of the table of runs: fixed ones, and the metrics and settings that the runs have.

import { age, count, number } from "./format.js";

const MOST = 24; // of metrics and settings together

/** `[{ id, title, value(run), text(run), isNumber }]`; `value` sorts, `text` is shown. */
export function runColumns(runs) {
  const metrics = keys(runs, "metrics").map((key) => from("metrics", key));
  const settings = keys(runs, "settings").map((key) => from("settings", key));
  return [...FIXED, ...[...metrics, ...settings].slice(0, MOST), NUDGES];
}

const FIXED = [
  { id: "title", title: "Run", value: ({ title, id }) => String(title ?? id).toLowerCase() },
  { id: "status", title: "Status", value: ({ status }) => status },
  { id: "kind", title: "Kind", value: ({ kind }) => kind, text: ({ kind }) => kind },
  { id: "epoch", title: "Epoch", isNumber: true, value: ({ epoch }) => epoch, text: epochs },
  {
    id: "updated",
    title: "Updated",
    value: ({ updated }) => time(updated),
    text: ({ updated }) => ago(updated),
    descends: true,
  },
];
const NUDGES = {
  id: "nudges",
  title: "Nudges",
  isNumber: true,
  value: ({ nudges }) => nudges,
  text: ({ nudges }) => count(nudges),
};

function from(part, key) {
  const value = (run) => run[part]?.[key] ?? null;
  return {
    id: `${part}/${key}`,
    title: key.replaceAll("_", " "),
    isNumber: true,
    value,
    text: (run) => number(value(run)),
  };
}

function keys(runs, part) {
  return [...new Set(runs.flatMap((run) => Object.keys(run[part] ?? {})))];
}

function epochs({ epoch, epochs: all }) {
  if (epoch === null || epoch === undefined) return count(epoch);
  return all ? `${count(epoch)} / ${count(all)}` : count(epoch);
}

function time(iso) {
  const at = Date.parse(iso);
  return Number.isNaN(at) ? null : at;
}

function ago(iso) {
  const at = time(iso);
  return at === null ? "–" : age(Date.now() - at);
}
