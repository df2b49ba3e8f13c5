// The colours of curves, from the style sheet: six that colour-blind eyes tell apart.

export const KINDS = { solid: [], dashed: [7, 4], dotted: [2, 3] };
export const COLOURS = 6;

/** What the page's colour scheme calls `--name`. */
export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** The colour's name and the kind of line of the n-th curve, from 0. */
export function curveStyle(n) {
  const names = Object.keys(KINDS);
  return {
    colour: `curve-${(n % COLOURS) + 1}`,
    dash: names[Math.floor(n / COLOURS) % names.length],
  };
}

/** Calls `then` when the reader's colour scheme changes. */
export function onScheme(then) {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", then);
}
