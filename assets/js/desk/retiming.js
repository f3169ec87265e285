// New times for the line: nudged by frames, dragged, brought to the playhead, put on the speech it is about. Shown at once, sent in a
// moment, so that nudges in a row are one edit. Enter: the selected row. Leave: times as they will be, and edits through `actions.revise`.

import { lines } from "../lines.js";
import { isFixed, readingSentence } from "../rights.js";

const LEAST_MS = 80; // a line shorter than two frames is a slip of the hand
const SENT_AFTER_MS = 350; // nudges in a row are one edit

export class Retiming {
  onSay = () => {};
  onTimes = () => {}; // other times than before are to be drawn
  onSent = () => {};
  #row = null;
  #pending = null; // {id, start_ms, end_ms}: times on their way to the studio
  #timer = 0;

  constructor(player, snapping, actions) {
    [this.player, this.snapping, this.actions] = [player, snapping, actions];
    window.addEventListener("beforeunload", () => this.flush()); // nudges that wait are edits as well
    document.addEventListener("visibilitychange", () => document.hidden && this.flush());
  }

  show(row) {
    if (row?.id !== this.#row?.id) this.flush();
    this.#row = row;
    const [waits, isSent] = [this.#pending, !this.#timer];
    if (row && waits?.id === row.id && isSent && waits.start_ms === row.start_ms && waits.end_ms === row.end_ms) this.#pending = null;
  }

  /** Times as they will be: what is on its way counts. */
  get times() {
    const row = this.#row;
    return this.#pending?.id === row?.id ? this.#pending : row;
  }

  /** Move an edge, or with "both" the whole line, by frames. */
  nudge(side, frames) {
    if (!this.#may()) return;
    const by = (ms) => this.#onFrame(ms, frames);
    const { start_ms, end_ms } = this.times;
    if (side === "start") this.to(by(start_ms), end_ms, SENT_AFTER_MS);
    else if (side === "end") this.to(start_ms, by(end_ms), SENT_AFTER_MS);
    else this.to(by(start_ms), by(start_ms) + end_ms - start_ms, SENT_AFTER_MS);
  }

  /** Put an edge where the playhead is. */
  bring(side) {
    if (!this.#may()) return;
    const { start_ms, end_ms } = this.times;
    const at = Math.round(this.player.at_ms);
    if (side === "start") this.to(at, end_ms);
    else this.to(start_ms, at);
  }

  /** Put both edges on the speech nearest to them. */
  snapNow() {
    if (!this.#may()) return;
    const { start_ms, end_ms } = this.times;
    const to = this.snapping.around(start_ms, end_ms);
    if (!to) return this.onSay("No speech is heard near the ends of this line, so nothing was moved.");
    this.to(to.start_ms, to.end_ms);
  }

  /** New times, shown now and sent in a moment. */
  to(start_ms, end_ms, wait_ms = 0) {
    const length_ms = lines.desk.has_media ? lines.desk.length_ms : Infinity;
    if (end_ms - start_ms < LEAST_MS) return this.onSay(`A line lasts at least ${LEAST_MS} ms; its other edge is in the way.`);
    if (start_ms < 0 || end_ms > Math.max(length_ms, this.#row.end_ms)) return this.onSay("The programme ends here; the line cannot go further.");
    this.#pending = { id: this.#row.id, start_ms, end_ms };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), wait_ms);
    this.onTimes();
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
    this.onSent();
  }

  /** Where a dragged edge settles: on the nearest speech or neighbour where snapping is on and one is within reach, else on a whole frame. */
  settled(raw, side, reach_ms) {
    const snap = (ms, edge) => (this.player.isSnapping ? this.snapping.near(ms, edge, reach_ms) : null);
    const length_ms = raw.end_ms - raw.start_ms;
    const start_ms = snap(raw.start_ms, "start");
    const end_ms = snap(raw.end_ms, "end");
    if (side === "start") return { start_ms: start_ms ?? this.#onFrame(raw.start_ms), end_ms: this.times.end_ms };
    if (side === "end") return { start_ms: this.times.start_ms, end_ms: end_ms ?? this.#onFrame(raw.end_ms) };
    const at_ms = start_ms ?? (end_ms === null ? this.#onFrame(raw.start_ms) : end_ms - length_ms);
    return { start_ms: Math.round(at_ms), end_ms: Math.round(at_ms + length_ms) };
  }

  #may() {
    if (!this.#row) return false;
    if (isFixed(this.#row)) this.onSay(readingSentence() || "This line is locked; unlock it before you move it.");
    return !isFixed(this.#row);
  }

  #onFrame(ms, frames = 0) {
    const frame_ms = 1000 / lines.desk.fps;
    return Math.max(0, Math.round((Math.round(ms / frame_ms) + frames) * frame_ms));
  }
}
