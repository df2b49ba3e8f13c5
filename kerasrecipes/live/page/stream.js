// The line to the server: kept open, opened again when it breaks, given up when it is refused.

import { readEvents } from "./event_reader.js";

const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;
const SILENCE = 25_000; // the server says something every 10 s

export class Stream {
  /** `take(event, data)` gets events, `tell(status, why)` `open`, `lost`, `refused` or `over`. */
  constructor(address, take, tell) {
    Object.assign(this, {
      address,
      take,
      tell,
      wait: FIRST_WAIT,
      over: false,
      heardAt: Date.now(),
    });
    window.addEventListener("online", () => this.renew());
    setInterval(() => this.#look(), 5000);
    this.renew();
  }

  /** Begins anew, with a fresh snapshot. */
  renew() {
    if (this.over) return;
    clearTimeout(this.timer);
    this.control?.abort();
    this.control = new AbortController();
    this.heardAt = Date.now();
    this.#follow(this.control.signal);
  }

  /** Nothing more is to come. */
  end() {
    this.over = true;
    clearTimeout(this.timer);
    this.control.abort();
    this.tell("over");
  }

  async #follow(signal) {
    const heard = () => {
      this.heardAt = Date.now();
    };
    try {
      const answer = await fetch(this.address, {
        signal,
        headers: { Accept: "text/event-stream" },
      });
      if (answer.status === 403) return this.tell("refused", await answer.text());
      if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
      this.tell("open");
      this.wait = FIRST_WAIT;
      await readEvents(
        answer.body,
        (event, data) => signal.aborted || this.take(event, data),
        heard,
      );
      if (!signal.aborted) throw new Error("the line was closed");
    } catch (error) {
      if (!signal.aborted) this.#later(error);
    }
  }

  #later(error) {
    this.tell("lost", String(error.message ?? error));
    this.timer = setTimeout(() => this.renew(), this.wait * (0.8 + 0.4 * Math.random()));
    this.wait = Math.min(2 * this.wait, LONGEST_WAIT);
  }

  /** A line that is silent too long is dead, such as after the computer slept. */
  #look() {
    if (this.over || Date.now() - this.heardAt <= SILENCE) return;
    this.tell("lost", "the line is silent");
    this.renew();
  }
}
