// Plays one line: the source over its picture, or the take over the same picture with the original silenced.
// Below it two lanes on one time axis: the source's waveform and the take's.

import { media } from "../api.js";
import { clear, h, icon } from "../dom.js";
import { clock } from "../format.js";
import { lines } from "../lines.js";
import { peaksOf, peaksOfTake } from "../waves.js";

const AROUND_MS = 450;

export class Player {
  onTime = () => {};
  #row = null;
  #project = "";
  #stop_ms = 0;
  #frame = 0;

  constructor() {
    this.video = h("video", { playsInline: true, preload: "metadata", "aria-label": "Source picture" });
    this.audio = h("audio", { preload: "auto" });
    this.caption = h("div.caption", { dir: "auto" });
    this.empty = h("div.nothing");
    this.lanes = h("canvas.lanes", { role: "img", "aria-label": "Waveforms of the source and the take" });
    this.sourceButton = h("button.btn.small", { onclick: () => this.playSource(), title: "Play the original under this line" });
    this.takeButton = h("button.btn.small", { onclick: () => this.playTake(), title: "Play the circled take over the picture (Space)" });
    this.time = h("span.dim.time");
    this.element = h("section.player", {}, h("div.picture", {}, this.video, this.empty, this.caption), this.lanes, h("div.controls", {}, this.sourceButton, this.takeButton, h("span.grow"), this.time));
    this.video.addEventListener("error", () => this.element.classList.add("broken"));
    this.audio.addEventListener("ended", () => this.pause());
    this.lanes.addEventListener("click", (event) => this.#seek(event));
    new ResizeObserver(() => this.#draw()).observe(this.lanes);
    this.#paintButtons();
  }

  get isPlaying() {
    return !this.video.paused || !this.audio.paused;
  }

  show(row) {
    const isOther = row?.id !== this.#row?.id;
    this.#row = row;
    this.#load();
    if (isOther) this.pause();
    if (row && isOther && lines.desk.has_media) this.video.currentTime = row.start_ms / 1000;
    this.caption.textContent = (lines.desk.has_media && (row?.target || row?.source)) || "";
    this.#paintButtons();
    this.#draw();
  }

  #load() {
    const { project_id, has_media, has_picture } = lines.desk;
    this.element.classList.toggle("no-picture", !has_picture);
    this.empty.textContent = has_media ? "" : "No media yet: upload it to see the picture here.";
    if (project_id === this.#project && has_media === Boolean(this.video.src)) return;
    this.#project = project_id;
    this.element.classList.remove("broken");
    if (has_media) this.video.src = media("source", project_id, "video");
    else this.video.removeAttribute("src");
  }

  /** The take when there is one, else the source; or stop. */
  toggle() {
    if (this.isPlaying) this.pause();
    else if (this.#row?.take_id) this.playTake();
    else this.playSource();
  }

  playSource() {
    if (this.isPlaying && !this.video.muted) return this.pause();
    this.#start({ isMuted: false, end_ms: this.#row?.end_ms + 120 });
  }

  playTake(id = this.#row?.take_id) {
    if (!id) return;
    const isSame = this.audio.src === media("take", this.#project, id);
    if (this.isPlaying && this.video.muted && isSame) return this.pause();
    this.#play(id, 0);
    this.#start({ isMuted: true, end_ms: this.#row.start_ms + this.#row.slot_ms + this.#row.gap_ms });
  }

  /** Play from a moment near the line: the original, or the take over the picture (from where the take begins at the earliest). */
  playFrom(ms, voice) {
    const row = this.#row;
    if (!row) return;
    if (voice === "source") return this.#start({ isMuted: false, from_ms: ms, end_ms: Math.max(row.end_ms, ms) + 120 });
    const from_ms = Math.max(ms, row.start_ms);
    this.#play(row.take_id, from_ms - row.start_ms);
    this.#start({ isMuted: true, from_ms, end_ms: row.start_ms + row.slot_ms + row.gap_ms });
  }

  #play(take_id, from_ms) {
    const address = media("take", this.#project, take_id);
    if (this.audio.src !== address) this.audio.src = address;
    this.audio.currentTime = from_ms / 1000;
    this.audio.play().catch(() => this.pause());
  }

  #start({ isMuted, end_ms, from_ms = this.#row?.start_ms }) {
    if (!this.#row) return;
    if (!isMuted) this.audio.pause();
    this.#stop_ms = end_ms;
    this.video.muted = isMuted;
    if (lines.desk.has_media) {
      this.video.currentTime = from_ms / 1000;
      this.video.play().catch(() => this.#paintButtons());
    }
    cancelAnimationFrame(this.#frame);
    this.#tick();
    this.#paintButtons();
  }

  pause() {
    this.video.pause();
    this.audio.pause();
    cancelAnimationFrame(this.#frame);
    this.#paintButtons();
  }

  #tick() {
    const at = this.video.currentTime * 1000;
    if (!this.video.paused && at >= this.#stop_ms) this.video.pause();
    this.#draw();
    if (this.isPlaying) this.#frame = requestAnimationFrame(() => this.#tick());
    else this.#paintButtons();
  }

  #paintButtons() {
    const isTake = this.isPlaying && this.video.muted;
    const isSource = this.isPlaying && !this.video.muted;
    clear(this.sourceButton, icon(isSource ? "pause" : "play"), "Source");
    clear(this.takeButton, icon(isTake ? "pause" : "play"), "Dub");
    this.sourceButton.disabled = !this.#row || !lines.desk.has_media;
    this.takeButton.disabled = !this.#row?.take_id;
  }

  // lanes

  get #window() {
    const row = this.#row;
    const from = Math.max(0, row.start_ms - AROUND_MS);
    return { from, to: row.start_ms + row.slot_ms + row.gap_ms + AROUND_MS };
  }

  #seek(event) {
    if (!this.#row || !lines.desk.has_media) return;
    const { from, to } = this.#window;
    this.video.currentTime = (from + (event.offsetX / this.lanes.clientWidth) * (to - from)) / 1000;
    this.#draw();
  }

  #draw() {
    const row = this.#row;
    const { clientWidth: width, clientHeight: height } = this.lanes;
    if (!row || !width) return;
    const scale = window.devicePixelRatio;
    [this.lanes.width, this.lanes.height] = [width * scale, height * scale];
    const pen = this.lanes.getContext("2d");
    pen.scale(scale, scale);
    const { from, to } = this.#window;
    const x = (ms) => ((ms - from) / (to - from)) * width;
    const ink = (name) => getComputedStyle(this.lanes).getPropertyValue(name);
    pen.fillStyle = ink("--slot-tint");
    pen.fillRect(x(row.start_ms), 0, x(row.start_ms + row.slot_ms) - x(row.start_ms), height);
    const source = peaksOf(this.#project, () => this.#draw());
    const take = row.take_id ? peaksOfTake(this.#project, row.take_id, () => this.#draw()) : null;
    wave(pen, source, { x, from, to, mid: height * 0.27, half: height * 0.22, colour: ink("--wave") });
    wave(pen, take, { x, from, to, mid: height * 0.76, half: height * 0.22, colour: ink("--wave-dub"), offset_ms: row.start_ms });
    pen.fillStyle = ink("--faint");
    pen.font = "10.5px system-ui";
    pen.fillText("source", 7, 13);
    pen.fillText(row.take_id ? "dub" : "dub: not voiced", 7, height / 2 + 11);
    const at = this.video.currentTime * 1000;
    pen.fillStyle = ink("--ink");
    if (lines.desk.has_media && at > from && at < to) pen.fillRect(x(at), 0, 1, height);
    this.onTime(at);
    this.time.textContent = `${clock(at)} / ${clock(lines.desk.length_ms)}`;
  }
}

/** `peaks`: {perSecond, low, high} or null while it is being fetched. */
function wave(pen, peaks, { x, from, to, mid, half, colour, offset_ms = 0 }) {
  pen.fillStyle = colour;
  pen.fillRect(0, mid, x(to), 0.5);
  if (!peaks) return;
  const first = Math.max(0, Math.floor(((from - offset_ms) / 1000) * peaks.perSecond));
  const last = Math.min(peaks.low.length, Math.ceil(((to - offset_ms) / 1000) * peaks.perSecond));
  const step = x(from + 1000 / peaks.perSecond);
  for (let at = first; at < last; at += 1) {
    const left = x((at / peaks.perSecond) * 1000 + offset_ms);
    const top = (peaks.high[at] / 127) * half;
    const bottom = (-peaks.low[at] / 127) * half;
    pen.fillRect(left, mid - top, Math.max(0.8, step * 0.7), Math.max(0.8, top + bottom));
  }
}
