// The sweep's points as a table: every number of the figure above, and the same choices for keyboard and screen reader.

import { quietly, write } from "../api.js";
import { clear, h } from "../dom.js";
import { percent } from "../format.js";
import { lines } from "../lines.js";
import { repaint } from "../repaint.js";
import { bench } from "./bench.js";
import { scale } from "./scales.js";

const SORTS = {
  scales: (a, b) => a.face_scale - b.face_scale || a.lip_scale - b.lip_scale,
  lse_d: (a, b) => (a.lse_d ?? Infinity) - (b.lse_d ?? Infinity),
  error: (a, b, view) => (view.lower_is_better ? 1 : -1) * ((a.error ?? worst(view)) - (b.error ?? worst(view))),
};
const worst = (view) => (view.lower_is_better ? Infinity : -Infinity);

export function mount({ element, trigger }) {
  let sort = "scales";
  const table = h("table.points");
  const box = h("div.scroll", { role: "region", "aria-label": "Points of the sweep", tabindex: "0" }, table);
  element.className = "island points-part";
  clear(element, box);
  const paint = () => repaint(table, lay);
  const lay = () => {
    const view = bench.view?.sweep;
    box.hidden = !view?.points.length;
    if (!view?.points.length) return clear(table);
    const points = [...view.points].sort((a, b) => SORTS[sort](a, b, view) || SORTS.scales(a, b));
    clear(table, h("caption.unseen-words", {}, "Points of the sweep: scales, lip scores, and what they cost in words"), headRow(view), h("tbody", {}, points.map((point) => row(point, view, trigger))));
  };
  const headRow = (view) => {
    const sorting = (name, label, title) =>
      h("th", { scope: "col", "aria-sort": sort === name ? "ascending" : "none" }, h("button.plain", { "data-at": `sort-${name}`, title, onclick: () => ((sort = name), paint()) }, label, sort === name ? " ▾" : ""));
    return h(
      "thead",
      {},
      h(
        "tr",
        {},
        sorting("scales", "Face · lips", "Sort by scales"),
        sorting("lse_d", "LSE-D ↓", "Sort by LSE-D, best first"),
        h("th", { scope: "col" }, "LSE-C ↑"),
        h("th", { scope: "col" }, "Offset"),
        view.axis ? sorting("error", view.is_share ? "Word error ↓" : "Likelihood ↑", `${view.axis}; sort with the best first`) : null,
        h("th", { scope: "col" }, h("span.unseen-words", {}, "Choices")),
      ),
    );
  };
  bench.watch((what) => what !== "ticks" && paint());
}

function row(point, view, trigger) {
  const name = `face ${scale(point.face_scale)}, lips ${scale(point.lip_scale)}`;
  const hear = (side) =>
    h("button.chip", { "data-at": `${side}-${point.take_id}`, title: `Hear it as ${side.toUpperCase()} on the picture`, "aria-label": `Compare ${name} as ${side.toUpperCase()}`, onclick: () => window.dispatchEvent(new CustomEvent("lipline:compare", { detail: { side, take_id: point.take_id } })) }, side.toUpperCase());
  return h(
    `tr${point.is_circled ? ".on" : ""}${point.is_stale ? ".stale" : ""}`,
    {},
    h("th", { scope: "row" }, `${scale(point.face_scale)} · ${scale(point.lip_scale)}`, point.is_stale ? h("small", { title: "The line has changed since this take" }, " old") : null),
    h("td", { title: point.why }, number(point.lse_d)),
    h("td", {}, number(point.lse_c)),
    h("td", {}, point.offset_frames === null ? "–" : signed(point.offset_frames)),
    view.axis ? h("td", {}, point.error === null ? "–" : view.is_share ? percent(point.error) : number(point.error)) : null,
    h("td.acts", {}, h("div", {}, hear("a"), hear("b"), h("button.btn.small", { "data-at": `use-${point.take_id}`, disabled: point.is_circled, "aria-label": point.is_circled ? `${name} is the line’s take` : `Take ${name}`, onclick: () => pick(point.take_id, trigger) }, point.is_circled ? "Taken" : "Take"))),
  );
}

const number = (value) => (value === null ? "–" : value.toFixed(2));
const signed = (frames) => (frames > 0 ? `+${frames} f` : `${frames} f`.replace("-", "−"));

/** Circle the take of a point and make its scales the line's own. */
export async function pick(take_id, trigger) {
  const used = await quietly(write(lines.desk.project_id, "choose_point", { line_id: bench.id, take_id }));
  if (!used) return;
  lines.apply(used.reply);
  bench.take(used.bench);
  trigger("changed");
}
