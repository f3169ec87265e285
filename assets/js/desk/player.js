// Plays the selected line, again and again: the source as it is, the take over the picture, a second take to hold against it, or
// the dub in context, with the neighbours' takes over the bed. The picture is the clock; sounds (sounds.js) are laid where it is,
// all at once, so that another mode is heard at the same moment. Enter: rows. Leave: the time, to whoever draws it.

import { media } from "../api.js";
import { h } from "../dom.js";
import { lines } from "../lines.js";
import { Bed, audioClock, soundAt, soundNow } from "../sounds.js";
import { Picture } from "./picture.js";
import { PlayerBar } from "./playerbar.js";
import { remembered, rememberMany } from "./playing.js";

export const MODES = ["source", "take", "other", "context"];
const DRIFT_MS = 70;
const SWIFT_MS = 160; // lines turned faster than this are not sought one by one
const PRELOAD_MS = 350;
const SHUTTLE = [1, 2, 4];
const BACK_STEP_MS = 60; // browsers cannot play backwards; the picture steps
const MIXING = "Mixing the context of this line; the next time it is there at once.";
const CONTEXT_MS = 3000; // neighbours within so much of a line can be heard in its context

export class Player {
  onTime = () => {};
  onState = () => {};
  onTrouble = () => {};
  isPlaying = false;
  marks = { in_ms: null, out_ms: null };
  other = ""; // the take that the circled one is held against
  #row = null;
  #at_ms = 0; // where we are while no picture tells
  #placed_ms = null; // where a person put the playhead
  #bed = new Bed();
  #turn = 0; // which start is the latest: an older one that is still waiting gives way
  #frame = 0;
  #shuttle = 0; // 0: as recorded; else how fast, negative: backwards
  #chosen = { at: 0, told: true }; // when the line was taken, until it is seen and heard
  #timers = { seek: 0, preload: 0 };

  constructor() {
    Object.assign(this, remembered());
    this.picture = new Picture();
    this.bar = new PlayerBar(this);
    this.lanesHere = h("div.lanes-here");
    this.element = h("section.player", { "aria-label": "Player" }, this.picture.element, this.lanesHere, this.bar.element);
    this.picture.onState = () => this.#pictureChanged();
    document.addEventListener("visibilitychange", () => document.hidden && this.pause());
  }

  get row() {
    return this.#row;
  }

  get video() {
    return this.picture.video;
  }

  get at_ms() {
    return this.picture.isThere ? this.picture.at_ms : this.#at_ms;
  }

  // what is heard

  can(mode) {
    const row = this.#row;
    if (!row) return false;
    if (mode === "source") return lines.desk.has_media && !this.picture.isBroken;
    if (mode === "take") return Boolean(row.take_id);
    if (mode === "other") return Boolean(this.other);
    return lines.desk.has_media && this.#near().some((one) => one.take_id);
  }

  /** The mode asked for, or the nearest that this line has. */
  get heard() {
    return [this.mode, "take", "source", "context"].find((mode) => this.can(mode)) ?? "";
  }

  hear(mode) {
    if (!MODES.includes(mode)) return;
    this.mode = mode;
    rememberMany({ mode });
    if (this.isPlaying) this.#switch();
    this.#tell();
  }

  /** Hold a take against the circled one; "" stops that. */
  compare(take_id) {
    this.other = take_id;
    if (take_id) this.hear("other");
    else if (this.mode === "other") this.hear("take");
    this.#tell();
  }

