// Two sounds on one picture, both running all the time and one of them heard, so that switching is instant and at the same moment.
// The film is muted; sound runs on the audio clock and is laid where the picture is, with what the loudspeaker adds taken off.

import { media } from "../api.js";
import { lines } from "../lines.js";

const BEFORE_S = 0.3; // picture shown before the line
const AFTER_S = 0.35;
const DRIFT_S = 0.08;
const FADE_S = 0.008; // a switch without a click
const KEPT = 12;
export const ORIGINAL = "original"; // the source's own sound under the line, beside the takes

export class AbPlayer {
  onPaint = () => {};
  onTime = () => {};
  onTrouble = () => {};
  heard = "a";
  #row = null;
  #project = "";
  #sides = { a: "", b: "" }; // what each side plays: a take's id, ORIGINAL, or ""
  #buffers = new Map();
  #context = null;
  #sources = [];
  #gains = {};
  #zero_s = 0; // the moment of the audio clock at which the line begins
  #frame = 0;
  #start = 0; // which start is the latest: an older one that is still waiting gives way

  constructor(video) {
    this.video = video;
    video.muted = true;
    video.addEventListener("error", () => this.onPaint());
  }

  isPlaying = false;

  /** Times in seconds from the line's start; they begin a little before it. */
  get from_s() {
    return this.#row ? -Math.min(BEFORE_S, this.#row.start_ms / 1000) : 0;
  }

  get to_s() {
    if (!this.#row) return 0;
    const longest = Math.max(0, ...["a", "b"].map((side) => this.#buffers.get(this.#key(side))?.duration ?? 0));
    return Math.max((this.#row.slot_ms + this.#row.gap_ms) / 1000, longest) + AFTER_S;
  }

  at_s = 0;

  show(row) {
    const { project_id, has_media } = lines.desk;
    const isOther = row?.id !== this.#row?.id || project_id !== this.#project;
    this.#row = row;
    if (project_id !== this.#project || has_media !== Boolean(this.video.src)) {
      if (has_media) this.video.src = media("source", project_id, "video");
      else this.video.removeAttribute("src");
    }
    if (project_id !== this.#project) this.#buffers.clear();
    this.#project = project_id;
    if (isOther) {
      this.pause();
      this.to(0);
    }
  }

  /** Put a take (or the original) on a side; it is fetched at once, so that the first press plays. */
  async put(side, what) {
    if (this.#sides[side] === what) return;
    this.#sides[side] = what;
    if (this.isPlaying) await this.play(this.at_s);
    else if (what) await this.#fetched(side);
    this.onPaint();
  }

  hear(side) {
    this.heard = side;
    for (const [name, gain] of Object.entries(this.#gains)) gain.gain.setTargetAtTime(name === side ? 1 : 0, this.#context.currentTime, FADE_S);
    this.onPaint();
  }

  toggle() {
    if (this.isPlaying) this.pause();
    else this.play(this.at_s >= this.to_s - 0.05 ? this.from_s : this.at_s || this.from_s);
  }

  async play(from_s) {
    const mine = (this.#start += 1);
    this.#stopSound();
    this.#context ??= new AudioContext();
    this.isPlaying = true;
    this.onPaint();
    const [a, b] = await Promise.all(["a", "b"].map((side) => this.#fetched(side)));
    await this.#context.resume().catch(() => null);
    if (mine !== this.#start) return;
    this.at_s = from_s;
    if (this.video.src) {
      this.video.currentTime = this.#row.start_ms / 1000 + from_s;
      await this.video.play().catch(() => null); // without a picture to play the sound is still heard
      if (mine !== this.#start) return;
    }
    const now_s = this.#hasPicture ? this.#pictureAt() : from_s;
    this.#lay({ a, b }, now_s);
    this.#tick({ a, b });
  }

  pause() {
    this.#start += 1;
    this.isPlaying = false;
    this.#stopSound();
    this.video.pause();
    cancelAnimationFrame(this.#frame);
    this.onPaint();
  }

  to(at_s) {
    this.at_s = Math.min(Math.max(at_s, this.from_s), this.to_s);
    if (this.isPlaying) return void this.play(this.at_s);
    if (this.#row && this.video.src) this.video.currentTime = this.#row.start_ms / 1000 + this.at_s;
    this.onTime();
  }

  get #hasPicture() {
    return Boolean(this.video.src) && !this.video.paused && this.video.readyState >= 2;
  }

  #pictureAt() {
    return this.video.currentTime - this.#row.start_ms / 1000;
  }

  /** Start both sounds where the picture is. */
  #lay(buffers, at_s) {
    this.#stopSound();
    const context = this.#context;
    const begin = at_s + (context.outputLatency || context.baseLatency || 0);
    this.#zero_s = context.currentTime - begin;
    for (const [side, buffer] of Object.entries(buffers)) {
      const gain = context.createGain();
      gain.gain.value = side === this.heard ? 1 : 0;
      gain.connect(context.destination);
      this.#gains[side] = gain;
      if (!buffer || begin >= buffer.duration) continue;
      const source = new AudioBufferSourceNode(context, { buffer });
      source.connect(gain);
      source.start(context.currentTime + Math.max(0, -begin), Math.max(0, begin));
      this.#sources.push(source);
    }
  }

  #stopSound() {
    for (const source of this.#sources) source.stop();
    for (const gain of Object.values(this.#gains)) gain.disconnect();
    [this.#sources, this.#gains] = [[], {}];
  }

  #tick(buffers) {
    cancelAnimationFrame(this.#frame);
    if (!this.isPlaying) return;
    const latency = this.#context.outputLatency || this.#context.baseLatency || 0;
    const sound_s = this.#context.currentTime - this.#zero_s - latency;
    if (this.#hasPicture && Math.abs(this.#pictureAt() - sound_s) > DRIFT_S) this.#lay(buffers, this.#pictureAt());
    this.at_s = this.#hasPicture ? this.#pictureAt() : sound_s;
    this.onTime();
    if (this.at_s >= this.to_s) return this.pause();
    this.#frame = requestAnimationFrame(() => this.#tick(buffers));
  }

  #key(side) {
    const what = this.#sides[side];
    return what === ORIGINAL ? `${ORIGINAL}/${this.#row?.id}` : what;
  }

  async #fetched(side) {
    const key = this.#key(side);
    if (!key || !this.#row) return null;
    if (this.#buffers.has(key)) return this.#buffers.get(key);
    const address = this.#sides[side] === ORIGINAL ? media("clip", this.#project, this.#row.id) : media("take", this.#project, key);
    try {
      const response = await fetch(address);
      if (!response.ok) throw new Error((await response.json().catch(() => ({}))).error ?? "This sound cannot be fetched.");
      const buffer = await new OfflineAudioContext(1, 1, 48_000).decodeAudioData(await response.arrayBuffer());
      this.#buffers.set(key, buffer);
      while (this.#buffers.size > KEPT) this.#buffers.delete(this.#buffers.keys().next().value);
      return buffer;
    } catch (error) {
      this.onTrouble(error.message);
      return null;
    }
  }
}
