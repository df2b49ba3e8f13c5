// A slider and an exact field for one number; the learning rate has buttons that multiply it too.

import { element } from "./element.js";
import { exact, number } from "./format.js";
import { MOST, sliderScale } from "./slider_scale.js";
import { visible } from "./visible.js";

const FACTORS = [
  ["÷10", 1 / 10],
  ["÷2", 1 / 2],
  ["×2", 2],
  ["×10", 10],
];
const KEYS_WAIT = 600; // ms after the last arrow key until the value is sent

export class NumberControl {
  /** `move(value)` is called when somebody has chosen a value. */
  constructor(setting, move) {
    Object.assign(this, { move, scale: sliderScale(setting), isMoving: false, isLocked: false });
    const label = visible(setting.label);
    this.slider = element("input", {
      type: "range",
      min: 0,
      max: MOST,
      step: 1,
      "aria-label": label,
      oninput: () => this.#preview(),
      onchange: () => this.#released(),
      onpointerdown: () => {
        this.byKey = false;
      },
      onkeydown: () => {
        this.byKey = true;
      },
      onblur: () => this.#flush(),
    });
    this.field = element("input", {
      type: "text",
      inputmode: "decimal",
      autocomplete: "off",
      spellcheck: "false",
      "aria-label": `${label}, exactly`,
      onkeydown: (event) => event.key === "Escape" && this.#reset(),
      oninput: () => this.#edited(),
    });
    this.set = element("button", { type: "submit", class: "small", disabled: true }, "Set");
    this.off = element(
      "button",
      { type: "button", class: "small", onclick: () => move(null) },
      "Turn off",
    );
    this.factors = setting.name === "learning_rate" ? this.#factorButtons() : [];
    this.element = element(
      "form",
      { class: "control", novalidate: true, onsubmit: (event) => this.#submitted(event) },
      this.slider,
      element("div", { class: "row" }, this.field, this.set, this.off),
      this.factors.length > 0 ? element("div", { class: "factors" }, ...this.factors) : null,
    );
  }

  /** Shows a setting as it stands, unless somebody is moving it just now. */
  show(setting, isLocked) {
    Object.assign(this, { setting, isLocked });
    for (const part of [this.slider, this.field, ...this.factors]) part.disabled = isLocked;
    this.off.hidden = !setting.optional || setting.value === null;
    if (isLocked) this.isMoving = this.isEdited = false;
    if (!this.isMoving) this.#place(setting.value);
    if (!this.isEdited && !this.isMoving) this.field.value = exact(setting.value);
    this.field.placeholder = setting.value === null ? "off" : "";
    this.set.disabled = isLocked || !this.isEdited;
  }

  /** The value that was sent has come through, or was refused. */
  settled() {
    this.isMoving = false;
    if (this.setting) this.show(this.setting, this.isLocked);
  }

  #factorButtons() {
    return FACTORS.map(([text, factor]) =>
      element(
        "button",
        {
          type: "button",
          class: "small factor",
          "aria-label": `Learning rate ${text}`,
          onclick: () => this.move(Number((this.setting.value * factor).toPrecision(6))),
        },
        text,
      ),
    );
  }

  #place(value) {
    this.slider.value = value === null ? 0 : this.scale.place(value);
    this.slider.setAttribute("aria-valuetext", value === null ? "off" : number(value));
  }

  #preview() {
    this.isMoving = true;
    this.isEdited = false;
    clearTimeout(this.timer);
    const value = this.scale.value(Number(this.slider.value));
    this.field.value = exact(value);
    this.slider.setAttribute("aria-valuetext", number(value));
  }

  #released() {
    clearTimeout(this.timer);
    this.waiting = this.scale.value(Number(this.slider.value));
    if (this.byKey) this.timer = setTimeout(() => this.#flush(), KEYS_WAIT);
    else this.#flush();
  }

  #flush() {
    clearTimeout(this.timer);
    const value = this.waiting;
    this.waiting = undefined;
    if (value !== undefined) this.move(value);
  }

  #edited() {
    this.isEdited = this.field.value !== exact(this.setting.value);
    this.set.disabled = !this.isEdited;
    this.field.removeAttribute("aria-invalid");
  }

  #reset() {
    this.isEdited = false;
    this.field.value = exact(this.setting.value);
    this.#edited();
  }

  #submitted(event) {
    event.preventDefault();
    const text = this.field.value.trim();
    const value = text === "" && this.setting.optional ? null : Number(text.replace("−", "-"));
    if ((text === "" && value !== null) || Number.isNaN(value))
      return this.field.setAttribute("aria-invalid", "true");
    this.isEdited = false;
    this.set.disabled = true;
    return this.move(value);
  }
}
