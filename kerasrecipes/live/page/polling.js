// A state that is asked for again and again, where no server streams it.

const EVERY = 2000;
const LONGEST_WAIT = 10_000;

export class Polling {
  /** As `Stream`; each answer comes as the event `snapshot`. */
  constructor(address, take, tell) {
    Object.assign(this, { address, take, tell, wait: EVERY, over: false });
    this.renew();
  }

  renew() {
    if (this.over) return;
    clearTimeout(this.timer);
    this.control?.abort();
    this.control = new AbortController();
    this.#ask(this.control.signal);
  }

  end() {
    this.over = true;
    clearTimeout(this.timer);
    this.tell("over");
  }

  async #ask(signal) {
    try {
      const answer = await fetch(this.address, { signal });
      if (answer.status === 403 || answer.status === 404)
        return this.tell("refused", await answer.text());
      if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
      const state = await answer.json();
      if (signal.aborted) return;
      this.wait = EVERY;
      this.tell("open");
      this.take("snapshot", state);
    } catch (error) {
      if (signal.aborted) return;
      this.wait = Math.min(2 * this.wait, LONGEST_WAIT);
      this.tell("lost", String(error.message ?? error));
    }
    if (!this.over)
      this.timer = setTimeout(() => this.renew(), document.hidden ? LONGEST_WAIT : this.wait);
  }
}
