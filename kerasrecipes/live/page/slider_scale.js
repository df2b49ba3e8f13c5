// Where a setting's value stands on its slider, from 0 to MOST, and back.

export const MOST = 1000;
const LEAST = 1e-8; // of a log scale that begins at 0: below the first mark it is 0

/** `{ place(value), value(place) }` of a setting. */
export function sliderScale({ scale, low, high }) {
  if (scale === "log") return logarithmic(low, high);
  if (scale === "one_minus_log") return turned(logarithmic(Math.max(1 - high, 0), 1 - low));
  return {
    place: (value) => (MOST * (value - low)) / (high - low || 1),
    value: (place) => clipped(round(low + ((high - low) * place) / MOST), low, high),
  };
}

function logarithmic(low, high) {
  const least = low > 0 ? low : Math.min(LEAST, high / 10);
  const width = Math.log(high / least) || 1;
  return {
    place: (value) => (value <= least ? 0 : (MOST * Math.log(value / least)) / width),
    value: (place) =>
      place <= 0 ? low : clipped(round(least * Math.exp((width * place) / MOST)), low, high),
  };
}

function turned(rest) {
  return {
    place: (value) => MOST - rest.place(1 - value),
    value: (place) => Number((1 - rest.value(MOST - place)).toPrecision(12)),
  };
}

function round(value) {
  return Number(value.toPrecision(3));
}

function clipped(value, low, high) {
  return Math.min(Math.max(value, low), high);
}
