// All settings of a run, with the note that goes with the next nudge.

import { element, keepChildren, setText } from "./element.js";
import { send } from "./send.js";
import { SettingRow } from "./setting_row.js";

const MOST_NOTE = 500;

/** `may(state)` says why there are no controls, or null. */
export function settings(root, may) {
  const note = element("input", {
    type: "text",
    id: "note",
    maxlength: MOST_NOTE,
    autocomplete: "off",
    placeholder: "why, for example",
  });
  const noteRow = element(
    "div",
    { class: "note-row" },
    element("label", { for: "note" }, "Note for the next nudge"),
    note,
  );
  const why = element("p", { class: "soft" });
  const list = element("div", { class: "settings" });
  root.querySelector(".body").append(why, list, noteRow);
  const ask = (request) => asked(request, note);
  return (state) => {
    const without = may(state);
    noteRow.hidden = without !== null || state.settings.length === 0;
    setText(
      why,
      state.settings.length === 0 ? "Nothing can be moved in this training." : (without ?? ""),
    );
    why.hidden = why.textContent === "";
    keepChildren(
      list,
      state.settings,
      ({ name }) => name,
      (setting) => {
        const row = new SettingRow(setting, ask);
        row.element.row = row;
        return row.element;
      },
      (child, setting) => child.row.show(setting, without !== null, state.nudges),
    );
  };
}

async function asked(request, note) {
  const written = note.value;
  const answer = await send({ ...request, note: written });
  if (answer.outcome !== "refused" && note.value === written) note.value = "";
  return answer;
}
