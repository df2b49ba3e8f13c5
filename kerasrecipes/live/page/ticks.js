// Where an axis is marked. A log axis is a plain one of log10(value), here and in `chart.js`.

import { brief, number } from "./format.js";

/** Marks between `low` and `high`: `[[place, label], ...]`. */
export function ticks(low, high, most, label = brief) {
  const step = niceStep((high - low) / most);
  const marks = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + 1e-9 * step; n++) {
    const value = Number((n * step).toPrecision(12));
    marks.push([value, label(value)]);
  }
  return marks;
}

/** The same where `low` and `high` are powers of ten. */
export function logTicks(low, high, most, label = number) {
  const decades = Math.floor(high) - Math.ceil(low) + 1;
  if (decades >= 3) {
    const every = Math.ceil(decades / most);
    return range(Math.ceil(low), Math.floor(high))
      .filter((power) => power % every === 0)
      .map((power) => [power, label === number ? powerLabel(power) : label(10 ** power)]);
  }
  const parts = high - low > 1 ? [1, 2, 5] : high - low > 0.5 ? [1, 1.5, 2, 3, 5, 7] : null;
  if (parts === null) {
    return ticks(10 ** low, 10 ** high, most, label).map(([value, text]) => [
      Math.log10(value),
      text,
    ]);
  }
  return range(Math.floor(low), Math.floor(high))
    .flatMap((power) => parts.map((part) => part * 10 ** power))
    .filter((value) => value >= 10 ** low && value <= 10 ** high)
    .map((value) => [Math.log10(value), label(Number(value.toPrecision(2)))]);
}

function powerLabel(power) {
  return power >= -3 && power <= 4 ? number(10 ** power) : `1e${power}`.replace("-", "−");
}

function niceStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough || 1));
  return power * [1, 2, 5, 10].find((part) => part * power >= rough * 0.999);
}

function range(low, high) {
  return Array.from({ length: Math.max(0, high - low + 1) }, (_, n) => low + n);
}
