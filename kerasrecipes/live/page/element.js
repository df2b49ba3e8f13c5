// DOM elements. Text from outside only ever becomes text nodes and attributes, never markup.

import { visible } from "./visible.js";

const SVG = "http://www.w3.org/2000/svg";

/** An element with attributes and children; a function under `onclick` and such listens. */
export function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

/** The same in SVG, for icons. */
export function drawn(tag, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

/** A user's name for something: what hides in it made visible, its direction kept to itself. */
export function name(text) {
  return element("bdi", {}, visible(String(text)));
}

export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function setAttributes(node, attributes) {
  for (const [key, value] of Object.entries(attributes)) setAttribute(node, key, value);
}

/** Makes `parent` hold one child for each item; the child of a key that was there is kept. */
export function keepChildren(parent, items, keyOf, make, update = () => {}) {
  const had = parent.keyed ?? new Map();
  const now = new Map();
  for (const item of items) {
    const key = keyOf(item);
    const child = had.get(key) ?? make(item);
    update(child, item);
    now.set(key, child);
  }
  const wanted = [...now.values()];
  const kept = new Set(wanted);
  for (const child of [...parent.children]) if (!kept.has(child)) child.remove();
  wanted.forEach((child, place) => {
    if (parent.children[place] !== child)
      parent.insertBefore(child, parent.children[place] ?? null);
  });
  parent.keyed = now;
}

function filled(node, attributes, children) {
  setAttributes(node, attributes);
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

function setAttribute(node, key, value) {
  if (typeof value === "function") node.addEventListener(key.slice(2), value);
  else if (value === false || value === null || value === undefined) node.removeAttribute(key);
  else if (node.getAttribute(key) !== String(value))
    node.setAttribute(key, value === true ? "" : value);
}
