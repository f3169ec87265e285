// Small DOM verbs. Text always goes in as text nodes, so nothing a person typed is ever read as markup.
// A string is the page's own English and is shown in the page's language; what people or models wrote goes in as own(text).

import { words } from "./words.js";

const SPOKEN = new Set(["title", "aria-label", "aria-description", "aria-roledescription", "placeholder", "alt"]);

/** What a person or a model wrote, or a name, a number, a time: shown as it is, never looked up in the catalogue. */
export const own = (text) => document.createTextNode(text ?? "");

/** h("button.chip", {onclick, title, disabled}, "text", child, …): an element with classes, properties and children.
 *  Strings among the children and in title, aria-label, placeholder are translated; a Text node as their value is not. */
export function h(spec, props = {}, ...children) {
  const [tag, ...classes] = spec.split(".");
  const node = document.createElement(tag || "div");
  if (classes.length) node.className = classes.join(" ");
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (SPOKEN.has(name)) node.setAttribute(name, value instanceof Text ? value.data : words(value));
    else if (name in node && typeof value !== "string") node[name] = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...spoken(children));
  return node;
}

/** Children as they go into the document: strings translated, nothing left out that is not nothing. */
const spoken = (children) =>
  children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (typeof child === "string" ? words(child) : child));

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  play: "M5 3.5v9l7.5-4.5z",
  pause: "M4.5 3.5h2.6v9H4.5zM8.9 3.5h2.6v9H8.9z",
  close: "M4.2 3.3 8 7.1l3.8-3.8.9.9L8.9 8l3.8 3.8-.9.9L8 8.9l-3.8 3.8-.9-.9L7.1 8 3.3 4.2z",
  more: "M3.5 6.8h2v2h-2zM7 6.8h2v2H7zm3.5 0h2v2h-2z",
  down: "M7.3 2.5h1.4v6.2l2.2-2.2 1 1L8 11.4 4.1 7.5l1-1 2.2 2.2zM3 12.2h10v1.4H3z",
  seen: "M8 3.2a4.8 4.8 0 1 0 0 9.6 4.8 4.8 0 0 0 0-9.6z",
  partly: "M8 3.2a4.8 4.8 0 1 0 0 9.6 4.8 4.8 0 0 0 0-9.6zm0 1.3a3.5 3.5 0 0 1 0 7z",
  unseen: "M8 3.2a4.8 4.8 0 1 0 0 9.6 4.8 4.8 0 0 0 0-9.6zm0 1.3a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7z",
  filter: "M2.5 4h11v1.4h-11zM4.8 7.3h6.4v1.4H4.8zM6.8 10.6h2.4V12H6.8z",
  check: "M6.4 11.6 2.9 8.1l1-1 2.5 2.5 5.7-5.7 1 1z",
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  path.setAttribute("fill-rule", "evenodd");
  svg.append(path);
  return svg;
}

export const clear = (node, ...children) => node.replaceChildren(...spoken(children).filter(Boolean));

/** Let a node say something of the page, in the page's language; written only where it changes. */
export function tell(node, text) {
  const said = words(text ?? "");
  if (node.textContent !== said) node.textContent = said;
}

/** The function, called at most once per `ms`, the last call always answered. */
export function throttle(ms, work) {
  let timer = 0;
  let latest = null;
  return (...values) => {
    latest = values;
    timer ||= setTimeout(() => ((timer = 0), work(...latest)), ms);
  };
}

const UNWRITTEN = new Set(["checkbox", "radio", "range", "button", "submit", "reset", "file", "color", "image"]);

/** True while a person types: no shortcut may fire then. A list to choose from counts: letters find its entries. */
export const isTyping = (target) =>
  target instanceof HTMLElement && (target.isContentEditable || ["TEXTAREA", "SELECT"].includes(target.tagName) || (target.tagName === "INPUT" && !UNWRITTEN.has(target.type)));

/** True where an element is on the tab that is open. */
export const isShown = (node) => node.isConnected && node.offsetParent !== null;
