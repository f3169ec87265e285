// Plays the selected line, again and again: the source as it is, the take over the picture, a second take to hold against it, or
// the dub in context, with the neighbours' takes over the bed. The picture is the clock; sounds (hearing.js) are laid where it is,
// all at once, so that another mode is heard at the same moment. Enter: rows. Leave: the time, to whoever draws it.

import { h } from "../dom.js";
import { lines } from "../lines.js";
import { Bed, audioClock } from "../sounds.js";
import { Hearing, MODES } from "./hearing.js";
import { Picture } from "./picture.js";
import { PlayerBar } from "./playerbar.js";
import { remembered, rememberMany } from "./playing.js";
import { Shuttle } from "./shuttle.js";

const DRIFT_MS = 70;
const SWIFT_MS = 160; // lines turned faster than this are not sought one by one
const PRELOAD_MS = 350;
const LATE_MS = 60; // a sound that comes later than its first word is waited for: the picture goes back

export class Player {
  onTime = () => {};
  onState = () => {};
  onTrouble = () => {};
  isPlaying = false;
  isSwift = false; // lines are being turned over faster than anybody listens
  marks = { in_ms: null, out_ms: null };
  #row = null;
  #at_ms = 0; // where we are while no picture tells
  #placed_ms = null; // where a person put the playhead
  #bed = new Bed();
  #turn = 0; // which start is the latest: an older one that is still waiting gives way
  #isAwaited = false; // the picture runs, its sound is on its way
  #frame = 0;
  #chosen = { at: 0, told: true }; // when the line was taken, until it is seen and heard
  #timers = { seek: 0, preload: 0 };

