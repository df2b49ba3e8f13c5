// What lines have at a step, which of them is meant by a place in a chart, and where they break.

const NEAR = 24; // pixels

/** What a line has at a step, from its nearest point; the last one's without a step. */
export function valueAt({ steps, values }, step) {
  return values[step === null ? values.length - 1 : nearestPoint(steps, step)];
}

/** Of drawn lines `{ x, y, label }`, the one that is nearest above or below a place; or null. */
export function nearestLine(lines, step, pixels, { top, height }, { low, high }) {
  const away = lines.map(({ x, y }) => {
    const share = (y[nearestPoint(x, step)] - low) / (high - low);
    const distance = Math.abs(top + (1 - share) * height - pixels);
    return Number.isFinite(distance) ? distance : Infinity;
  });
  const least = Math.min(...away, Infinity);
  return least <= NEAR ? lines[away.indexOf(least)] : null;
}

/** The points of a line, `{ x, y }`, with a gap where the steps begin anew: it is not drawn back. */
export function unjoined(steps, values) {
  const [x, y] = [[], []];
  steps.forEach((step, place) => {
    if (place > 0 && step < steps[place - 1]) {
      x.push(step);
      y.push(NaN);
    }
    x.push(step);
    y.push(values[place]);
  });
  return { x, y };
}

function nearestPoint(steps, step) {
  let [low, high] = [0, steps.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle] < step) low = middle + 1;
    else high = middle;
  }
  const isBefore = low > 0 && step - steps[low - 1] < steps[low] - step;
  return isBefore ? low - 1 : low;
}
