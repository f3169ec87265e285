// A sweep of the chosen line: which face and lip scales to try, how far it is, and the figure below kept as new as its points.
// `plotted` asks the page to draw the figure of a line; a press on one of its points picks that take.

import { quietly, write } from "../api.js";
import { clear, h, tell } from "../dom.js";
import { count } from "../format.js";
import { lines } from "../lines.js";
import { work } from "../work.js";
import { bench } from "./bench.js";
import { pick } from "./points.js";
import { MOST, scale } from "./scales.js";

const FRESH_MS = 300;

export function mount({ element, props, trigger, watch }) {
  let drawn = null; // which line's figure, and of which points
  let shownLine = null;
  const title = h("h2", {}, "Sweep");
  const face = scaleField("Face scales");
  const lip = scaleField("Lip scales");
  const start = h("button.btn", { onclick: () => run() });
  const forget = h("button.btn.small.forget", { onclick: () => drop() }, "Forget points");
  const said = h("p.fine", { role: "status" });
  const meter = h("i.bar");
  element.className = "island sweep";
  clear(
    element,
    h("div.title", {}, title, h("span.grow"), forget),
    h("p.what", {}, "Says the line under every pair of scales and scores each take. Each point stands at how well it agrees with the lips, and what that costs in words; labels read face·lips. Press a point to take it."),
    h("form.grid", { onsubmit: (event) => (event.preventDefault(), run()) }, face.element, lip.element, start),
    said,
    h("div.meter", { "aria-hidden": "true" }, meter),
  );

  const quality = () => props.value?.quality ?? "preview";
  const sweep = () => bench.view?.sweep ?? null;
  const grid = () => [face.values(), lip.values()];
  const many = () => new Set(face.values()).size * new Set(lip.values()).size;
  const run = async () => {
    if (start.disabled) return;
    const [face_scales, lip_scales] = grid();
    start.disabled = true;
    await quietly(write(lines.desk.project_id, "sweep", { line_id: bench.id, face_scales, lip_scales, quality: quality() }));
    trigger("changed");
    bench.refresh();
    paint();
  };
  const drop = async () => {
    const view = await quietly(write(lines.desk.project_id, "forget_sweep", { line_id: bench.id }));
    if (view) bench.take(view);
  };
  const paint = () => {
    const view = sweep();
    const { isBusy, job } = work;
    if (view && shownLine === null) [face, lip].forEach((field) => field.set(view.usual_scales));
    if (view) shownLine = bench.id;
    tell(title, bench.row ? `Sweep of line ${bench.row.number}` : "Sweep");
    const bad = [face, lip].map((field) => field.trouble()).find(Boolean) ?? "";
    const tooMany = view && many() > view.most_points ? `A sweep can hold ${view.most_points} points, not ${many()}; take fewer scales.` : "";
    tell(start, `${view?.points.length ? "Sweep again" : "Sweep"}: ${count(many(), "take")}`);
    start.title = `Takes in ${quality() === "preview" ? "fast preview" : "final"} quality, as chosen above`;
    start.disabled = !view || Boolean(view.blocked || bad || tooMany) || isBusy;
    forget.disabled = !view?.points.length || isBusy;
    meter.style.width = isBusy && job.share !== null ? `${Math.round(100 * job.share)}%` : "0";
    tell(said, !bench.row ? "Choose a line above to sweep it." : view?.blocked || bad || tooMany || (isBusy ? work.words : bench.view?.scorer || doneWords(view)));
    const wanted = `${bench.id}/${view?.stamp ?? ""}`;
    if (wanted !== drawn && (view || (!bench.id && !lines.isLoading))) {
      drawn = wanted;
      trigger("plotted", { line_id: bench.id });
    }
  };
  for (const field of [face, lip]) field.onInput = paint;
  bench.watch(paint);
  watch("value", paint);
  work.watch(() => {
    paint();
    bench.refresh(FRESH_MS); // points come one by one, the last when the job is over
  });
  paint();
  pressesPick(trigger);
}

function doneWords(view) {
  if (!view?.points.length) return "Nothing swept yet.";
  const judged = view.axis ? `Words judged by ${view.judged_by || "the voice"}.` : "No recogniser and no likelihood here: points stand over the lip scale, which judges nothing.";
  return `${count(view.points.length, "point")}${view.scorer ? `, lips scored by ${view.scorer}` : ""}. ${judged}`;
}

/** A field of numbers with commas between. */
function scaleField(label) {
  const box = h("input", { type: "text", inputMode: "decimal", spellcheck: "false", autocomplete: "off", maxlength: "60" });
  const field = {
    element: h("label", {}, h("span", {}, label), box),
    onInput: () => {},
    values: () => box.value.split(/[;,\s]+/).filter(Boolean).map(Number),
    set: (values) => (box.value = values.map(scale).join(", ")),
    trouble: () => {
      const values = field.values();
      if (!values.length) return `${label}: type at least one number, such as 0, 1.`;
      const odd = values.find((value) => Number.isNaN(value) || value < 0 || value > MOST);
      return odd === undefined ? "" : `${label}: each is a number from 0 to ${MOST}, with commas between.`;
    },
  };
  box.addEventListener("input", () => {
    box.setAttribute("aria-invalid", String(Boolean(field.trouble())));
    field.onInput();
  });
  return field;
}

/** Figures are drawn anew by the page whenever it likes, so the listener is put on when a pointer comes near. */
function pressesPick(trigger) {
  document.addEventListener("pointerover", (event) => {
    const figure = event.target.closest?.(".sweep-plot .js-plotly-plot");
    if (!figure || figure.picksTakes) return;
    figure.picksTakes = true;
    figure.on("plotly_click", ({ points }) => points[0]?.customdata?.[1] && pick(points[0].customdata[1], trigger));
  });
}
