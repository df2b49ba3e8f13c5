// What the doctor found: how grave, where, by which evidence, and what to do.

import { element, keepChildren, name } from "./element.js";
import { number } from "./format.js";

const SIGNS = { error: "✕", warning: "▲", note: "●", info: "●" };
const ORDER = ["error", "warning"];

export function findings(root) {
  const list = element("ul", { class: "plain findings" });
  const none = element("p", { class: "none" }, "Nothing found so far.");
  root.append(none, list);
  return ({ findings: all }) => {
    none.hidden = all.length > 0;
    const sorted = [...all].sort((a, b) => rank(a) - rank(b));
    keepChildren(list, sorted, (finding) => JSON.stringify(finding), made);
  };
}

function rank({ severity }) {
  const place = ORDER.indexOf(severity);
  return place < 0 ? ORDER.length : place;
}

function made({ code, cause, severity, where, evidence, advice, reference, epoch }) {
  const facts = Object.entries(evidence ?? {}).map(([key, value]) =>
    element("span", {}, name(key.replaceAll("_", " ")), " ", element("b", {}, name(text(value)))),
  );
  const source = [reference, epoch == null ? null : `epoch ${epoch + 1}`]
    .filter(Boolean)
    .join(" · ");
  return element(
    "li",
    { class: `finding ${severity === "error" || severity === "warning" ? severity : "note"}` },
    element(
      "p",
      { class: "head" },
      element("span", { class: "severity" }, `${SIGNS[severity] ?? "●"} ${severity}`),
      element("b", {}, name(String(code).replaceAll("-", " "))),
      where ? element("span", { class: "where" }, "in ", name(where)) : null,
      cause ? element("span", { class: "soft" }, "cause: ", name(cause)) : null,
    ),
    element("p", { class: "advice" }, name(advice ?? "")),
    facts.length > 0 ? element("p", { class: "evidence" }, ...facts) : null,
    source ? element("p", { class: "source soft" }, name(source)) : null,
  );
}

function text(value) {
  if (typeof value === "number" || typeof value === "boolean" || value === null)
    return number(value);
  return typeof value === "string" ? value : JSON.stringify(value);
}