  async #switch() {
    const [mine, mode] = [this.#turn, this.heard];
    if (mode !== "source" && !(await this.#fetched(mode))) return;
    if (mine !== this.#turn || mode !== this.heard || !this.isPlaying) return;
    this.video.muted = mode !== "source";
    this.#lay();
    this.#tell();
  }

  address(mode) {
    const [row, project] = [this.#row, lines.desk.project_id];
    if (mode === "take") return media("take", project, row.take_id);
    if (mode === "other") return media("take", project, this.other);
    if (mode !== "context") return "";
    const mark = this.#near().map((one) => [one.id, one.start_ms, one.end_ms, one.take_id].join()).join(";");
    return `${media("context", project, row.id)}?${new URLSearchParams({ mark })}`;
  }

  #near(row = this.#row) {
    const at = lines.order.indexOf(row.id);
    const some = lines.order.slice(Math.max(0, at - 12), at + 13).map((id) => lines.rows.get(id));
    return some.filter((one) => one && one.end_ms > row.start_ms - CONTEXT_MS && one.start_ms < row.start_ms + row.slot_ms + row.gap_ms + CONTEXT_MS);
  }

  /** The sound of a mode, decoded; null where it cannot be had, which has then been said. */
  async #fetched(mode) {
    const address = this.address(mode);
    const known = soundNow(address);
    if (known) return known;
    const timer = setTimeout(() => mode === "context" && this.onTrouble(MIXING), 300);
    try {
      const sound = await soundAt(address);
      this.onTrouble("");
      return sound;
    } catch (error) {
      this.onTrouble(error.message);
      return null;
    } finally {
      clearTimeout(timer);
    }
  }

  // which line

  show(row) {
    const isOther = row?.id !== this.#row?.id;
    const before = this.#row;
    this.#row = row;
    this.picture.load();
    this.element.classList.toggle("no-picture", !lines.desk.has_picture);
    this.picture.say(row?.target || row?.source || "");
    if (!row) this.pause();
    else if (isOther) this.#turnTo();
    else if (this.isPlaying && before.take_id !== row.take_id) this.#switch();
    this.#tell();
  }

  #turnTo() {
    const now = performance.now();
    const isSwift = now - this.#chosen.at < SWIFT_MS;
    this.#chosen = { at: now, told: false };
    this.#placed_ms = null;
    this.marks = { in_ms: null, out_ms: null };
    this.other = "";
    clearTimeout(this.#timers.seek);
    clearTimeout(this.#timers.preload);
    const go = () => (this.isPlaying ? this.play() : this.#place(this.range.from_ms));
    if (isSwift) this.#timers.seek = setTimeout(go, SWIFT_MS / 2);
    else go();
    if (!isSwift && this.can("take")) soundAt(this.address("take")).catch(() => null);
    this.#timers.preload = setTimeout(() => this.#preload(), PRELOAD_MS);
    this.onTrouble("");
  }

  /** The takes of the lines about to be taken, so that they play at once. */
  #preload() {
    const at = lines.order.indexOf(this.#row?.id);
    const near = [0, 1, 2, -1, 3].map((by) => lines.rows.get(lines.order[at + by]));
    for (const row of near) if (row?.take_id) soundAt(media("take", lines.desk.project_id, row.take_id)).catch(() => null);
  }

  /** What plays: the line with its rolls, or between the marks. */
  get range() {
    const row = this.#row;
    if (!row) return { from_ms: 0, to_ms: 0 };
    const end_ms = this.heard === "source" ? row.end_ms : Math.max(row.end_ms, row.start_ms + (row.take_ms ?? 0));
    const from_ms = this.marks.in_ms ?? Math.max(0, row.start_ms - this.pre_ms);
    const to_ms = this.marks.out_ms ?? end_ms + this.post_ms;
    const last_ms = lines.desk.has_media && lines.desk.length_ms ? Math.max(from_ms + 40, lines.desk.length_ms) : Infinity;
    return { from_ms, to_ms: Math.min(Math.max(to_ms, from_ms + 40), last_ms) };
  }

  // transport

  toggle() {
    if (this.isPlaying) this.pause();
    else this.play(this.#placed_ms ?? undefined);
  }

  /** Play in a mode; pressed again while it is heard: stop. */
  playAs(mode) {
    if (this.isPlaying && this.heard === mode) return this.pause();
    this.hear(mode);
    if (!this.isPlaying) this.play();
  }

  async play(from_ms = this.range.from_ms) {
    const mode = this.heard;
    if (!mode) return this.onTrouble(this.#row ? "Nothing to play here yet: there is no media, and this line has no take." : "Select a line to play it.");
    const mine = (this.#turn += 1);
    [this.isPlaying, this.#shuttle] = [true, 0];
    this.video.playbackRate = 1;
    this.video.muted = mode !== "source";
    this.#bed.stop();
    this.#place(from_ms);
    this.#tell();
    const clock = audioClock().resume().catch(() => null);
    const sound = mode === "source" || (await this.#fetched(mode));
    await clock;
    if (mine !== this.#turn) return;
    if (!sound) return this.pause();
    if (this.picture.isThere) {
      const runs = await this.video.play().then(() => true, () => false);
      if (mine !== this.#turn) return;
      if (!runs && mode === "source") {
        this.onTrouble("The browser did not start the sound; press play once more.");
        return this.pause();
      }
    }
    this.#tick();
  }

  playFrom(ms) {
    this.#placed_ms = ms;
    this.play(ms);
  }

  pause() {
    this.#turn += 1;
    const was = this.isPlaying;
    [this.isPlaying, this.#shuttle] = [false, 0];
    this.#at_ms = this.at_ms;
    this.#bed.stop();
    this.video.pause();
    cancelAnimationFrame(this.#frame);
    if (was) this.#tell();
  }

  /** Put the playhead somewhere; what plays goes on from there. */
  to(ms) {
    const at = Math.max(0, Math.min(ms, lines.desk.length_ms || Infinity));
    this.#placed_ms = at;
    if (this.isPlaying) return void this.play(at);
    this.#place(at);
    this.onTime(at);
  }

  step(frames) {
    this.pause();
    const frame_ms = 1000 / lines.desk.fps;
    this.to((Math.round(this.at_ms / frame_ms) + frames) * frame_ms + 1);
  }

  /** J, K, L: `by` −1 backwards, 0 stop, 1 forwards; pressed again, faster. */
  shuttle(by) {
    if (!by) return this.pause();
    const now = Math.sign(this.#shuttle) === by ? Math.abs(this.#shuttle) : 0;
    const speed = SHUTTLE[Math.min(SHUTTLE.length - 1, SHUTTLE.indexOf(now) + 1)];
    if (!this.picture.isThere) return this.onTrouble("There is no picture to run through.");
    this.pause();
    const mine = this.#turn;
    [this.isPlaying, this.#shuttle] = [true, by * speed];
    this.video.muted = by < 0;
    this.video.playbackRate = speed;
    if (by > 0) this.video.play().catch(() => this.pause());
    else this.#stepBack(mine, performance.now());
    this.#tick();
    this.#tell();
  }

  get speed() {
    return this.#shuttle;
  }

  #stepBack(mine, since) {
    if (mine !== this.#turn) return;
    const now = performance.now();
    if (!this.video.seeking && now - since >= BACK_STEP_MS) {
      const at_ms = this.picture.at_ms + this.#shuttle * (now - since);
      if (at_ms <= 0) return void (this.picture.seek(0), this.pause());
      this.picture.seek(at_ms);
      since = now;
    }
    setTimeout(() => this.#stepBack(mine, since), BACK_STEP_MS / 3);
  }

  mark(side) {
    this.marks[side] = Math.round(this.at_ms);
    if (this.marks.in_ms !== null && this.marks.out_ms !== null && this.marks.out_ms <= this.marks.in_ms) this.marks[side === "in_ms" ? "out_ms" : "in_ms"] = null;
    this.#tell();
  }

  clearMarks() {
    this.marks = { in_ms: null, out_ms: null };
    this.#tell();
  }

  set(choice) {
    Object.assign(this, choice);
    rememberMany(choice);
    this.#tell();
  }

  // the clock

  #place(ms) {
    this.#at_ms = ms;
    this.picture.seek(ms);
    this.onTime(ms);
  }

  #pictureChanged() {
    if (!this.isPlaying && this.#row) this.#place(this.#placed_ms ?? this.range.from_ms);
    this.#tell();
  }

  /** Every sound that is decoded, from where we are. */
  #lay() {
    const row = this.#row;
    const sounds = {};
    for (const mode of ["take", "other", "context"]) {
      const sound = this.can(mode) ? soundNow(this.address(mode)) : null;
      const from_ms = mode === "context" ? Number(sound?.headers.get("lipline-from-ms")) : row.start_ms;
      if (sound) sounds[mode] = { buffer: sound.buffer, from_s: from_ms / 1000 };
    }
    this.#bed.lay(sounds, this.at_ms / 1000, this.heard);
  }

  #tick() {
    cancelAnimationFrame(this.#frame);
    if (!this.isPlaying) return;
    this.#frame = requestAnimationFrame(() => this.#tick());
    if (this.#shuttle) return this.onTime(this.at_ms);
    if (this.picture.isThere && (this.video.seeking || (this.video.paused && !this.video.ended))) return;
    if (!this.#bed.isLaid) this.#lay();
    else if (this.picture.isThere && !this.video.ended && Math.abs(this.#bed.at_s * 1000 - this.picture.at_ms) > DRIFT_MS) this.#lay();
    if (!this.picture.isThere || this.video.ended) this.#at_ms = this.#bed.at_s * 1000;
    const at_ms = this.video.ended ? this.#at_ms : this.at_ms;
    this.onTime(at_ms);
    this.#announce(at_ms);
    if (at_ms >= this.range.to_ms || (this.video.ended && this.heard === "source")) this.#ended();
  }

  #ended() {
    if (!this.isLooping) {
      this.pause();
      this.#placed_ms = null;
      return this.#place(this.range.from_ms);
    }
    this.play();
  }

  /** Say once per line that it is seen and heard, and how long that took. */
  #announce(at_ms) {
    if (this.#chosen.told || at_ms <= this.range.from_ms) return;
    this.#chosen.told = true;
    const detail = { id: this.#row.id, mode: this.heard, after_ms: performance.now() - this.#chosen.at };
    window.dispatchEvent(new CustomEvent("lipline:playing", { detail }));
  }

  #tell() {
    this.element.dataset.playing = this.isPlaying ? (this.#shuttle ? "shuttle" : this.heard) : "";
    this.bar.paint();
    this.onState();
  }
}
