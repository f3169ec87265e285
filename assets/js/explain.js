// Help beside a number: whatever carries data-explain="p" shows, on hover and on focus, what P is and what a good value is.
// Escape hides it, the pointer may enter it, and a screen reader hears it as the element's description.

import { clear, h } from "./dom.js";
import { MEASURES } from "./measures.js";

const OPEN_MS = 350;
const CLOSE_MS = 160;
const ID = "explanation";

let bubble = null;
let shownFor = null;
let timer = 0;

export function explainMeasures() {
  if (bubble) return;
  bubble = h("div.explanation", { id: ID, role: "tooltip", popover: "manual" });
  document.body.append(bubble);
  const of = (event) => event.target.closest?.("[data-explain]");
  document.addEventListener("mouseover", (event) => later(of(event) ?? (bubble.contains(event.target) ? shownFor : null), OPEN_MS));
  document.addEventListener("focusin", (event) => {
    const target = of(event);
    if (target || shownFor) later(target?.matches(":focus-visible") ? target : null, 0);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !shownFor) return;
    hide();
    event.stopPropagation();
  }, true);
  document.addEventListener("scroll", () => shownFor && hide(), true);
}

function later(target, wait_ms) {
  if (target === shownFor && target) return void clearTimeout(timer);
  if (!target && !shownFor) return void clearTimeout(timer);
  clearTimeout(timer);
  timer = setTimeout(() => (target ? show(target) : hide()), target && !shownFor ? wait_ms : target ? 0 : CLOSE_MS);
}

/** One measure as it is explained everywhere. */
export const explanation = (measure) => [h("b", {}, measure.name), h("p", {}, measure.what), h("p.good", {}, measure.good)];

function show(target) {
  const measure = MEASURES[target.dataset.explain];
  if (!measure || !target.isConnected) return hide();
  if (shownFor) hide();
  shownFor = target;
  clear(bubble, explanation(measure));
  // Within an open dialog only the top layer is seen; a popover is in it.
  bubble.showPopover();
  target.setAttribute("aria-describedby", ID);
  place(target);
}

function hide() {
  clearTimeout(timer);
  shownFor?.removeAttribute("aria-describedby");
  shownFor = null;
  if (bubble.matches(":popover-open")) bubble.hidePopover();
}

function place(target) {
  const at = target.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = bubble;
  const left = Math.min(Math.max(8, at.left + at.width / 2 - width / 2), innerWidth - width - 8);
  const below = at.bottom + 6;
  bubble.style.left = `${left}px`;
  bubble.style.top = `${below + height > innerHeight - 8 ? Math.max(8, at.top - height - 6) : below}px`;
}
