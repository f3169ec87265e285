// The line on its time axis: the source's waveform with the line as a region to drag, its neighbours, the take's waveform, marks
// and playhead. The source lane and its regions are wavesurfer's, drawn from the studio's own peaks, window by window, so nothing
// is decoded; the take and the time axis lie on canvases below, because every lane of wavesurfer is of one sound that begins at 0,
// and here a take begins with its line and a window in the middle of the programme.
// Enter: rows and the player's time. Leave: new times of the line, through `actions.revise`.

import RegionsPlugin from "../../vendor/wavesurfer-regions.js";
import WaveSurfer from "../../vendor/wavesurfer.js";
import { h } from "../dom.js";
import { seconds, timecode } from "../format.js";
import { lines } from "../lines.js";
import { peaksOf, peaksOfTake } from "../waves.js";
import { sheet } from "./sheet.js";
import { Snapping } from "./snapping.js";

const LEAST_MS = 80; // a line shorter than two frames is a slip of the hand
const SENT_AFTER_MS = 350; // nudges in a row are one edit
const SNAP_PX = 8;
const CLICK_PX = 4;
const GRID_MS = 500; // windows begin here, so that lines next to each other share their axis
const [STEPS_MS, MOST_LABELS] = [[500, 1000, 2000, 5000, 10_000], 6];
export const AROUNDS_MS = [400, 900, 2500, 6000];

export class Lanes {
  onSay = () => {};
  onDraw = () => {};
  window = { from_ms: 0, to_ms: 1 };
  #row = null;
  #pending = null; // {id, start_ms, end_ms}: times on their way to the studio
  #timer = 0;
  #loaded = ""; // which peaks the waveform shows
  #dragged = null; // {start_ms, end_ms} without snapping, while a hand is at it
  #region = null;
  #down_x = 0;
  #isReady = false;

