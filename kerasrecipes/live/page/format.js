// Numbers, times and sizes as people read them.

const WHOLE = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
export const NONE = "–";

/** A number of four digits; `–` for none. */
export function number(value, digits = 4) {
  if (value === null || value === undefined) return NONE;
  if (typeof value === "boolean") return value ? "on" : "off";
  if (typeof value !== "number") return String(value);
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e6) return WHOLE.format(value).replace("-", "−");
  if (size < 1e-3 || size >= 1e6) return power(value, digits);
  return trimmed(value.toPrecision(digits)).replace("-", "−");
}

/** A number with all its digits, as a field takes it. */
export function exact(value) {
  return value === null || value === undefined ? "" : String(value);
}

/** A count, in groups of three digits. */
export function count(value) {
  return value === null || value === undefined ? NONE : WHOLE.format(value);
}

/** A count that must be short, as at an axis. */
export function brief(value) {
  const size = Math.abs(value);
  if (size >= 1e9) return `${trimmed((value / 1e9).toFixed(2))}G`;
  if (size >= 1e6) return `${trimmed((value / 1e6).toFixed(2))}M`;
  if (size >= 1e4) return `${trimmed((value / 1e3).toFixed(1))}k`;
  return number(value, 6);
}

export function duration(seconds) {
  if (seconds === null || seconds === undefined || !Number.isFinite(seconds)) return NONE;
  if (seconds < 1) return `${rounded(1000 * seconds, 2)} ms`;
  if (seconds < 10) return `${trimmed(seconds.toFixed(1))} s`;
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return pair(seconds, 60, "min", 1, "s");
  if (seconds < 86400) return pair(seconds, 3600, "h", 60, "min");
  return pair(seconds, 86400, "d", 3600, "h");
}

export function bytes(size) {
  if (size === null || size === undefined) return NONE;
  const step =
    size >= 2 ** 30 ? [2 ** 30, "GiB"] : size >= 2 ** 20 ? [2 ** 20, "MiB"] : [1024, "KiB"];
  return `${rounded(size / step[0], 3)} ${step[1]}`;
}

/** How long ago, in one unit. */
export function age(milliseconds) {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 2) return "just now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}

/** The time of day of an ISO time, with the date if it is not today's. */
export function clock(iso) {
  const time = new Date(iso ?? NaN);
  if (Number.isNaN(time.getTime())) return NONE;
  const today = time.toDateString() === new Date().toDateString();
  const of = { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" };
  return time.toLocaleString("en-GB", today ? of : { day: "numeric", month: "short", ...of });
}

/** To so many digits, and written out: 1000 where `toPrecision` has 1.0e+3. */
function rounded(value, digits) {
  return String(Number(value.toPrecision(digits)));
}

function power(value, digits) {
  const [front, exponent] = value.toExponential(digits - 1).split("e");
  return `${trimmed(front)}e${exponent.replace("+", "")}`.replaceAll("-", "−");
}

function trimmed(text) {
  return text.includes(".") && !text.includes("e") ? text.replace(/\.?0+$/, "") : text;
}

function pair(seconds, large, largeName, small, smallName) {
  const rounded = Math.round(seconds / small) * small;
  const rest = Math.floor((rounded % large) / small);
  return `${Math.floor(rounded / large)} ${largeName} ${rest} ${smallName}`;
}
