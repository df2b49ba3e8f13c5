// What stands at the top: title, status, progress, times, memory.

import { element, name, setText } from "./element.js";
import { NONE, bytes, count, duration, number } from "./format.js";
import { visible } from "./visible.js";

export const ENDED = new Set(["finished", "stopped", "failed", "lost"]);
export const SIGNS = {
  running: "▶",
  paused: "‖",
  finished: "✓",
  stopped: "■",
  failed: "✕",
  lost: "?",
};

/** The share of the fit that is done, from 0 to 1; null if nobody knows. */
export function doneShare({ step, steps, epoch, epochs, batch, batches }) {
  if (steps) return Math.min(step / steps, 1);
  if (!epochs) return null;
  return Math.min((epoch + (batches ? batch / batches : 0)) / epochs, 1);
}

export function header(root) {
  const at = (id) => root.querySelector(`#${id}`);
  return ({ run, status, said, progress, memory, metrics }) => {
    at("title").replaceChildren(name(run.title ?? "A fit"));
    const size = run.parameters == null ? "" : `${count(run.parameters)} parameters`;
    const about = [run.model, size, run.backend].filter(Boolean).join(" · ");
    setText(at("model"), visible(about));
    at("status").dataset.status = status;
    setText(at("status"), `${SIGNS[status] ?? ""} ${status}`);
    setText(at("said"), visible(said ?? ""));
    showProgress(at("progress"), doneShare(progress));
    showFacts(at("facts"), progress, memory ?? {}, status);
    document.title = pageTitle(status, progress, metrics, run.title);
  };
}

function pageTitle(status, progress, metrics, title) {
  const share = doneShare(progress);
  const percent = share === null || ENDED.has(status) ? "" : `${Math.floor(100 * share)}%`;
  const state = status === "running" ? "" : status[0].toUpperCase() + status.slice(1);
  const cost = metrics?.loss === undefined ? "" : number(metrics.loss, 3);
  return [state, percent, cost, visible(title ?? "")].filter(Boolean).join(" ");
}

function showProgress(bar, share) {
  bar.classList.toggle("unknown", share === null);
  bar.firstElementChild.style.width = `${100 * (share ?? 1)}%`;
  if (share === null) bar.removeAttribute("aria-valuenow");
  else bar.setAttribute("aria-valuenow", String(Math.floor(100 * share)));
}

function showFacts(list, progress, memory, status) {
  const { epoch = 0, epochs, step = 0, steps, batch, batches } = progress;
  const of = (n, all) => (all ? `${count(n)} of ${count(all)}` : count(n));
  const facts = [
    ["Epoch", of(epochs ? Math.min(epoch + 1, epochs) : epoch + 1, epochs)],
    steps || step ? ["Step", of(step, steps)] : null,
    batches ? ["Batch", of(batch, batches)] : null,
    ["Time so far", duration(progress.seconds)],
    ENDED.has(status) ? null : ["Time left", timeLeft(progress, status)],
    ["A step", duration(progress.step_seconds)],
    ["Memory", memoryText(memory)],
    memory.device_bytes == null ? null : ["On the device", bytes(memory.device_bytes)],
  ];
  list.replaceChildren(
    ...facts
      .filter((fact) => fact !== null && fact[1] !== NONE)
      .map(([term, value]) =>
        element("div", {}, element("dt", {}, term), element("dd", {}, value)),
      ),
  );
}

function timeLeft({ seconds_left: left }, status) {
  if (status === "paused") return "paused";
  return left === null || left === undefined ? "not known yet" : `about ${duration(left)}`;
}

function memoryText({ bytes: now, peak_bytes: peak }) {
  return peak == null ? bytes(now) : `${bytes(now)} (peak ${bytes(peak)})`;
}
