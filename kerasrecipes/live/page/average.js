// The exponentially weighted average with bias correction (course 2, week 2).

/**
 * The average after each point: `v = b v + (1 - b) x` with `b = beta ** (gap / unit)`, divided
 * by `1 - beta ** (sum of gaps / unit)`. With points one unit apart this is the course's formula;
 * points that are far apart, such as one an epoch beside one a batch, forget more from one to the
 * next. What is no number is left out.
 */
export function weightedAverage(steps, values, beta, unit = 1) {
  let [average, weight, last] = [0, 0, null];
  return values.map((value, place) => {
    if (value === null || !Number.isFinite(value)) return NaN;
    const gap = last === null ? 1 : Math.max((steps[place] - last) / unit, 0);
    const kept = beta ** gap;
    average = kept * average + (1 - kept) * value;
    weight = kept * weight + (1 - kept);
    last = steps[place];
    return weight > 0 ? average / weight : value;
  });
}

/** The steps between neighbouring points of the densest line. */
export function spacing(lines) {
  const gaps = lines.map(({ steps }) =>
    steps.length < 2 ? Infinity : (steps[steps.length - 1] - steps[0]) / (steps.length - 1),
  );
  const least = Math.min(...gaps, Infinity);
  return Number.isFinite(least) && least > 0 ? least : 1;
}
