// The runs that are chosen, at most twelve, each with a colour of its own as long as it stays.

const MOST = 12;

export class RunChoice {
  /** `changed()` is called when another one is chosen, or one no more. */
  constructor(changed) {
    Object.assign(this, { changed, slots: new Map(), known: new Map() });
    this.toggle = ({ id }) => {
      if (!this.slots.delete(id) && !this.isFull) this.slots.set(id, this.#free());
      this.#keep();
      changed();
    };
    for (const id of kept()) if (!this.isFull) this.slots.set(id, this.#free());
  }

  get isFull() {
    return this.slots.size >= MOST;
  }

  /** The chosen runs as they are now. */
  get runs() {
    return [...this.slots.keys()].map((id) => this.known.get(id)).filter(Boolean);
  }

  has(id) {
    return this.slots.has(id);
  }

  slot(id) {
    return this.slots.get(id);
  }

  take(runs) {
    this.known = new Map(runs.map((run) => [run.id, run]));
  }

  clear() {
    this.slots.clear();
    this.#keep();
    this.changed();
  }

  #free() {
    const taken = new Set(this.slots.values());
    return Array.from({ length: MOST }, (_, n) => n).find((n) => !taken.has(n));
  }

  /** Kept in the address, so that it outlives a reload and can be passed on. */
  #keep() {
    const ids = [...this.slots.keys()].map(encodeURIComponent).join(",");
    history.replaceState(
      null,
      "",
      location.pathname + location.search + (ids ? `#runs=${ids}` : ""),
    );
  }
}

function kept() {
  const [, ids = ""] = /^#runs=(.+)$/.exec(location.hash) ?? [];
  try {
    return ids.split(",").filter(Boolean).map(decodeURIComponent);
  } catch {
    return [];
  }
}
