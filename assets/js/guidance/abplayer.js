// Two sounds on one picture, both running all the time and one of them heard, so that switching is instant and at the same moment.
// The film is muted; sounds.js runs them on the audio clock, laid where the picture is, with what the loudspeaker adds taken off.

import { media } from "../api.js";
import { lines } from "../lines.js";
import { Bed, audioClock, soundAt, soundNow } from "../sounds.js";

const BEFORE_S = 0.3; // picture shown before the line
const AFTER_S = 0.35;
const DRIFT_S = 0.08;
export const ORIGINAL = "original"; // the source's own sound under the line, beside the takes

export class AbPlayer {
  onPaint = () => {};
  onTime = () => {};
  onTrouble = () => {};
  heard = "a";
  #row = null;
  #project = "";
  #sides = { a: "", b: "" }; // what each side plays: a take's id, ORIGINAL, or ""
  #bed = new Bed();
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
    const longest = Math.max(0, ...["a", "b"].map((side) => (this.#sides[side] && soundNow(this.#address(side))?.buffer.duration) || 0));
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
    this.#bed.hear(side);
    this.onPaint();
  }

  toggle() {
    if (this.isPlaying) this.pause();
    else this.play(this.at_s >= this.to_s - 0.05 ? this.from_s : this.at_s || this.from_s);
  }

  async play(from_s) {
    const mine = (this.#start += 1);
    this.#bed.stop();
    this.isPlaying = true;
    this.onPaint();
    const [a, b] = await Promise.all(["a", "b"].map((side) => this.#fetched(side)));
    await audioClock().resume().catch(() => null);
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
    this.#bed.stop();
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
    const sounds = Object.entries(buffers).filter(([, buffer]) => buffer).map(([side, buffer]) => [side, { buffer, from_s: 0 }]);
    this.#bed.lay(Object.fromEntries(sounds), at_s, this.heard);
  }

  #tick(buffers) {
    cancelAnimationFrame(this.#frame);
    if (!this.isPlaying) return;
    const sound_s = this.#bed.at_s ?? this.at_s;
    if (this.#hasPicture && Math.abs(this.#pictureAt() - sound_s) > DRIFT_S) this.#lay(buffers, this.#pictureAt());
    this.at_s = this.#hasPicture ? this.#pictureAt() : sound_s;
    this.onTime();
    if (this.at_s >= this.to_s) return this.pause();
    this.#frame = requestAnimationFrame(() => this.#tick(buffers));
  }

  async #fetched(side) {
    if (!this.#sides[side] || !this.#row) return null;
    try {
      return (await soundAt(this.#address(side))).buffer;
    } catch (error) {
      this.onTrouble(error.message);
      return null;
    }
  }

  #address(side) {
    const { id, start_ms, end_ms } = this.#row; // a clip moves with its line
    return this.#sides[side] === ORIGINAL ? media("clip", this.#project, id, { span: `${start_ms}-${end_ms}` }) : media("take", this.#project, this.#sides[side]);
  }
}
