// What the page says of its line to the server, and how old its data are.

import { age } from "./format.js";
import { setText } from "./element.js";

export class Connection {
  constructor(banner, ageText) {
    Object.assign(this, { banner, ageText, status: "opening", at: null });
    setInterval(() => this.show(), 1000);
  }

  /** Something came from the server. */
  heard() {
    this.at = Date.now();
  }

  tell(status, why = "") {
    this.status = status;
    this.why = why;
    this.show();
  }

  show() {
    if (document.hidden) return;
    setText(
      this.ageText,
      this.status === "over" ? "" : this.at === null ? "" : age(Date.now() - this.at),
    );
    const text = this.#text();
    this.banner.hidden = text === "";
    if (this.banner.dataset.status !== this.status) {
      this.banner.dataset.status = this.status;
      setText(this.banner.querySelector(".said"), text);
    }
    setText(this.banner.querySelector(".since"), this.#since());
  }

  #text() {
    if (this.status === "lost") return "Connection lost, trying again.";
    if (this.status === "refused") {
      const why = this.why.trim();
      return `The server refuses this page: ${why} Open the address that the training printed.`;
    }
    return "";
  }

  #since() {
    if (this.status !== "lost") return "";
    return this.at === null ? "No data yet." : `Last data ${age(Date.now() - this.at)}.`;
  }
}
