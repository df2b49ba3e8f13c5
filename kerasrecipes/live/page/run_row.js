// One run in the table: to be chosen, opened if it has trials, and followed to its page.

import { element, name, setAttributes, setText } from "./element.js";
import { SIGNS } from "./header.js";
import { number } from "./format.js";
import { visible } from "./visible.js";

export class RunRow {
  /** `chosen(run)` and `opened(run)`: somebody chooses it, or asks for its trials. */
  constructor(run, columns, chosen, opened) {
    const title = visible(String(run.title ?? run.id));
    this.box = element("input", {
      type: "checkbox",
      "aria-label": `Lay over: ${title}`,
      onchange: () => chosen(run),
    });
    this.toggle = element("button", {
      type: "button",
      class: "toggle",
      onclick: () => opened(run),
    });
    this.link = element(
      "a",
      { class: "run-name", href: `/run/${encodeURIComponent(run.id)}` },
      name(run.title ?? run.id),
    );
    this.live = element("a", { class: "live" }, "steer");
    this.note = element("span", { class: "soft small-text" });
    this.cells = columns
      .slice(1)
      .map(({ isNumber }) => element("td", { class: isNumber ? "right" : null }));
    this.element = element(
      "tr",
      {},
      element("td", { class: "pick" }, element("label", { class: "check" }, this.box)),
      element(
        "th",
        { scope: "row" },
        element("div", { class: "run-head" }, this.link, this.toggle, this.live, this.note),
      ),
      ...this.cells,
    );
    this.element.row = this;
  }

  show({ run, depth, children, isOpen }, columns, choice) {
    this.box.checked = choice.has(run.id);
    this.box.disabled = !this.box.checked && choice.isFull;
    this.element.classList.toggle("chosen", this.box.checked);
    this.element.cells[1].style.setProperty("--depth", depth);
    this.toggle.hidden = children === 0;
    setText(this.toggle, `${isOpen ? "▾" : "▸"} ${number(children)} trials`);
    setAttributes(this.toggle, { "aria-expanded": String(isOpen) });
    this.live.hidden = !isWebAddress(run.address);
    if (!this.live.hidden) setAttributes(this.live, { href: run.address, rel: "noreferrer" });
    setText(this.note, visible(run.reason ?? run.said ?? ""));
    columns.slice(1).forEach((column, place) => this.#showCell(this.cells[place], column, run));
  }

  #showCell(cell, { id, text }, run) {
    if (id !== "status") return setText(cell, visible(String(text(run))));
    setText(cell, `${SIGNS[run.status] ?? ""} ${visible(String(run.status))}`);
    cell.dataset.status = run.status;
    return cell.classList.add("state");
  }
}

/** An address from a file is followed only if it is a page, never a script. */
function isWebAddress(address) {
  return typeof address === "string" && /^https?:\/\//.test(address);
}
