// What was done to this run, the newest first.

import { element, keepChildren, name } from "./element.js";
import { clock, count } from "./format.js";
import { describeNudge } from "./describe_nudge.js";

export function nudges(root) {
  const list = element("ol", { class: "plain nudges" });
  const none = element(
    "p",
    { class: "none" },
    "None yet. Whatever is moved is kept here and drawn in the charts.",
  );
  root.append(none, list);
  return ({ nudges: all }) => {
    const items = all.map((nudge, place) => ({ nudge, place })).reverse();
    none.hidden = items.length > 0;
    keepChildren(list, items, ({ nudge, place }) => `${place} ${JSON.stringify(nudge)}`, made);
  };
}

function made({ nudge }) {
  return element(
    "li",
    {},
    element("span", { class: "when" }, `step ${count(nudge.step)} · ${clock(nudge.time)}`),
    element("span", { class: "what" }, name(describeNudge(nudge))),
  );
}
