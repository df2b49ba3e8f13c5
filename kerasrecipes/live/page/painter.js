// When the page is drawn: at most once a frame, only what changed, and never while it is hidden.

export class Painter {
  constructor(state) {
    this.state = state;
    this.panels = [];
    this.waiting = false;
    document.addEventListener("visibilitychange", () => this.soon());
  }

  /** `show(state)` is called when one of the `parts` of the state changed. */
  add(parts, show) {
    this.panels.push({ parts, show });
  }

  soon() {
    if (this.waiting || document.hidden || this.state.parts === null) return;
    this.waiting = true;
    requestAnimationFrame(() => this.#paint());
  }

  #paint() {
    this.waiting = false;
    const changed = this.state.take();
    if (changed.size === 0) return;
    for (const { parts, show } of this.panels) {
      if (parts.some((part) => changed.has(part))) show(this.state.parts, this.state);
    }
  }
}
