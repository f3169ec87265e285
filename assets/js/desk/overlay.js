// One line's mouth, source speech and dubbed speech laid over each other on one time axis. A press plays from there.
// It stands in the place of the player's waveforms, whichever the person wants to see. Curves come line by line from the
// studio; drawing is one canvas, so turning lines stays instant.

import { quietly, read } from "../api.js";
import { clear, h } from "../dom.js";
import { percent, seconds } from "../format.js";
import { lines } from "../lines.js";

const KEPT = 40;
const STEP_MS = 40; // one video frame at 25 Hz
const BARS_PX = 17; // two bars below the curves: where each speaks
const EDGE_PX = 4;
const [CHOICE, LIPS] = ["lipline:drawn", "lips"];

/** What the person chose to see; before that, lips as soon as faces have been looked at. */
const wantsLips = () => (localStorage.getItem(CHOICE) ?? (lines.list.some((row) => row.presence) ? LIPS : "")) === LIPS;

export class Overlay {
  #row = null;
  #curves = null;
  #kept = new Map(); // what was asked for → curves
  #at_ms = 0;
  #cursor_ms = null; // where a pointer or the keys stand
  #voice = "dub";

  constructor(player) {
    this.player = player;
    this.canvas = h("canvas.overlay", { tabIndex: 0, role: "slider", "aria-describedby": "overlay-words", "aria-label": "Mouth and speech of the line; Enter plays from here" });
    this.voices = h("span.voices", { role: "group", "aria-label": "What a press on the plot plays" });
    this.readout = h("span.readout");
    this.words = h("p.unseen-words", { id: "overlay-words" });
    const legend = h("span.legend", { "aria-hidden": "true" }, swatch("source"), swatch("dub"), swatch("mouth"));
    this.element = h("div.overlay-part", { hidden: true }, this.canvas, h("div.under", {}, legend, this.voices), this.readout, this.words);
    this.switch = h("span.voices", { role: "group", "aria-label": "What is drawn" });
    player.lanes.after(this.element);
    player.time.before(this.switch);
    this.canvas.addEventListener("pointermove", (event) => this.#point(this.#timeAt(event)));
    this.canvas.addEventListener("pointerleave", () => this.#point(null));
    this.canvas.addEventListener("click", (event) => this.#play(this.#timeAt(event)));
    this.canvas.addEventListener("keydown", (event) => this.#key(event));
    this.canvas.addEventListener("blur", () => this.#point(null));
    new ResizeObserver(() => this.#draw()).observe(this.canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => requestAnimationFrame(() => this.#draw()));
  }

  /** Show a line; what belongs to it is asked for by `fetch`, a moment later. */
  show(row) {
    const isOther = row?.id !== this.#row?.id;
    this.#row = row;
    const isShown = Boolean(row) && lines.desk.has_picture && wantsLips();
    this.element.hidden = !isShown;
    this.player.lanes.hidden = isShown;
    this.#paintSwitch(Boolean(row) && lines.desk.has_picture);
    if (!row) return;
    this.#curves = this.#kept.get(keyOf(row)) ?? (isOther ? null : this.#curves);
    if (isOther) this.#cursor_ms = null;
    if (isShown) this.#paint();
  }

  #paintSwitch(canChoose) {
    this.switch.hidden = !canChoose;
    const chip = (mode, label, title) => h(`button.chip${wantsLips() === (mode === LIPS) ? ".on" : ""}`, { title, "aria-pressed": String(wantsLips() === (mode === LIPS)), onclick: () => this.#want(mode) }, label);
    const isFocused = this.switch.contains(document.activeElement);
    clear(this.switch, chip("waves", "Waves", "Draw the waveforms of source and take"), chip(LIPS, "Lips", "Draw mouth, source speech and dub over each other"));
    if (isFocused) this.switch.querySelector(".on").focus();
  }

  #want(mode) {
    localStorage.setItem(CHOICE, mode);
    this.show(this.#row);
    this.fetch(this.#row);
  }

  async fetch(row) {
    if (this.element.hidden || this.#kept.has(keyOf(row))) return;
    const curves = await quietly(read(lines.desk.project_id, "curves", { line_id: row.id }));
    if (!curves) return;
    this.#kept.set(keyOf(row), curves);
    while (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value);
    if (this.#row && keyOf(row) === keyOf(this.#row)) {
      this.#curves = curves;
      this.#paint();
    }
  }

  /** The player moved. */
  at(ms) {
    this.#at_ms = ms;
    if (!this.element.hidden) this.#draw();
  }

  #paint() {
    const has = { source: lines.desk.has_media, dub: Boolean(this.#row.take_id) };
    if (!has[this.#voice]) this.#voice = has.dub ? "dub" : "source";
    const chip = (name, label) => h(`button.chip${this.#voice === name ? ".on" : ""}`, { "aria-pressed": String(this.#voice === name), disabled: !has[name], onclick: () => ((this.#voice = name), this.#paint()) }, label);
    const focused = this.voices.contains(document.activeElement);
    clear(this.voices, h("span.dim", { title: "What a press on the plot plays" }, "plays"), chip("source", "Source"), chip("dub", "Dub"));
    if (focused) this.voices.querySelector(".on")?.focus();
    const curves = this.#curves;
    this.words.textContent = curves ? [curves.presence_why, spoken(this.#row, curves)].filter(Boolean).join(" ") : "";
    const { from, to } = this.#window;
    for (const [name, ms] of [["min", from], ["max", to]]) this.canvas.setAttribute(`aria-value${name}`, String(ms));
    this.#say();
    this.#draw();
  }

  get #window() {
    const { start_ms, slot_ms, gap_ms } = this.#row;
    return this.#curves ? { from: this.#curves.start_ms, to: this.#curves.end_ms } : { from: start_ms, to: start_ms + slot_ms + gap_ms };
  }

  #timeAt(event) {
    const { from, to } = this.#window;
    const share = Math.min(1, Math.max(0, event.offsetX / this.canvas.clientWidth));
    return Math.round(from + share * (to - from));
  }

  #point(ms) {
    if (!this.#row || this.#cursor_ms === ms) return;
    this.#cursor_ms = ms;
    this.#say();
    this.#draw();
  }

  #say() {
    const ms = this.#cursor_ms ?? this.#row.start_ms;
    const words = this.#curves ? reading(this.#row, this.#curves, ms) : seconds(ms - this.#row.start_ms);
    this.readout.textContent = this.#cursor_ms === null ? (this.#curves?.presence_why ?? "") : words;
    this.canvas.setAttribute("aria-valuenow", String(ms));
    this.canvas.setAttribute("aria-valuetext", words);
  }

  #play(ms) {
    this.player.playFrom(ms, this.#voice);
  }

  #key(event) {
    const by = { ArrowLeft: -STEP_MS, ArrowRight: STEP_MS, PageUp: -5 * STEP_MS, PageDown: 5 * STEP_MS }[event.key];
    const { from, to } = this.#window;
    const now = this.#cursor_ms ?? this.#row.start_ms;
    if (by) this.#point(Math.min(to, Math.max(from, now + by)));
    else if (event.key === "Home") this.#point(from);
    else if (event.key === "End") this.#point(to);
    else if (event.key === "Enter" || event.key === " ") this.player.isPlaying ? this.player.pause() : this.#play(now);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #draw() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    if (!this.#row || !width) return;
    const dots = window.devicePixelRatio;
    [this.canvas.width, this.canvas.height] = [width * dots, height * dots];
    const pen = this.canvas.getContext("2d");
    pen.scale(dots, dots);
    const style = getComputedStyle(this.canvas);
    const ink = (name) => style.getPropertyValue(name).trim();
    const { from, to } = this.#window;
    const x = (ms) => ((ms - from) / (to - from)) * width;
    const floor = height - BARS_PX;
    pen.fillStyle = ink("--slot-tint");
    pen.fillRect(x(this.#row.start_ms), 0, x(this.#row.start_ms + this.#row.slot_ms) - x(this.#row.start_ms), height);
    if (this.#curves) drawCurves(pen, this.#curves, { x, floor, ink });
    pen.fillStyle = ink("--ink");
    if (this.#at_ms > from && this.#at_ms < to) pen.fillRect(x(this.#at_ms), 0, 1, height);
    pen.fillStyle = ink("--faint");
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
