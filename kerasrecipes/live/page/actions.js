// The buttons of a training: pause and go on, save, stop.

import { confirm } from "./confirm.js";
import { element, setAttributes, setText } from "./element.js";
import { send } from "./send.js";
import { visible } from "./visible.js";

const BUTTONS = [
  { name: "pause", label: "Pause", key: "p" },
  { name: "go_on", label: "Go on", key: "p" },
  { name: "save", label: "Save now" },
  { name: "stop_after_epoch", label: "Stop after this epoch" },
  { name: "stop", label: "Stop now", question: "Stop the training at the next step?" },
];

/** `may(state)` says why there are no controls, or null. */
export function actions(root, may) {
  const reply = element("p", { class: "reply", "aria-live": "polite" });
  const buttons = new Map(BUTTONS.map((each) => [each.name, button(each, reply)]));
  root.append(...buttons.values(), reply);
  let latest = null;
  document.addEventListener("keydown", (event) => {
    if (latest === null || may(latest) !== null || !isShortcut(event)) return;
    buttons.get(latest.status === "paused" ? "go_on" : "pause").click();
  });
  return (state) => {
    latest = state;
    const without = may(state);
    const isPaused = state.status === "paused";
    for (const [name, each] of buttons) {
      const why = state.actions?.[name] ?? null;
      each.hidden = without !== null || name === (isPaused ? "pause" : "go_on");
      setAttributes(each, {
        "aria-disabled": why === null ? null : "true",
        title: why && visible(why),
      });
      each.reason = why;
    }
    if (without !== null) setText(reply, without);
  };
}

function button({ name, label, key, question }, reply) {
  const made = element(
    "button",
    { type: "button", "data-action": name, class: name === "stop" ? "grave" : "quiet" },
    label,
  );
  if (key) made.append(element("kbd", { "aria-hidden": "true" }, key.toUpperCase()));
  if (key) made.setAttribute("aria-keyshortcuts", key);
  made.addEventListener("click", async () => {
    if (made.getAttribute("aria-busy") === "true") return;
    if (made.reason !== null) return setText(reply, `${label}: ${visible(made.reason)}`);
    if (question && !(await confirm(question, label))) return;
    await ask(name, label, made, reply);
  });
  return made;
}

async function ask(name, label, made, reply) {
  made.setAttribute("aria-busy", "true");
  setText(reply, `${label} …`);
  const { outcome, reason } = await send({ name });
  made.removeAttribute("aria-busy");
  const said = { done: `${label}: done.`, waiting: `${label}: the training has not answered yet.` };
  setText(reply, said[outcome] ?? `${label}, refused: ${visible(reason)}`);
}

function isShortcut(event) {
  if (event.key !== "p" || event.ctrlKey || event.metaKey || event.altKey || event.repeat)
    return false;
  const { tagName, type } = event.target;
  const writes =
    tagName === "TEXTAREA" || (tagName === "INPUT" && type !== "range" && type !== "checkbox");
  return !writes && !document.querySelector("dialog[open]");
}