  constructor(player, selection, actions) {
    [this.player, this.selection, this.actions] = [player, selection, actions];
    this.snapping = new Snapping();
    this.source = h("div.lane-source");
    this.take = h("canvas.lanes", { role: "img", "aria-label": "Waveform of the take" });
    this.axis = h("canvas.lane-axis", { "aria-hidden": "true" });
    this.head = h("i.lane-head");
    this.box = h("div.lane-box", { role: "group", "aria-label": "The line on its time axis" }, this.source, this.take, this.axis, this.head);
    this.element = h("div.lane-part", {}, this.box);
    this.#makeWave();
    this.box.addEventListener("pointerdown", (event) => (this.#down_x = event.clientX));
    this.box.addEventListener("click", (event) => this.#click(event));
    this.box.addEventListener("dblclick", (event) => this.player.playFrom(this.timeAt(event)));
    new ResizeObserver(() => this.draw()).observe(this.box);
    window.addEventListener("beforeunload", () => this.flush()); // nudges that wait are edits as well
    document.addEventListener("visibilitychange", () => document.hidden && this.flush());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => requestAnimationFrame(() => this.#paintColours()));
  }

  #makeWave() {
    this.regions = RegionsPlugin.create();
    this.wave = WaveSurfer.create({ container: this.source, height: 52, interact: false, cursorWidth: 0, hideScrollbar: true, barWidth: 2, barGap: 1, barRadius: 1, barMinHeight: 1, plugins: [this.regions] });
    this.wave.on("error", () => null); // it is given peaks only; a window that gives way to the next is no failure
    this.regions.on("region-update", (region, side) => this.#drag(region, side));
    this.regions.on("region-updated", (region) => this.#drop(region));
  }

  /** Times as they will be: what is on its way counts. */
  get times() {
    const row = this.#row;
    return this.#pending?.id === row?.id ? this.#pending : row;
  }

  show(row) {
    if (row?.id !== this.#row?.id) this.flush();
    const isOther = row?.id !== this.#row?.id;
    this.#row = row;
    if (!row) return;
    if (this.#pending?.id === row.id && !this.#timer && this.#pending.start_ms === row.start_ms && this.#pending.end_ms === row.end_ms) this.#pending = null;
    this.#frame(isOther);
    this.draw();
  }

  /** The stretch of time shown; it stays while the same line stays well inside. */
  #frame(isOther) {
    const { start_ms, end_ms } = this.times;
    const { slot_ms, gap_ms, take_ms } = this.#row;
    const { from_ms, to_ms } = this.window;
    if (!isOther && start_ms > from_ms + 60 && end_ms < to_ms - 60) return;
    const around = this.player.around_ms;
    const last_ms = Math.max(end_ms, start_ms + Math.max(slot_ms + gap_ms, take_ms ?? 0));
    this.window = { from_ms: Math.max(0, Math.floor((start_ms - around) / GRID_MS) * GRID_MS), to_ms: Math.ceil(last_ms + around) };
  }

  zoom(by) {
    const at = AROUNDS_MS.findIndex((ms) => ms >= this.player.around_ms);
    const around_ms = AROUNDS_MS[Math.max(0, Math.min(AROUNDS_MS.length - 1, at + by))];
    this.player.set({ around_ms });
    if (!this.#row) return;
    this.#frame(true);
    this.draw();
  }

  // retiming

  /** Move an edge, or with "both" the whole line, by frames. */
  nudge(side, frames) {
    if (!this.#mayRetime()) return;
    const by = (ms) => this.#onFrame(ms, frames);
    const { start_ms, end_ms } = this.times;
    if (side === "start") this.retime(by(start_ms), end_ms, SENT_AFTER_MS);
    else if (side === "end") this.retime(start_ms, by(end_ms), SENT_AFTER_MS);
    else this.retime(by(start_ms), by(start_ms) + end_ms - start_ms, SENT_AFTER_MS);
  }

  /** Put an edge where the playhead is. */
  bring(side) {
    if (!this.#mayRetime()) return;
    const { start_ms, end_ms } = this.times;
    const at = Math.round(this.player.at_ms);
    if (side === "start") this.retime(at, end_ms);
    else this.retime(start_ms, at);
  }

  /** Put both edges on the speech nearest to them. */
  snapNow() {
    if (!this.#mayRetime()) return;
    const { start_ms, end_ms } = this.times;
    const to = this.snapping.around(start_ms, end_ms);
    if (!to) return this.onSay("No speech is heard near the ends of this line, so nothing was moved.");
    this.retime(to.start_ms, to.end_ms);
  }

  /** New times, shown now and sent in a moment. */
  retime(start_ms, end_ms, wait_ms = 0) {
    const length_ms = lines.desk.has_media ? lines.desk.length_ms : Infinity;
    if (end_ms - start_ms < LEAST_MS) return this.onSay(`A line lasts at least ${LEAST_MS} ms; its other edge is in the way.`);
    if (start_ms < 0 || end_ms > Math.max(length_ms, this.#row.end_ms)) return this.onSay("The programme ends here; the line cannot go further.");
    this.#pending = { id: this.#row.id, start_ms, end_ms };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), wait_ms);
    this.#frame(false);
    this.draw();
    this.#sayTimes();
  }

  /** Send what waits. */
  async flush() {
    clearTimeout(this.#timer);
    const sent = this.#pending;
    if (!sent || !this.#timer) return;
    this.#timer = 0;
    const row = lines.rows.get(sent.id);
    if (row && (row.start_ms !== sent.start_ms || row.end_ms !== sent.end_ms)) await this.actions.revise(sent.id, { start_ms: sent.start_ms, end_ms: sent.end_ms });
    if (this.#pending === sent) this.#pending = null; // taken or refused: the row says how it is
    if (this.#row) this.draw();
  }

  #mayRetime() {
    if (!this.#row) return false;
    if (this.#row.status === "locked") this.onSay("This line is locked; unlock it before you move it.");
    return this.#row.status !== "locked";
  }

  #onFrame(ms, frames = 0) {
    const frame_ms = 1000 / lines.desk.fps;
    return Math.max(0, Math.round((Math.round(ms / frame_ms) + frames) * frame_ms));
  }

  #drag(region, side) {
    if (region !== this.#region || !this.#row) return;
    const shown = this.#dragged?.shown ?? { start_ms: this.times.start_ms, end_ms: this.times.end_ms };
    const raw = this.#dragged?.raw ?? { ...shown };
    const [start_ms, end_ms] = [region.start, region.end].map((at_s) => at_s * 1000 + this.window.from_ms);
    if (side !== "end") raw.start_ms += start_ms - shown.start_ms;
    if (side !== "start") raw.end_ms += end_ms - shown.end_ms;
    const now = this.#settled(raw, side);
    this.#dragged = { raw, shown: now };
    this.#put(region, now);
    this.draw(now);
    this.#sayTimes(now);
  }

  /** On the nearest speech or neighbour where snapping is on and one is near, else on a whole frame. */
  #settled(raw, side) {
    const reach_ms = (SNAP_PX / (this.box.clientWidth || 1)) * (this.window.to_ms - this.window.from_ms);
    const snap = (ms, edge) => (this.player.isSnapping ? this.snapping.near(ms, edge, reach_ms) : null);
    const length_ms = raw.end_ms - raw.start_ms;
    const start_ms = snap(raw.start_ms, "start");
    const end_ms = snap(raw.end_ms, "end");
    if (side === "start") return { start_ms: start_ms ?? this.#onFrame(raw.start_ms), end_ms: this.times.end_ms };
    if (side === "end") return { start_ms: this.times.start_ms, end_ms: end_ms ?? this.#onFrame(raw.end_ms) };
    const at_ms = start_ms ?? (end_ms === null ? this.#onFrame(raw.start_ms) : end_ms - length_ms);
    return { start_ms: Math.round(at_ms), end_ms: Math.round(at_ms + length_ms) };
  }

  #drop(region) {
    if (region !== this.#region || !this.#dragged) return;
    const { start_ms, end_ms } = this.#dragged.shown;
    this.#dragged = null;
    this.retime(Math.round(start_ms), Math.round(end_ms));
  }

  #sayTimes({ start_ms, end_ms } = this.times) {
    const { fps } = lines.desk;
    const over = this.#neighbours().filter((one) => one.start_ms < end_ms && one.end_ms > start_ms);
    const others = [...new Set(over.map((one) => one.number))].slice(0, 3).join(", ");
    const overlap = over.length ? ` · overlaps line ${others}` : "";
    this.onSay(`${timecode(start_ms, fps)} – ${timecode(end_ms, fps)} · ${seconds(end_ms - start_ms)} s${overlap}`);
  }

  // drawing

  timeAt(event) {
    const box = this.box.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    return Math.round(this.window.from_ms + share * (this.window.to_ms - this.window.from_ms));
  }

  #click(event) {
    if (!this.#row || Math.abs(event.clientX - this.#down_x) > CLICK_PX) return;
    const other = event.composedPath().map((node) => node.dataset?.line).find(Boolean);
    if (other && lines.rows.has(other)) return this.selection.only(other);
    this.player.to(this.timeAt(event));
  }

  #neighbours() {
    const { from_ms, to_ms } = this.window;
    const at = lines.order.indexOf(this.#row.id);
    const near = lines.order.slice(Math.max(0, at - 12), at + 13).map((id) => lines.rows.get(id));
    return near.filter((one) => one && one.id !== this.#row.id && one.end_ms > from_ms && one.start_ms < to_ms);
  }

  draw(times = this.#dragged?.shown ?? this.times) {
    if (!this.#row || !this.box.clientWidth) return;
    this.#load();
    this.#drawTake(times);
    this.#drawAxis();
    this.onDraw();
    this.at(this.player.at_ms);
    if (this.#isReady && !this.#dragged) this.#paintRegions(times);
  }

  /** Give wavesurfer the window's peaks, or a still line while none are there. */
  #load() {
    const project = lines.desk.project_id;
    const { from_ms, to_ms } = this.window;
    const peaks = lines.desk.has_media ? peaksOf(project, () => this.draw()) : null;
    const shows = [project, from_ms, to_ms, Boolean(peaks)].join("/");
    if (shows === this.#loaded) return;
    this.#loaded = shows;
    this.#isReady = false;
    this.regions.clearRegions();
    this.#region = null;
    this.snapping.hear(project, peaks, () => this.draw());
    const channels = peaks ? sliced(peaks, from_ms, to_ms) : [new Float32Array(2), new Float32Array(2)];
    this.wave
      .load("", channels, (to_ms - from_ms) / 1000)
      .then(() => {
        if (shows !== this.#loaded) return;
        this.#isReady = true;
        this.#paintColours();
        this.draw();
      })
      .catch(() => null); // a later window took its place
  }

  #paintColours() {
    const style = getComputedStyle(this.box);
    const colour = style.getPropertyValue("--wave").trim();
    if (this.wave.options.waveColor !== colour) this.wave.setOptions({ waveColor: colour, progressColor: colour });
    this.draw();
  }

  #drawAxis() {
    const { pen, width, ink } = sheet(this.axis);
    const { from_ms, to_ms } = this.window;
    const step_ms = STEPS_MS.find((one) => (to_ms - from_ms) / one <= MOST_LABELS) ?? STEPS_MS.at(-1);
    pen.fillStyle = ink("--faint");
    pen.font = "10px system-ui";
    for (let ms = Math.ceil(from_ms / step_ms) * step_ms; ms < to_ms; ms += step_ms) {
      const left = ((ms - from_ms) / (to_ms - from_ms)) * width;
      pen.fillRect(left, 0, 1, 4);
      if (left < width - 46) pen.fillText(timecode(ms, lines.desk.fps).slice(3), left + 3, 10);
    }
  }

  #put(region, { start_ms, end_ms }) {
    const { from_ms } = this.window;
    region.setOptions({ start: (start_ms - from_ms) / 1000, end: (end_ms - from_ms) / 1000 });
  }

  #paintRegions(times) {
    const near = this.#neighbours();
    const shows = [this.#row.id, this.#row.status === "locked", near.map((one) => [one.id, one.start_ms, one.end_ms, one.speaker])].join();
    this.snapping.neighbours = near.flatMap((one) => [one.start_ms, one.end_ms]);
    if (this.#region && this.#region.shows === shows) return this.#put(this.#region, times);
    this.regions.clearRegions();
    for (const one of near) this.#addNeighbour(one);
    const { from_ms } = this.window;
    const may = this.#row.status !== "locked";
    this.#region = this.regions.addRegion({ id: "line", start: (times.start_ms - from_ms) / 1000, end: (times.end_ms - from_ms) / 1000, drag: may, resize: may, minLength: LEAST_MS / 1000, color: "var(--slot-tint)" });
    this.#region.shows = shows;
  }

  #addNeighbour(row) {
    const { from_ms, to_ms } = this.window;
    const [start, end] = [Math.max(from_ms, row.start_ms), Math.min(to_ms, row.end_ms)].map((ms) => (ms - from_ms) / 1000);
    const label = document.createElement("span");
    label.textContent = `${row.number} ${row.speaker}`;
    label.dataset.line = row.id;
    const region = this.regions.addRegion({ id: `near-${row.id}`, start, end, drag: false, resize: false, color: "var(--near)", content: label });
    if (region.element) region.element.dataset.line = row.id;
  }

  #drawTake(times) {
    const { pen, width, height, ink } = sheet(this.take);
    if (!width) return;
    const { from_ms, to_ms } = this.window;
    const x = (ms) => ((ms - from_ms) / (to_ms - from_ms)) * width;
    const row = this.#row;
    const gap_ms = Math.max(0, row.start_ms + row.slot_ms + row.gap_ms - row.end_ms);
    pen.fillStyle = ink("--slot-tint");
    pen.fillRect(x(times.start_ms), 0, x(times.end_ms) - x(times.start_ms), height);
    pen.globalAlpha = 0.5;
    pen.fillRect(x(times.end_ms), 0, x(times.end_ms + gap_ms) - x(times.end_ms), height); // what may be borrowed
    pen.globalAlpha = 1;
    const project = lines.desk.project_id;
    for (const one of this.#neighbours()) if (one.take_id) wave(pen, peaksOfTake(project, one.take_id, () => this.draw()), { x, from_ms, to_ms, height, colour: ink("--near-wave"), at_ms: one.start_ms });
    const shown = this.player.heard === "other" && this.player.other ? this.player.other : row.take_id;
    if (shown) wave(pen, peaksOfTake(project, shown, () => this.draw()), { x, from_ms, to_ms, height, colour: ink("--wave-dub"), at_ms: times.start_ms });
    pen.fillStyle = ink("--faint");
    pen.font = "10.5px system-ui";
    pen.fillText(row.take_id ? "take" : "take: not voiced", 7, 12);
    pen.fillStyle = ink("--accent");
    for (const ms of [this.player.marks.in_ms, this.player.marks.out_ms]) if (ms !== null) pen.fillRect(x(ms), 0, 1.5, height);
  }

  /** The playhead. */
  at(ms) {
    const { from_ms, to_ms } = this.window;
    const share = (ms - from_ms) / (to_ms - from_ms);
    this.head.hidden = share < 0 || share > 1;
    this.head.style.transform = `translateX(${share * this.box.clientWidth}px)`;
  }
}

/** Highs and lows of a window as wavesurfer takes them, silence where the source has ended. */
function sliced({ perSecond, low, high, loudest }, from_ms, to_ms) {
  const [first, last] = [from_ms, to_ms].map((ms) => Math.round((ms / 1000) * perSecond));
  const [tops, bottoms] = [new Float32Array(last - first), new Float32Array(last - first)];
  for (let at = first; at < last; at += 1) {
    tops[at - first] = Math.min(1, (high[at] ?? 0) / loudest);
    bottoms[at - first] = Math.max(-1, (low[at] ?? 0) / loudest);
  }
  return [tops, bottoms];
}

/** `peaks`: {perSecond, low, high} or null while they are on their way. */
function wave(pen, peaks, { x, from_ms, to_ms, height, colour, at_ms }) {
  if (!peaks) return;
  pen.fillStyle = colour;
  const [mid, half] = [height / 2, height * 0.44];
  const first = Math.max(0, Math.floor(((from_ms - at_ms) / 1000) * peaks.perSecond));
  const last = Math.min(peaks.low.length, Math.ceil(((to_ms - at_ms) / 1000) * peaks.perSecond));
  const step = x(from_ms + 1000 / peaks.perSecond);
  for (let at = first; at < last; at += 1) {
    const left = x((at / peaks.perSecond) * 1000 + at_ms);
    const [top, bottom] = [(peaks.high[at] / 127) * half, (-peaks.low[at] / 127) * half];
    pen.fillRect(left, mid - top, Math.max(0.8, step * 0.7), Math.max(0.8, top + bottom));
  }
}
