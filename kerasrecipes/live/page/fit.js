// The page of one fit: a running one, followed by its stream, or the files of one, read again.

import { actions } from "./actions.js";
import { biasVariance } from "./bias_variance.js";
import { Connection } from "./connection.js";
import { setText } from "./element.js";
import { findings } from "./findings.js";
import { FitCharts } from "./fit_charts.js";
import { ENDED, header } from "./header.js";
import { hideToken } from "./hide_token.js";
import { layers } from "./layers.js";
import { messages } from "./messages.js";
import { nudges } from "./nudges.js";
import { numbers } from "./numbers.js";
import { Painter } from "./painter.js";
import { Polling } from "./polling.js";
import { RunState } from "./run_state.js";
import { savedPoints } from "./saved_points.js";
import { settings } from "./settings.js";
import { Stream } from "./stream.js";
import { visible } from "./visible.js";
import { whenAwake } from "./awake.js";

const FILES = "/run/";
const isOfFiles = location.pathname.startsWith(FILES);
const KEPT = isOfFiles ? "read from its files" : "kept in memory";
const at = (id) => document.querySelector(`#${id}`);

hideToken();
const state = new RunState();
const painter = new Painter(state);
const connection = new Connection(at("banner"), at("age"));
addPanels();
const line = opened();
whenAwake(() => line.renew());

/** Why there are no controls, or null if there are. */
function may({ status, run }) {
  if (ENDED.has(status)) return `The training has ended: ${status}.`;
  if (isOfFiles) return "Shown from the run's files. To steer it, open its own page.";
  return run.read_only ? "Read only: this page shows the training and cannot steer it." : null;
}

function addPanels() {
  const charts = new FitCharts(document.body);
  painter.add(["run", "status", "said", "progress", "memory", "metrics"], header(document.body));
  painter.add(["metrics"], numbers(at("numbers")));
  painter.add(["run", "status", "actions"], actions(at("actions"), may));
  painter.add(["run", "status", "settings", "nudges"], settings(at("settings"), may));
  painter.add(["run", "status", "actions", "saved_points"], savedPoints(at("saved"), may));
  painter.add(["nudges"], nudges(at("nudges").querySelector(".body")));
  painter.add(["findings"], findings(at("findings").querySelector(".body")));
  painter.add(["bias_variance"], biasVariance(at("bias-variance")));
  painter.add(["layers"], layers(at("layers")));
  painter.add(["messages"], messages(at("messages")));
  painter.add(["curves", "nudges"], (parts, all) => charts.show(parts, all));
  painter.add(["run"], ({ run }) =>
    setText(at("foot"), visible(`Run ${run.id ?? ""} · ${run.directory ?? KEPT}`)),
  );
}

function opened() {
  const tell = (status, why) => connection.tell(status, why);
  if (!isOfFiles) return new Stream("/api/events", take, tell);
  return new Polling(`/api/runs/${location.pathname.slice(FILES.length)}/state`, take, tell);
}

function take(event, data) {
  connection.heard();
  if (event === "change") state.change(data);
  else state.replace(data);
  painter.soon();
  const isOver = event === "end" || (isOfFiles && ENDED.has(data.status));
  if (isOver) queueMicrotask(() => line.end());
}
