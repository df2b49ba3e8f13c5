// Text with its invisible signs written out, as `kerasrecipes.data.visible` has it.

const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const KEPT = new Set("\t\n\u00ad\u200c\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd");

/** `text` in which no sign hides, or turns the direction of others. */
export function visible(text) {
  return text.replace(HIDDEN, (sign) => (KEPT.has(sign) ? sign : written(sign.codePointAt(0))));
}

function written(code) {
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}
