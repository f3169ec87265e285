// The few lines whose lips agree least, worst first: a press plays one, its number leads to it on the desk.

import { clear, h } from "./dom.js";
import { jumpTo } from "./jump.js";
import { areOff, isScored, lipSentence, lse, offReason, worstLines } from "./lips.js";
import { lines } from "./lines.js";

/** `play(row)` shows a line where this list stands. The list is hidden while nothing has been scored. */
export function worstList(play) {
  const list = h("div.rows", { role: "list" });
  const note = h("p.dim");
  const element = h("section.worst", { hidden: true, "aria-label": "Lines whose lips agree least" }, h("h3", {}, "Lips agree least"), note, list);
  const paint = () => {
    const all = lines.list;
    const shown = worstLines(all);
    element.hidden = !shown.length;
    if (element.hidden) return;
    const off = all.filter(areOff).length;
    note.textContent = `${off ? `${off} of ${all.filter(isScored).length} scored lines are off` : "No scored line is off"}. By ${shown[0].lips.scorer}.`;
    clear(list, shown.map((row) => item(row, play)));
  };
  return { element, paint };
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
