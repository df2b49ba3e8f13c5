// The state of a run as this page holds it: a snapshot, and the changes since.

const MOST_POINTS = 4000; // of one curve; the server keeps fewer

export class RunState {
  constructor() {
    this.parts = null; // the top-level parts of the state, curves apart
    this.curves = new Map();
    this.changed = new Set();
  }

  /** Takes a whole state. */
  replace({ curves = {}, ...parts }) {
    this.parts = parts;
    this.curves = new Map(Object.entries(curves));
    for (const part of [...Object.keys(parts), "curves"]) this.changed.add(part);
  }

  /** Takes a change: parts put whole, points added to curves, and curves put whole. */
  change({ version, put = {}, points = {}, curves = {} }) {
    if (this.parts === null) return;
    Object.assign(this.parts, put, { version });
    for (const part of Object.keys(put)) this.changed.add(part);
    for (const [name, curve] of Object.entries(curves)) this.curves.set(name, curve);
    for (const [name, [steps, values]] of Object.entries(points)) this.#add(name, steps, values);
    if (Object.keys(points).length + Object.keys(curves).length > 0) this.changed.add("curves");
  }

  /** The parts that changed since the last call. */
  take() {
    const changed = this.changed;
    this.changed = new Set();
    return changed;
  }

  /** The curves of a group, as `[name, curve]`. */
  group(group) {
    return [...this.curves].filter(([, curve]) => curve.group === group);
  }

  #add(name, steps, values) {
    const curve = this.curves.get(name);
    if (curve === undefined) return;
    for (const step of steps) curve.steps.push(step);
    for (const value of values) curve.values.push(value);
    if (curve.steps.length > MOST_POINTS) this.curves.set(name, thinned(curve));
  }
}

/** Half the points: neighbours merged into their mean, the first and the last kept. */
function thinned(curve) {
  const [steps, values] = [[curve.steps[0]], [curve.values[0]]];
  const last = curve.steps.length - 1;
  for (let place = 1; place < last; place += 2) {
    const two = place + 1 < last ? [place, place + 1] : [place];
    steps.push(mean(two.map((each) => curve.steps[each])));
    values.push(mean(two.map((each) => curve.values[each])));
  }
  return {
    ...curve,
    steps: [...steps, curve.steps[last]],
    values: [...values, curve.values[last]],
  };
}

function mean(numbers) {
  if (numbers.includes(null)) return null;
  return numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
}
