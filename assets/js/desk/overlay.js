// The mouth's lane under the waveforms, on their time axis: how far the mouth is open, how loud source and dub are, and where each
// speaks. Curves come line by line from the studio. A press puts the playhead there; with the keys, Enter plays from there.

import { quietly, read } from "../api.js";
import { h } from "../dom.js";
import { percent, seconds } from "../format.js";
import { lines } from "../lines.js";
import { words } from "../words.js";
import { sheet } from "./sheet.js";
import { nameLane } from "./strips.js";

const KEPT = 40;
const STEP_MS = 40; // one video frame at 25 Hz
const BARS_PX = 15; // two bars below the curves: where each speaks
const EDGE_PX = 3;

export class Overlay {
  #row = null;
  #curves = null;
  #kept = new Map(); // what was asked for → curves
  #cursor_ms = null; // where a pointer or the keys stand

  constructor(player, lanes) {
    [this.player, this.lanes] = [player, lanes];
    this.canvas = h("canvas.overlay", { tabIndex: 0, role: "slider", "aria-describedby": "overlay-words", "aria-label": "Mouth and speech of the line; Enter plays from here" });
    this.words = h("p.unseen-words", { id: "overlay-words" });
    this.legend = h("span.legend", { "aria-hidden": "true" }, swatch("source"), swatch("dub"), swatch("mouth"));
    this.readout = h("span.readout", { role: "status" });
    lanes.axis.before(this.canvas);
    lanes.element.append(h("div.under", {}, this.readout, this.legend), this.words);
    lanes.onDraw = () => this.#draw(); // with the lanes, once per frame
    this.canvas.addEventListener("pointermove", (event) => this.#point(lanes.timeAt(event)));
    this.canvas.addEventListener("pointerleave", () => this.#point(null));
    this.canvas.addEventListener("keydown", (event) => this.#key(event));
    this.canvas.addEventListener("blur", () => this.#point(null));
  }

  /** Show a line; what belongs to it is asked for by `fetch`, a moment later. */
  show(row) {
    const isOther = row?.id !== this.#row?.id;
    this.#row = row;
    this.canvas.hidden = this.legend.hidden = !row || !lines.desk.has_picture;
    if (!row) return;
    this.#curves = this.#kept.get(keyOf(row)) ?? (isOther ? null : this.#curves);
    if (isOther) this.#cursor_ms = null;
    this.#paint();
  }

  async fetch(row) {
    if (this.canvas.hidden || this.#kept.has(keyOf(row))) return;
    const curves = await quietly(read(lines.desk.project_id, "curves", { line_id: row.id }));
    if (!curves) return;
    this.#kept.set(keyOf(row), curves);
    while (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value);
    if (this.#row && keyOf(row) === keyOf(this.#row)) {
      this.#curves = curves;
      this.#paint();
    }
  }

  /** One sentence under the lanes. */
  say(sentence) {
    const said = words(sentence);
    if (this.readout.textContent !== said) this.readout.textContent = said;
  }

  #paint() {
    const curves = this.#curves;
    this.words.textContent = curves ? words([curves.presence_why, spoken(this.#row, curves)].filter(Boolean).join(" ")) : "";
    this.#say();
    this.lanes.draw();
  }

  #point(ms) {
    if (!this.#row || this.#cursor_ms === ms) return;
    this.#cursor_ms = ms;
    this.#say();
    this.lanes.draw();
  }

  #say() {
    const ms = this.#cursor_ms ?? this.#row.start_ms;
    const words = this.#curves ? reading(this.#row, this.#curves, ms) : seconds(ms - this.#row.start_ms);
    this.say(this.#cursor_ms === null ? (this.#curves?.presence_why ?? "") : words);
    const { from_ms, to_ms } = this.lanes.window;
    for (const [name, value] of [["min", from_ms], ["max", to_ms], ["now", ms]]) this.canvas.setAttribute(`aria-value${name}`, String(Math.round(value)));
    this.canvas.setAttribute("aria-valuetext", words);
  }

  #key(event) {
    if (!this.#row) return;
    const by = { ArrowLeft: -STEP_MS, ArrowRight: STEP_MS, PageUp: -5 * STEP_MS, PageDown: 5 * STEP_MS }[event.key];
    const curves = this.#curves;
    const [from, to] = curves ? [curves.start_ms, curves.end_ms] : [this.lanes.window.from_ms, this.lanes.window.to_ms];
    const now = this.#cursor_ms ?? this.#row.start_ms;
    if (by) this.#point(Math.min(to, Math.max(from, now + by)));
    else if (event.key === "Home") this.#point(from);
    else if (event.key === "End") this.#point(to);
    else if (event.key === "Enter" || event.key === " ") this.player.isPlaying ? this.player.pause() : this.player.playFrom(now);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #draw() {
    if (!this.#row || !this.canvas.clientWidth) return;
    const { pen, width, height, ink } = sheet(this.canvas);
    const { from_ms, to_ms } = this.lanes.window;
    const x = (ms) => ((ms - from_ms) / (to_ms - from_ms)) * width;
    const { start_ms, end_ms } = this.lanes.times;
    pen.fillStyle = ink("--slot-tint");
    pen.fillRect(x(start_ms), 0, x(end_ms) - x(start_ms), height);
    if (this.#curves) drawCurves(pen, this.#curves, { x, floor: height - BARS_PX, ink });
    nameLane(pen, ink, "mouth");
    if (this.#cursor_ms !== null) pen.fillRect(x(this.#cursor_ms), 0, 1, height);
  }
}

/** A row's curves change with its times and its circled take. */
const keyOf = (row) => [lines.desk.project_id, row.id, row.start_ms, row.end_ms, row.take_id, row.presence].join("/");

const swatch = (name) => h("span", {}, h(`i.${name}`), name);

function drawCurves(pen, curves, { x, floor, ink }) {
  const at = (index) => x(curves.start_ms + index * curves.step_ms);
  const up = (level) => floor - level * (floor - EDGE_PX);
  hatch(pen, curves.opening, { at, floor, colour: ink("--hatch") });
  area(pen, curves.source_level, { at, up, floor });
  pen.globalAlpha = 0.4;
  pen.fillStyle = ink("--wave");
  pen.fill();
  pen.globalAlpha = 1;
  if (curves.dub_speech.length) line(pen, curves.dub_level, { at, up, colour: ink("--wave-dub"), width: 1.5 });
  line(pen, curves.opening, { at, up, colour: ink("--ink"), width: 1.75 });
  for (const [spans, name, top] of [[curves.source_speech, "--wave", floor + 3], [curves.dub_speech, "--wave-dub", floor + 9]]) {
    pen.fillStyle = ink(name);
    for (const span of spans) pen.fillRect(x(span.start_ms), top, Math.max(1, x(span.end_ms) - x(span.start_ms)), 4);
  }
}

function area(pen, levels, { at, up, floor }) {
  pen.beginPath();
  pen.moveTo(at(0), floor);
  levels.forEach((level, index) => pen.lineTo(at(index), up(level)));
  pen.lineTo(at(levels.length - 1), floor);
  pen.closePath();
}

function line(pen, levels, { at, up, colour, width }) {
  pen.beginPath();
  let isOn = false;
  levels.forEach((level, index) => {
    if (level === null) return void (isOn = false);
    isOn ? pen.lineTo(at(index), up(level)) : pen.moveTo(at(index), up(level));
    isOn = true;
  });
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.lineJoin = "round";
  pen.stroke();
}

/** Where the mouth is not seen there is nothing to match: thin strokes say so without a colour. */
function hatch(pen, opening, { at, floor, colour }) {
  pen.save();
  pen.beginPath();
  opening.forEach((level, index) => level === null && pen.rect(at(index), 0, at(index + 1) - at(index) + 0.5, floor));
  pen.clip();
  pen.strokeStyle = colour;
  pen.globalAlpha = 0.5;
  pen.lineWidth = 1;
  pen.beginPath();
  for (let left = -floor; left < at(opening.length); left += 7) {
    pen.moveTo(left, floor);
    pen.lineTo(left + floor, 0);
  }
  pen.stroke();
  pen.restore();
}

const isIn = (spans, ms) => spans.some((span) => span.start_ms <= ms && ms < span.end_ms);

/** One moment in words: "1.24 s · mouth 60 % open · source speaks, dub silent". */
function reading(row, curves, ms) {
  const open = curves.opening[Math.round((ms - curves.start_ms) / curves.step_ms)] ?? null;
  const mouth = open === null ? "mouth not seen" : `mouth ${percent(open)} open`;
  const says = (spans) => (isIn(spans, ms) ? "speaks" : "silent");
  return `${seconds(ms - row.start_ms)} s · ${mouth} · source ${says(curves.source_speech)}, dub ${says(curves.dub_speech)}`;
}

/** The plot in a sentence: when each of the two speaks, from the start of the line. */
function spoken(row, curves) {
  const list = (spans) => spans.slice(0, 6).map((span) => `${seconds(span.start_ms - row.start_ms, 1)}–${seconds(span.end_ms - row.start_ms, 1)}`).join(", ") + (spans.length > 6 ? " …" : "");
  const said = (name, spans) => (spans.length ? `${name} speaks at ${list(spans)} s.` : `${name} is silent.`);
  return `${said("The source", curves.source_speech)} ${row.take_id ? said("The dub", curves.dub_speech) : ""}`.trim();
}
