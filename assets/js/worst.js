// The few lines whose lips agree least, worst first: a press plays one, its number leads to it on the desk.

import { clear, h, tell } from "./dom.js";
import { count } from "./format.js";
import { jumpTo } from "./jump.js";
import { areOff, isOfTakeBefore, isScored, isUntold, lipSentence, lse, ofOneScorer, offReason, worstLines } from "./lips.js";
import { lines } from "./lines.js";

/** `play(row)` shows a line where this list stands. The list is hidden while nothing has been scored. */
export function worstList(play) {
  const list = h("div.rows", { role: "list" });
  const note = h("p.dim");
  const element = h("section.worst", { hidden: true, "aria-label": "Lines whose lips agree least" }, h("h3", {}, "Lips agree least"), note, list);
  const paint = () => {
    const all = lines.list;
    const [named] = ofOneScorer(all);
    element.hidden = !named;
    if (element.hidden) return;
    tell(note, `${standing(all.filter(isScored))}. By ${named.lips.scorer}.`);
    clear(list, worstLines(all).map((row) => item(row, play)));
  };
  return { element, paint };
}

/** How the scored lines stand, in one sentence: plainly off, not to be told, and not scored anew yet. */
function standing(scored) {
  const [off, untold, before] = [areOff, isUntold, isOfTakeBefore].map((test) => scored.filter(test).length);
  const first = off ? `${off} of ${count(scored.length, "scored line")} ${off === 1 ? "is" : "are"} off` : untold || before ? "No line is plainly off" : "No scored line is off";
  return [first, untold ? `${untold} cannot be told` : "", before ? `${before} ${before === 1 ? "waits" : "wait"} for a new take` : ""].filter(Boolean).join("; ");
}

function item(row, play) {
  const [reason, sentence] = offReason(row);
  return h(
    "div.bad-line",
    { role: "listitem" },
    h("button.plain.play", { onclick: () => play(row), title: `Play line ${row.number} on both. ${lipSentence(row)}` }, h("span.n", {}, String(row.number)), h("b.num", {}, lse(row.lips.lse_c, 1)), h("span.off", { title: sentence }, reason), h("span.text", { dir: "auto" }, row.target || row.source)),
    h("button.plain.open", { onclick: () => jumpTo(row.id), "aria-label": `Open line ${row.number} on the Lines tab` }, "Open"),
  );
}
