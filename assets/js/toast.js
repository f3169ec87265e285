// One sentence at the edge of the page, where Gradio's own stand as well; gone after a while.

import { h } from "./dom.js";

const STAYS_MS = 12_000;

export function toast(message) {
  let shelf = document.querySelector(".toasts");
  if (!shelf) document.body.append((shelf = h("div.toasts", { role: "status", "aria-live": "polite" })));
  if ([...shelf.children].some((note) => note.dataset.said === message)) return;
  const note = h("div.toast", { "data-said": message }, h("span", {}, message), h("button.plain", { "aria-label": "Dismiss", onclick: () => note.remove() }, "✕"));
  shelf.append(note);
  setTimeout(() => note.remove(), STAYS_MS);
}
