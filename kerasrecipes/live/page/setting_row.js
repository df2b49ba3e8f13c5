// One setting: its value, who sets it, its control, and what became of the last nudge.

import { element, name, setText } from "./element.js";
import { count, number } from "./format.js";
import { NumberControl } from "./number_control.js";
import { SwitchControl } from "./switch_control.js";
import { visible } from "./visible.js";

export class SettingRow {
  /** `ask({ name, value, take_over })` resolves to the answer of `send`. */
  constructor(setting, ask) {
    Object.assign(this, { ask, setting, waitsFrom: null });
    const Control = setting.scale === "switch" ? SwitchControl : NumberControl;
    this.control = new Control(setting, (value) => this.#move({ value }));
    this.value = element("output", { class: "value" });
    this.owner = element("p", { class: "owner" });
    this.reply = element("p", { class: "reply", "aria-live": "polite" });
    this.element = element(
      "div",
      {
        class: "setting",
        role: "group",
        "data-name": setting.name,
        "aria-label": visible(setting.label),
      },
      element(
        "div",
        { class: "setting-head" },
        element("span", { class: "label" }, name(setting.label)),
        this.value,
      ),
      this.control.element,
      this.owner,
      this.reply,
    );
  }

  /** Shows it as it stands now; `isShown` means without controls. */
  show(setting, isShown, nudges) {
    this.setting = setting;
    if (
      this.waitsFrom !== null &&
      nudges.slice(this.waitsFrom).some((nudge) => nudge.name === this.asked)
    ) {
      this.#settle(`Now ${number(setting.value)}.`);
    }
    this.nudges = nudges.length;
    const isOwned = setting.owner !== null && !setting.taken;
    const isFixed = isShown || setting.unavailable !== null;
    this.value.hidden = setting.scale === "switch" && !isFixed;
    setText(this.value, shown(setting));
    this.element.classList.toggle("unavailable", setting.unavailable !== null);
    this.control.element.hidden = isFixed;
    this.control.show(setting, isOwned && setting.scale !== "switch");
    this.#showOwner(isOwned, isFixed);
  }

  #showOwner(isOwned, isFixed) {
    const { owner, taken, unavailable, scale } = this.setting;
    const now = JSON.stringify([owner, taken, unavailable, isFixed]);
    if (now === this.shown) return;
    this.shown = now;
    this.owner.replaceChildren();
    if (unavailable !== null) return this.owner.append(name(`Cannot be moved: ${unavailable}`));
    if (owner === null) return;
    this.owner.append(isOwned ? "set by " : "taken over from ", name(owner));
    if (isFixed || scale === "switch") return;
    this.owner.append(
      isOwned
        ? button("Take over", () => this.#move({ value: this.setting.value, take_over: true }))
        : button("Give back", () => this.#move({ name: "decay_schedule", value: true })),
    );
  }

  async #move(request) {
    const asked = { name: this.setting.name, ...request };
    Object.assign(this, { asked: asked.name, waitsFrom: this.nudges });
    this.element.classList.add("pending");
    this.element.classList.remove("refused");
    const what = request.name ? "giving back" : number(asked.value);
    setText(this.reply, `Pending: ${what} …`);
    const answer = await this.ask(asked);
    if (answer.outcome === "waiting")
      return setText(this.reply, `Pending: ${what}. The training has not answered yet …`);
    if (answer.outcome === "refused") return this.#refuse(answer.reason);
    return this.#settle(
      answer.nudge
        ? `Now ${number(answer.nudge.new)}, from step ${count(answer.nudge.step)}.`
        : "Done.",
      answer.nudge,
    );
  }

  #refuse(reason) {
    this.#settle(`Refused: ${visible(reason)}`);
    this.element.classList.add("refused");
    this.control.show(this.setting, this.control.isLocked);
  }

  #settle(said, nudge) {
    if (nudge && nudge.name === this.setting.name) {
      this.control.show({ ...this.setting, value: nudge.new }, this.control.isLocked);
      setText(this.value, number(nudge.new));
    }
    this.waitsFrom = null;
    this.control.settled();
    this.element.classList.remove("pending");
    setText(this.reply, said);
  }
}

function shown({ value, optional }) {
  return value === null && optional ? "off" : number(value);
}

function button(label, onclick) {
  return element("button", { type: "button", class: "small", onclick }, label);
}
