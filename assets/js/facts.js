// The facts card of the Upload tab: the file in words, what an import left out, and the next step.

import { clear, h } from "./dom.js";
import { count } from "./format.js";
import { repaint } from "./repaint.js";

const SHOWN_SKIPS = 200;

export function mount({ element, props, trigger, watch }) {
  let shown = "";
  const paint = () => {
    const print = JSON.stringify(props.value ?? {});
    if (print === shown) return;
    shown = print;
    repaint(element, lay);
  };
  const lay = () => {
    const view = props.value ?? {};
    element.className = "island facts card";
    clear(
      element,
      h("h2", {}, view.name || "Nothing uploaded yet"),
      view.facts?.length ? h("dl", {}, view.facts.map((fact) => [h("dt", {}, fact.label), h("dd", {}, fact.value)])) : null,
      ...(view.notes ?? []).map((note) => h("p.note", {}, note)),
      ...(view.notices ?? []).map((notice) => h("p.note", {}, notice, notice === view.sound?.notice ? correction(view.sound, trigger) : null)),
      view.sound?.moved ? h("p.dim", {}, view.sound.moved, " ", h("button.plain", { onclick: () => trigger("sound_restored", {}) }, "Play it as it was")) : null,
      view.lines ? h("p", {}, view.lines) : null,
      view.bed ? h("p.dim", {}, view.bed, " ", h("button.plain", { onclick: () => trigger("bed_removed", {}) }, "Remove it")) : null,
      skipped(view.skipped ?? []),
      view.next_step ? h("p.next", {}, view.next_step) : null,
    );
  };
  watch("value", paint);
  paint();
}

const correction = (sound, trigger) => h("span.mend", {}, h("button.btn.small", { onclick: () => trigger("sound_corrected", {}) }, sound.label));

function skipped(items) {
  if (!items.length) return null;
  const list = items.slice(0, SHOWN_SKIPS).map((item) => h("li", {}, h("b", {}, item.where), " ", item.reason));
  if (items.length > SHOWN_SKIPS) list.push(h("li.dim", {}, `and ${items.length - SHOWN_SKIPS} more`));
  return h("details", { open: items.length <= 4 }, h("summary", {}, `${count(items.length, "thing")} left out or changed`), h("ul", {}, list));
}
