// The table of runs: sorted by any column, searches with their trials, runs to be chosen.

import { element, keepChildren, name, setAttributes, setText } from "./element.js";
import { runColumns } from "./run_columns.js";
import { runRows } from "./run_order.js";
import { RunRow } from "./run_row.js";

const STEP = 200; // rows shown at first, and with each "more"

export class RunsTable {
  /** `choice` has `has(id)`, `isFull` and `toggle(run)`. */
  constructor(root, choice) {
    Object.assign(this, {
      choice,
      runs: [],
      most: STEP,
      open: new Set(),
      find: "",
      status: "",
      sortBy: "updated",
      descending: true,
    });
    [this.head, this.body, this.more] = ["thead", "tbody", "#more"].map((part) =>
      root.querySelector(part),
    );
    this.more.addEventListener("click", () => {
      this.most += STEP;
      this.show();
    });
  }

  take(runs) {
    this.runs = runs;
    this.show();
  }

  filter(find, status) {
    Object.assign(this, { find: find.trim(), status, most: STEP });
    this.show();
  }

  show() {
    const columns = runColumns(this.runs);
    const column = columns.find(({ id }) => id === this.sortBy) ?? columns[0];
    const rows = runRows(this.runs, { ...this, column });
    this.#showHead(columns, column);
    keepChildren(
      this.body,
      rows.slice(0, this.most),
      ({ run }) => `${this.layout}\n${run.id}`,
      ({ run }) => new RunRow(run, columns, this.choice.toggle, (of) => this.#toggle(of)).element,
      (child, row) => child.row.show(row, columns, this.choice),
    );
    this.more.hidden = rows.length <= this.most;
    setText(this.more, `Show more of ${rows.length} rows`);
  }

  /** The head is made again only when there are other columns. */
  #showHead(columns, sorted) {
    const layout = JSON.stringify(columns.map(({ id }) => id));
    if (layout !== this.layout) {
      this.layout = layout;
      this.cells = columns.map((column) => this.#headCell(column));
      this.head.replaceChildren(
        element(
          "tr",
          {},
          element(
            "th",
            { class: "pick", scope: "col" },
            element("span", { class: "unseen" }, "Chosen"),
          ),
          ...this.cells,
        ),
      );
    }
    columns.forEach(({ id }, place) => {
      const order = id === sorted.id ? (this.descending ? "descending" : "ascending") : "none";
      setAttributes(this.cells[place], { "aria-sort": order });
    });
  }

  #headCell({ id, title, isNumber, descends }) {
    const sort = () => {
      this.descending = this.sortBy === id ? !this.descending : (descends ?? false);
      this.sortBy = id;
      this.show();
    };
    return element(
      "th",
      { scope: "col", class: isNumber ? "right" : null },
      element("button", { type: "button", class: "sort", onclick: sort }, name(title)),
    );
  }

  #toggle({ id }) {
    if (!this.open.delete(id)) this.open.add(id);
    this.show();
  }
}
