// A setting that is on or off.

import { element } from "./element.js";
import { visible } from "./visible.js";

export class SwitchControl {
  constructor(setting, move) {
    this.isLocked = false;
    this.box = element("input", {
      type: "checkbox",
      role: "switch",
      "aria-label": visible(setting.label),
      onchange: () => move(this.box.checked),
    });
    this.element = element("label", { class: "check switch" }, this.box, element("span", {}, "on"));
  }

  show(setting, isLocked) {
    Object.assign(this, { setting, isLocked });
    this.box.disabled = isLocked;
    this.box.checked = setting.value === true;
  }

  settled() {
    if (this.setting) this.show(this.setting, this.isLocked);
  }
}
