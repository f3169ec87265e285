// From anywhere on the page to a line on the desk: the Lines tab comes to the front, the line is selected and shown.

import { remember } from "./address.js";
import { openTab } from "./tabs.js";

const WAIT_FRAMES = 60;

export function jumpTo(id) {
  remember("line", id);
  openTab("lines");
  whenShown(() => window.dispatchEvent(new CustomEvent("lipline:jump", { detail: { id } })));
}

function whenShown(work, left = WAIT_FRAMES) {
  if (document.querySelector(".desk")?.offsetParent || !left) work();
  else requestAnimationFrame(() => whenShown(work, left - 1));
}

/** Presses on a figure's points lead to their lines: the second value of a point's `customdata` is its line's id.
 *  Figures are drawn anew by the page whenever it likes, so the listener is put on when a pointer comes near. */
export function figuresLead() {
  document.addEventListener("pointerover", (event) => {
    const figure = event.target.closest?.(".figure .js-plotly-plot");
    if (!figure || figure.leadsToLines) return;
    figure.leadsToLines = true;
    figure.on("plotly_click", ({ points }) => points[0]?.customdata?.[1] && jumpTo(points[0].customdata[1]));
  });
}
