// The lines that callbacks said, the newest first.

import { element, keepChildren, name } from "./element.js";
import { clock } from "./format.js";

export function messages(root) {
  const list = element("ol", {
    class: "plain messages",
    tabindex: "0",
    "aria-label": "Messages, the newest first",
  });
  root.querySelector(".body").append(list);
  return ({ messages: all = [] }) => {
    root.hidden = all.length === 0;
    const counts = new Map();
    const items = all.map((message) => {
      const said = `${message.time} ${message.text}`;
      counts.set(said, (counts.get(said) ?? 0) + 1);
      return { ...message, key: `${said} ${counts.get(said)}` };
    });
    keepChildren(
      list,
      items.reverse(),
      ({ key }) => key,
      ({ time, text }) =>
        element(
          "li",
          {},
          element("span", { class: "when" }, clock(time)),
          element("span", { class: "what" }, name(text)),
        ),
    );
  };
}