  constructor() {
    Object.assign(this, remembered());
    this.picture = new Picture();
    this.hearing = new Hearing(this.picture);
    this.shuttling = new Shuttle(this.picture);
    this.bar = new PlayerBar(this);
    this.lanesHere = h("div.lanes-here");
    this.element = h("section.player", { "aria-label": "Player" }, this.picture.element, this.lanesHere, this.bar.element);
    this.picture.onState = () => this.#pictureChanged();
    this.hearing.onTrouble = (sentence) => this.onTrouble(sentence);
    this.shuttling.onEnd = () => this.pause();
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

  get speed() {
    return this.shuttling.speed;
  }

  // what is heard

  get other() {
    return this.hearing.other;
  }

  get heard() {
    return this.hearing.nearest(this.mode);
  }

  can(mode) {
    return this.hearing.can(mode);
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
    this.hearing.other = take_id;
    if (take_id) this.hear("other");
    else if (this.mode === "other") this.hear("take");
    this.#tell();
  }

  async #switch() {
    const [mine, mode] = [this.#turn, this.heard];
    if (mode !== "source" && !this.hearing.now(mode) && !(await this.hearing.fetch(mode))) return;
    if (mine !== this.#turn || mode !== this.heard || !this.isPlaying) return;
    this.video.muted = mode !== "source";
    this.#lay();
    this.#tell();
  }

  // which line

  show(row) {
    const before = this.#row;
    const isOther = row?.id !== before?.id;
    this.#row = this.hearing.row = row;
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
    this.isSwift = now - this.#chosen.at < SWIFT_MS;
    this.#chosen = { at: now, told: false };
    this.#placed_ms = null;
    this.marks = { in_ms: null, out_ms: null };
    this.hearing.other = "";
    clearTimeout(this.#timers.seek);
    clearTimeout(this.#timers.preload);
    const go = () => {
      this.isSwift = false;
      this.hearing.ready();
      this.isPlaying ? this.play() : this.#place(this.range.from_ms);
    };
    if (this.isSwift) this.#timers.seek = setTimeout(go, SWIFT_MS / 2);
    else go();
    this.#timers.preload = setTimeout(() => this.hearing.preload(), PRELOAD_MS);
    this.onTrouble("");
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

  /** The picture starts at once; its sound is laid as soon as it is decoded, which for a line that was selected a moment ago it is. */
  async play(from_ms = this.range.from_ms) {
    const mode = this.heard;
    if (!mode) return this.onTrouble(this.#row ? "Nothing to play here yet: there is no media, and this line has no take." : "Select a line to play it.");
    clearTimeout(this.#timers.seek);
    this.shuttling.stop();
    const mine = (this.#turn += 1);
    const needs = mode !== "source" && !this.hearing.now(mode);
    [this.isPlaying, this.#isAwaited] = [true, needs];
    this.video.playbackRate = 1;
    this.video.muted = mode !== "source";
    this.#bed.stop();
    this.#place(from_ms);
    const clock = audioClock().resume().catch(() => null);
    if (!needs || mode !== "context") this.#run(mine, mode); // a mix may take long: nothing runs on without it
    this.#tick();
    this.#tell();
    if (!needs) return;
    const [sound] = await Promise.all([this.hearing.fetch(mode), clock]);
    if (mine !== this.#turn) return;
    if (!sound) return this.pause();
    if (this.at_ms > this.#row.start_ms + LATE_MS && from_ms <= this.#row.start_ms) this.#place(from_ms);
    this.#isAwaited = false;
    if (mode === "context") this.#run(mine, mode);
  }

  /** Start the picture, which may still be on its way to where it was placed. */
  async #run(mine, mode) {
    if (!this.picture.isThere) return;
    const runs = await this.video.play().then(() => true, () => false);
    if (runs || mine !== this.#turn || mode !== "source") return;
    this.onTrouble("The browser did not start the sound; press play once more.");
    this.pause();
  }

  playFrom(ms) {
    this.#placed_ms = ms;
    this.play(ms);
  }

  pause() {
    this.#turn += 1;
    const was = this.isPlaying;
    this.isPlaying = false;
    this.shuttling.stop();
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
  }

  step(frames) {
    this.pause();
    const frame_ms = 1000 / lines.desk.fps;
    this.to((Math.round(this.at_ms / frame_ms) + frames) * frame_ms + 1);
  }

  /** J, K, L: `by` −1 backwards, 0 stop, 1 forwards; pressed again, faster. */
  shuttle(by) {
    if (!by) return this.pause();
    if (!this.picture.isThere) return this.onTrouble("There is no picture to run through.");
    const speed = this.shuttling.next(by);
    this.pause();
    this.isPlaying = true;
    this.shuttling.run(speed);
    this.#tick();
    this.#tell();
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
    if (this.isPlaying && this.picture.isThere) this.play(this.#at_ms);
    else if (!this.isPlaying && this.#row) this.#place(this.#placed_ms ?? this.range.from_ms);
    this.#tell();
  }

  /** Every sound that is decoded, from where we are. */
  #lay() {
    this.#bed.lay(this.hearing.laid(), this.at_ms / 1000, this.heard);
  }

  #tick() {
    cancelAnimationFrame(this.#frame);
    if (!this.isPlaying) return;
    this.#frame = requestAnimationFrame(() => this.#tick());
    if (this.speed) return this.onTime(this.at_ms);
    if (this.picture.isThere && (this.video.seeking || (this.video.paused && !this.video.ended))) return;
    if (this.#isAwaited) return this.picture.isThere && this.onTime(this.at_ms);
    if (!this.#bed.isLaid) this.#lay();
    else if (this.picture.isThere && !this.video.ended && Math.abs(this.#bed.at_s * 1000 - this.picture.at_ms) > DRIFT_MS) this.#lay();
    if (!this.picture.isThere || this.video.ended) this.#at_ms = this.#bed.at_s * 1000;
    const at_ms = this.video.ended ? this.#at_ms : this.at_ms;
    this.onTime(at_ms);
    this.#announce(at_ms);
    if (at_ms >= this.range.to_ms || (this.video.ended && this.heard === "source")) this.#ended();
  }

  #ended() {
    if (this.isLooping) return void this.play();
    this.pause();
    this.#placed_ms = null;
    this.#place(this.range.from_ms);
  }

  /** Say once per line that it is seen and heard, and how long that took. */
  #announce(at_ms) {
    if (this.#chosen.told || at_ms <= this.range.from_ms) return;
    this.#chosen.told = true;
    const detail = { id: this.#row.id, mode: this.heard, after_ms: performance.now() - this.#chosen.at };
    window.dispatchEvent(new CustomEvent("lipline:playing", { detail }));
  }

  #tell() {
    this.element.dataset.playing = this.isPlaying ? (this.speed ? "shuttle" : this.heard) : "";
    this.bar.paint();
    this.onState();
  }
}
