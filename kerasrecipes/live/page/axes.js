// The ranges that show all of some lines, with their marks.

import { logTicks, ticks } from "./ticks.js";
import { brief, number } from "./format.js";

/** Of x: from 0 (or the first step of a zoom) to the last step. */
export function xAxis(lines, zoom, width) {
  const last = Math.max(1, ...lines.map(({ x }) => x[x.length - 1] ?? 0));
  const [low, high] = zoom ?? [0, 1.01 * last];
  return { low, high, ticks: ticks(low, high, Math.max(2, width / 90), brief) };
}

/** Of y: what the lines reach between the ends of x, and a little room. */
export function yAxis(lines, { low: from, high: to }, isLog, label = number) {
  let [low, high] = [Infinity, -Infinity];
  for (const { x, y } of lines) {
    for (let n = 0; n < y.length; n++) {
      if (x[n] < from || x[n] > to || !Number.isFinite(y[n])) continue;
      if (y[n] < low) low = y[n];
      if (y[n] > high) high = y[n];
    }
  }
  if (low > high) [low, high] = [0, 1];
  const room = 0.06 * (high - low) || (isLog ? 0.3 : 0.1 * Math.abs(high) || 1);
  const ends = { low: !isLog && low >= 0 && low < 0.35 * high ? 0 : low - room, high: high + room };
  const marks = isLog
    ? logTicks(ends.low, ends.high, 6, label)
    : ticks(ends.low, ends.high, 6, label);
  return { ...ends, ticks: marks };
}
