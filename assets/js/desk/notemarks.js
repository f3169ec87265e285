// Open notes on the line's time axis: a small mark where each is pinned, its words on hover, a press to go there. Kept with the line's
// keys out of the way: the notes' own commands reach every note, so the marks are no stops of the Tab key.

import { clear, h, own } from "../dom.js";
import { lines } from "../lines.js";
import { momentOf, notes } from "../notes.js";

const MOST_CHARS = 160;

export class NoteMarks {
  #shown = "";

  /** Marks on the axis of `lanes`, drawn whenever it is. */
  constructor(lanes, selection) {
    [this.lanes, this.selection] = [lanes, selection];
    this.element = h("div.note-marks");
    lanes.box.append(this.element);
    const draw = lanes.onDraw;
    lanes.onDraw = () => (draw(), this.draw(lanes.window));
    notes.watch(() => lanes.draw());
  }

  #go(note, ms) {
    if (note.place && lines.rows.has(note.place)) this.selection.only(note.place);
    this.lanes.player.to(ms);
  }

  /** The marks of a window of time. */
  draw({ from_ms, to_ms }) {
    const near = notes.marks().filter((note) => momentOf(note) >= from_ms && momentOf(note) < to_ms);
    const shows = JSON.stringify([lines.desk.project_id, from_ms, to_ms, near.map((note) => [note.id, momentOf(note), note.text])]);
    if (shows === this.#shown) return;
    this.#shown = shows;
    clear(this.element, near.map((note) => this.#mark(note, momentOf(note), (100 * (momentOf(note) - from_ms)) / (to_ms - from_ms))));
  }

  #mark(note, ms, percent) {
    const said = own(`${note.by}: ${note.text.slice(0, MOST_CHARS)}`);
    const press = (event) => (event.stopPropagation(), this.#go(note, ms));
    return h("button", { tabIndex: -1, style: `left:${percent.toFixed(2)}%`, title: said, "aria-label": said, onclick: press, onpointerdown: (event) => event.stopPropagation() });
  }
}
