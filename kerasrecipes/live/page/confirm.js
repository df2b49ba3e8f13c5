// A question in the page before something that cannot be taken back.

import { setText } from "./element.js";

/** Resolves to whether `yes` was chosen. */
export function confirm(question, yes) {
  const dialog = document.querySelector("#dialog");
  const [cancel, go] = dialog.querySelectorAll("button");
  setText(dialog.querySelector("#dialog-question"), question);
  setText(go, yes);
  return new Promise((answered) => {
    cancel.onclick = () => dialog.close("");
    go.onclick = () => dialog.close("yes");
    dialog.onclose = () => answered(dialog.returnValue === "yes");
    dialog.returnValue = "";
    dialog.showModal();
  });
}
