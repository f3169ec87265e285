// Pauses of the chosen line, drawn over its time: drag on the strip to draw one, drag it or its ends to move it, double click or Delete to
// remove it; or type them. Behind them is where the source speaks. `changed` tells the page that the line's take may be an old one now.

import { quietly, write } from "../api.js";
import { clear, h, tell } from "../dom.js";
import { count, seconds } from "../format.js";
import { lines } from "../lines.js";
import { bench } from "./bench.js";

const EDGE_PX = 7;
const STEP_MS = 20;
const KEYS_MS = 400; // arrow keys are stored together
const HOW = "Write pauses from-to in seconds with commas between, such as 0.8-1.1, 2.0-2.3.";

export function mount({ element, trigger }) {
  new Pauses(element, trigger);
}

/** "0.8-1.1, 2-2.3" as [[800, 1100], [2000, 2300]] and "", or null and what is wrong with it. */
export function parsePauses(text, { slot_ms, shortest_ms }) {
  const found = [];
  for (const part of text.split(/[,;]/).map((one) => one.trim()).filter(Boolean)) {
    const match = part.match(/^(\d+(?:\.\d+)?|\.\d+)\s*[-–—]\s*(\d+(?:\.\d+)?|\.\d+)$/);
    if (!match) return [null, `“${part}” is no pause. ${HOW}`];
    const [start, end] = match.slice(1).map((value) => Math.round(Number(value) * 1000));
    if (end > slot_ms) return [null, `The line ends at ${seconds(slot_ms)} s; ${part} does not lie within it.`];
    if (end - start < shortest_ms) return [null, `A pause must end at least ${seconds(shortest_ms)} s after it starts; ${part} does not.`];
    found.push([start, end]);
  }
  return [found, ""];
}

const inSeconds = (ms) => String(Number((ms / 1000).toFixed(3)));
const asText = (pauses) => pauses.map(([start, end]) => `${inSeconds(start)}-${inSeconds(end)}`).join(", ");

class Pauses {
  #pauses = []; // as shown, while they are being dragged too
  #drag = null;
  #timer = 0;
  #line = "";
  #isTyping = false; // what is being typed is not painted over

