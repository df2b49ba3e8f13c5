// A nudge in words, as `kerasrecipes.live.nudge.Nudge` has them.

import { number } from "./format.js";

export const ACTIONS = new Set(["pause", "go_on", "save", "go_back", "stop_after_epoch", "stop"]);

export function describeNudge({ name, old, new: now, note }) {
  let what = name.replaceAll("_", " ");
  if (name === "go_back") what += ` to saved point ${now}`;
  else if (!ACTIONS.has(name)) what += ` ${shown(old)} → ${shown(now)}`;
  return note ? `${what} (${note})` : what;
}

function shown(value) {
  return value === null || value === undefined ? "none" : number(value);
}
