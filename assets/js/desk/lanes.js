// The line on its time axis: the source's waveform with the line as a region to drag, its neighbours, the take's waveform, marks
// and playhead. The source lane and its regions are wavesurfer's, drawn from the studio's own peaks, window by window, so nothing
// is decoded; the take and the time axis lie on canvases below (strips.js), because every lane of wavesurfer is of one sound that
// begins at 0, and here a take begins with its line and a window in the middle of the programme. Whatever asks for a drawing, there
// is one per frame. Enter: rows and the player's time. Leave: new times of the line (retiming.js).

import RegionsPlugin from "../../vendor/wavesurfer-regions.js";
import WaveSurfer from "../../vendor/wavesurfer.js";
import { h } from "../dom.js";
import { seconds, timecode } from "../format.js";
import { lines } from "../lines.js";
import { isFixed } from "../rights.js";
import { peaksOf } from "../waves.js";
import { Retiming } from "./retiming.js";
import { Snapping } from "./snapping.js";
import { drawAxis, drawTake, sliced } from "./strips.js";

const SNAP_PX = 8;
const CLICK_PX = 4;
const LEAST_REGION_S = 0.08;
const GRID_MS = 500; // windows begin here, so that lines next to each other share their axis
const INSIDE_MS = 60; // a line nearer to an end of the window is moved away from it
export const AROUNDS_MS = [400, 900, 2500, 6000];

export class Lanes {
  onSay = () => {};
  onDraw = () => {};
  window = { from_ms: 0, to_ms: 1 };
  #row = null;
  #loaded = ""; // which peaks the waveform shows
  #dragged = null; // {raw, shown}: times without and with snapping, while a hand is at it
  #region = null;
  #down_x = 0;
  #isReady = false;
  #drawing = 0;
  #width = 0;