  constructor(element, trigger) {
    this.trigger = trigger;
    this.title = h("h2", {}, "Pauses");
    this.back = h("button.btn.small", { onclick: () => this.#store(null), title: "Forget what is drawn: pause as the source does" }, "From the source");
    this.marks = h("div.marks");
    this.behind = h("div.behind", { "aria-hidden": "true" });
    this.strip = h("div.strip", { role: "group", "aria-label": "Pauses on the line’s time" }, this.behind, this.marks);
    this.box = h("input", { type: "text", spellcheck: "false", autocomplete: "off", maxlength: "400", "aria-describedby": "pauses-said", placeholder: "0.8-1.1, 2.0-2.3" });
    this.said = h("p.fine", { id: "pauses-said", role: "status" });
    element.className = "island pauses-part card";
    clear(
      element,
      h("div.title", {}, this.title, h("span.grow"), this.back),
      this.strip,
      h("label", {}, h("span", {}, "Pauses in seconds"), this.box),
      this.said,
    );
    this.#listen();
    bench.watch((what) => what !== "ticks" && this.#follow());
  }

  get #view() {
    return bench.view?.pauses ?? null;
  }

  #listen() {
    this.strip.addEventListener("pointerdown", (event) => this.#grip(event));
    this.strip.addEventListener("pointermove", (event) => this.#pull(event));
    this.strip.addEventListener("pointerup", () => this.#drop());
    this.strip.addEventListener("pointercancel", () => ((this.#drag = null), this.#follow()));
    this.strip.addEventListener("dblclick", (event) => this.#remove(this.#at(this.#time(event))));
    this.strip.addEventListener("keydown", (event) => this.#key(event));
    this.box.addEventListener("input", () => ((this.#isTyping = true), this.#paintWords()));
    this.box.addEventListener("change", () => this.#typed());
  }

  /** What the studio knows of the line; what is being dragged or typed stays. */
  #follow() {
    const isOther = this.#line !== bench.id;
    if (isOther) [this.#line, this.#drag] = [bench.id, null];
    if (isOther) this.#forgetKeys();
    if (this.#drag || this.#timer) return;
    this.#pauses = (this.#view?.drawn ?? []).map((one) => [...one]);
    if (isOther || !this.#isTyping) this.#fill();
    this.#paint();
  }

  #fill() {
    this.#isTyping = false;
    this.box.value = asText(this.#pauses);
    this.box.removeAttribute("aria-invalid");
  }

  #paint() {
    const view = this.#view;
    tell(this.title, bench.row ? `Pauses of line ${bench.row.number}` : "Pauses");
    this.back.disabled = !view || view.drawn === null;
    this.box.disabled = !view;
    this.strip.classList.toggle("vacant", !view);
    clear(this.behind, view ? [...view.spoken.map((span) => placed("i.spoken", span, view)), placed("i.gap", [view.span_ms, view.slot_ms], view)] : []);
    this.#paintMarks();
    this.#paintWords();
  }

  #paintMarks() {
    const held = [...this.marks.children].indexOf(document.activeElement);
    const view = this.#view;
    const many = view ? this.#pauses : [];
    while (this.marks.children.length > many.length) this.marks.lastChild.remove();
    while (this.marks.children.length < many.length) this.marks.append(h("button.pause", { title: "Drag to move, drag an end to resize; double click or Delete removes" }));
    many.forEach((span, number) => {
      const mark = this.marks.children[number];
      place(mark, span, view);
      mark.setAttribute("aria-label", `Pause ${number + 1}, ${seconds(span[0])} to ${seconds(span[1])} s. Arrow keys move it, with Shift its end; Delete removes it`);
    });
    if (held >= many.length) (this.marks.lastChild ?? this.box).focus({ preventScroll: true });
  }

  #paintWords() {
    const view = this.#view;
    const trouble = view ? parsePauses(this.box.value, view)[1] : "";
    trouble ? this.box.setAttribute("aria-invalid", "true") : this.box.removeAttribute("aria-invalid");
    const words = !bench.row ? "Choose a line above to draw its pauses." : !view ? "…" : trouble || standing(view, this.#pauses);
    tell(this.said, words);
  }

  // drawing

  #time(event) {
    const box = this.strip.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return Math.round(share * this.#view.slot_ms);
  }

  #at(ms) {
    return this.#pauses.findIndex(([start, end]) => ms >= start && ms <= end);
  }

  #grip(event) {
    const view = this.#view;
    if (!view || event.button !== 0) return;
    this.#forgetKeys();
    const from_ms = this.#time(event);
    const edge_ms = (EDGE_PX / this.strip.clientWidth) * view.slot_ms;
    const near = (side) => this.#pauses.findIndex((span) => Math.abs(span[side] - from_ms) <= Math.min(edge_ms, (span[1] - span[0]) / 3));
    const [start, end] = [near(0), near(1)];
    const number = end >= 0 ? end : start >= 0 ? start : this.#at(from_ms);
    const part = end >= 0 ? "end" : start >= 0 ? "start" : number >= 0 ? "whole" : "new";
    this.#drag = { part, number, from_ms, before: number >= 0 ? [...this.#pauses[number]] : null, isMoved: false };
    this.strip.setPointerCapture(event.pointerId);
    if (number >= 0) this.marks.children[number].focus({ preventScroll: true });
  }

  #pull(event) {
    const drag = this.#drag;
    if (!drag) return;
    const view = this.#view;
    const now_ms = this.#time(event);
    if (drag.part === "new" && Math.abs(now_ms - drag.from_ms) < view.shortest_ms) return;
    if (now_ms === drag.from_ms && !drag.isMoved) return;
    drag.isMoved = true;
    if (drag.part === "new" && drag.number < 0) drag.number = this.#pauses.push([0, 0]) - 1;
    this.#pauses[drag.number] = dragged(drag, now_ms, view);
    this.#fill();
    this.#paintMarks();
    this.#paintWords();
  }

  #drop() {
    const drag = this.#drag;
    this.#drag = null;
    if (drag?.isMoved) this.#store(this.#pauses);
  }

  #remove(number) {
    if (number < 0 || !this.#view) return;
    this.#forgetKeys();
    this.#store(this.#pauses.filter((_, other) => other !== number));
  }

  #key(event) {
    const number = [...this.marks.children].indexOf(event.target);
    const view = this.#view;
    if (number < 0 || !view) return;
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      return this.#remove(number);
    }
    const by_ms = { ArrowLeft: -STEP_MS, ArrowRight: STEP_MS }[event.key];
    if (!by_ms) return;
    event.preventDefault();
    const drag = { part: event.shiftKey ? "end" : "whole", before: this.#pauses[number], from_ms: event.shiftKey ? this.#pauses[number][1] : 0 };
    this.#pauses[number] = dragged(drag, drag.from_ms + by_ms, view);
    this.#fill();
    this.#paintMarks();
    this.#forgetKeys();
    this.#timer = setTimeout(() => ((this.#timer = 0), this.#store(this.#pauses)), KEYS_MS);
  }

  #forgetKeys() {
    clearTimeout(this.#timer);
    this.#timer = 0;
  }

  #typed() {
    const view = this.#view;
    if (!view) return;
    const [pauses] = parsePauses(this.box.value, view);
    if (!pauses) return;
    this.#isTyping = false;
    asText(pauses) === asText(view.drawn ?? []) ? this.#follow() : this.#store(pauses);
  }

  /** None at all is the source's again. A refusal has been shown; then what is stored is shown again. */
  async #store(pauses) {
    const values = { line_id: bench.id, pauses: pauses?.length ? pauses : null };
    const used = await quietly(write(lines.desk.project_id, "set_pauses", values));
    if (used) {
      lines.apply(used.reply);
      bench.take(used.bench);
      this.trigger("changed");
    }
    this.#follow();
  }
}

/** A pause after the pointer went from `from_ms` to `now_ms`, within the line and never too short. */
function dragged({ part, before, from_ms }, now_ms, { slot_ms, shortest_ms }) {
  if (part === "new") return [Math.min(from_ms, now_ms), Math.max(from_ms, now_ms)];
  const [start, end] = before;
  const by_ms = now_ms - from_ms;
  if (part === "start") return [Math.max(0, Math.min(start + by_ms, end - shortest_ms)), end];
  if (part === "end") return [start, Math.min(slot_ms, Math.max(end + by_ms, start + shortest_ms))];
  const moved = Math.max(-start, Math.min(by_ms, slot_ms - end));
  return [start + moved, end + moved];
}

function place(node, [start, end], { slot_ms }) {
  node.style.left = `${(100 * start) / slot_ms}%`;
  node.style.width = `${(100 * (end - start)) / slot_ms}%`;
  return node;
}

const placed = (spec, span, view) => place(h(spec), span, view);

const SPOKEN = { source: "Shaded is where the source speaks.", lips: "Shaded is where the lips are open, for no speech is heard.", "": "Where the source speaks is not known yet: voice a line with Pauses above 0, or look for faces." };

function standing(view, pauses) {
  const total = pauses.reduce((sum, [start, end]) => sum + end - start, 0);
  const drawn = pauses.length ? `${count(pauses.length, "pause")} drawn, ${seconds(total)} s.` : "No pauses drawn: the voice pauses as the source does where Pauses is above 0.";
  const sight = bench.view.sight.state === "sees" ? "" : "Only voices that see keep to them.";
  return [drawn, sight, SPOKEN[view.spoken_in]].filter(Boolean).join(" ");
}
