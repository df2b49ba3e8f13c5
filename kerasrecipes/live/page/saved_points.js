// The saved points of a run, and the way back to them.

import { confirm } from "./confirm.js";
import { element, keepChildren, setText } from "./element.js";
import { clock, count } from "./format.js";
import { send } from "./send.js";

/** `may(state)` says why there are no controls, or null. */
export function savedPoints(root, may) {
  const list = element("ul", { class: "plain saved" });
  const said = element("p", { class: "reply", "aria-live": "polite" });
  root.querySelector(".body").append(said, list);
  return (state) => {
    const points = state.saved_points ?? [];
    root.hidden = points.length === 0;
    const why = may(state) === null ? (state.actions?.go_back ?? null) : null;
    if (said.dataset.sent === undefined) setText(said, why === null ? "" : `Going back: ${why}`);
    keepChildren(
      list,
      [...points].reverse(),
      ({ number }) => number,
      (point) => made(point, said),
      (child) => {
        child.querySelector("button").hidden = may(state) !== null;
        child.querySelector("button").disabled = why !== null;
      },
    );
  };
}

function made(point, said) {
  const { number, epoch, step, time, by_hand: byHand } = point;
  const back = element(
    "button",
    { type: "button", class: "quiet", onclick: () => goBack(point, said) },
    "Go back",
  );
  back.setAttribute("aria-label", `Go back to saved point ${number}`);
  return element(
    "li",
    { "data-number": number },
    element("span", { class: "what" }, `${number}: epoch ${count(epoch + 1)}, step ${count(step)}`),
    element("span", { class: "when" }, `${clock(time)}${byHand ? " · saved by hand" : ""}`),
    back,
  );
}

async function goBack({ number, step }, said) {
  const point = `saved point ${number} (step ${count(step)})`;
  const question = `Go back to ${point}? What was learned since is lost.`;
  if (!(await confirm(question, "Go back"))) return;
  said.dataset.sent = "";
  setText(said, `Going back to saved point ${number} …`);
  const { outcome, reason } = await send({ name: "go_back", value: number });
  setText(
    said,
    {
      done: `Went back to saved point ${number}.`,
      waiting: "The training has not answered yet.",
      refused: `Refused: ${reason}`,
    }[outcome],
  );
}