  constructor(player, selection, actions) {
    [this.player, this.selection] = [player, selection];
    this.snapping = new Snapping();
    this.retiming = new Retiming(player, this.snapping, actions);
    this.retiming.onSay = (sentence) => this.onSay(sentence);
    this.retiming.onTimes = () => (this.#frame(false), this.draw(), this.#sayTimes());
    this.retiming.onSent = () => this.draw();
    this.source = h("div.lane-source");
    this.strip = h("canvas.lanes", { role: "img", "aria-label": "Waveform of the take" });
    this.axis = h("canvas.lane-axis", { "aria-hidden": "true" });
    this.head = h("i.lane-head");
    this.box = h("div.lane-box", { role: "group", "aria-label": "The line on its time axis" }, this.source, this.strip, this.axis, this.head);
    this.element = h("div.lane-part", {}, this.box);
    this.#makeWave();
    this.box.addEventListener("pointerdown", (event) => (this.#down_x = event.clientX));
    this.box.addEventListener("click", (event) => this.#click(event));
    this.box.addEventListener("dblclick", (event) => this.player.playFrom(this.timeAt(event)));
    new ResizeObserver(() => ((this.#width = this.box.clientWidth), this.draw())).observe(this.box);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => requestAnimationFrame(() => this.#paintColours()));
  }

  #makeWave() {
    this.regions = RegionsPlugin.create();
    this.wave = WaveSurfer.create({ container: this.source, height: 52, interact: false, cursorWidth: 0, hideScrollbar: true, barWidth: 2, barGap: 1, barRadius: 1, barMinHeight: 1, plugins: [this.regions] });
    this.wave.on("error", () => null); // it is given peaks only; a window that gives way to the next is no failure
    this.regions.on("region-update", (region, side) => this.#drag(region, side));
    this.regions.on("region-updated", (region) => this.#drop(region));
  }

  get times() {
    return this.retiming.times;
  }

  /** Another row, or the same with other values; drawn when `draw` is called. */
  take(row) {
    const isOther = row?.id !== this.#row?.id;
    this.retiming.show(row);
    this.#row = row;
    if (!row) return;
    if (isOther) this.#dragged = null;
    this.#frame(isOther);
  }

  /** The stretch of time shown; it stays while the same line stays well inside. */
  #frame(isOther) {
    const { start_ms, end_ms } = this.times;
    const { slot_ms, gap_ms, take_ms } = this.#row;
    const { from_ms, to_ms } = this.window;
    if (!isOther && start_ms > from_ms + INSIDE_MS && end_ms < to_ms - INSIDE_MS) return;
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

  // a hand at an edge

  #drag(region, side) {
    if (region !== this.#region || !this.#row) return;
    const shown = this.#dragged?.shown ?? { start_ms: this.times.start_ms, end_ms: this.times.end_ms };
    const raw = this.#dragged?.raw ?? { ...shown };
    const [start_ms, end_ms] = [region.start, region.end].map((at_s) => at_s * 1000 + this.window.from_ms);
    if (side !== "end") raw.start_ms += start_ms - shown.start_ms;
    if (side !== "start") raw.end_ms += end_ms - shown.end_ms;
    const now = this.retiming.settled(raw, side, (SNAP_PX / (this.#width || 1)) * (this.window.to_ms - this.window.from_ms));
    this.#dragged = { raw, shown: now };
    this.#put(region, now);
    this.draw();
    this.#sayTimes(now);
  }

  #drop(region) {
    if (region !== this.#region || !this.#dragged) return;
    const { start_ms, end_ms } = this.#dragged.shown;
    this.#dragged = null;
    this.retiming.to(Math.round(start_ms), Math.round(end_ms));
    this.draw(); // where the studio would take no such times, the region goes back
  }

  #sayTimes({ start_ms, end_ms } = this.times) {
    const { fps } = lines.desk;
    const over = this.#neighbours().filter((one) => one.start_ms < end_ms && one.end_ms > start_ms);
    const others = [...new Set(over.map((one) => one.number))].slice(0, 3).join(", ");
    const overlap = over.length ? ` · overlaps line ${others}` : "";
    this.onSay(`${timecode(start_ms, fps)} – ${timecode(end_ms, fps)} · ${seconds(end_ms - start_ms)} s${overlap}`);
  }

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

  // drawing

  /** Draw with the next frame. */
  draw() {
    this.#drawing ||= requestAnimationFrame(() => ((this.#drawing = 0), this.#drawNow()));
  }

  #drawNow() {
    if (!this.#row || !this.#width) return;
    const times = this.#dragged?.shown ?? this.times;
    const project = lines.desk.project_id;
    const neighbours = this.#neighbours();
    const { heard, other, marks } = this.player;
    this.#load(project);
    drawTake(this.strip, { row: this.#row, times, window: this.window, neighbours, project, shown: heard === "other" && other ? other : this.#row.take_id, marks, again: () => this.draw() });
    drawAxis(this.axis, this.window, lines.desk.fps);
    this.onDraw();
    this.at(this.player.at_ms);
    if (this.#isReady && !this.#dragged) this.#paintRegions(times, neighbours);
  }

  /** Give wavesurfer the window's peaks, or a still line while none are there. */
  #load(project) {
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
      })
      .catch(() => null); // a later window took its place
  }

  #paintColours() {
    const style = getComputedStyle(this.box);
    const colour = style.getPropertyValue("--wave").trim();
    if (this.wave.options.waveColor !== colour) this.wave.setOptions({ waveColor: colour, progressColor: colour });
    this.draw();
  }

  #put(region, { start_ms, end_ms }) {
    const { from_ms } = this.window;
    region.setOptions({ start: (start_ms - from_ms) / 1000, end: (end_ms - from_ms) / 1000 });
  }

  #paintRegions(times, near) {
    const may = !isFixed(this.#row);
    const shows = [this.#row.id, may, near.map((one) => [one.id, one.start_ms, one.end_ms, one.speaker])].join();
    this.snapping.neighbours = near.flatMap((one) => [one.start_ms, one.end_ms]);
    if (this.#region && this.#region.shows === shows) return this.#put(this.#region, times);
    this.regions.clearRegions();
    for (const one of near) this.#addNeighbour(one);
    const { from_ms } = this.window;
    this.#region = this.regions.addRegion({ id: "line", start: (times.start_ms - from_ms) / 1000, end: (times.end_ms - from_ms) / 1000, drag: may, resize: may, minLength: LEAST_REGION_S, color: "var(--slot-tint)" });
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

  /** The playhead. */
  at(ms) {
    const { from_ms, to_ms } = this.window;
    const share = (ms - from_ms) / (to_ms - from_ms);
    this.head.hidden = share < 0 || share > 1;
    this.head.style.transform = `translateX(${share * this.#width}px)`;
  }
}
