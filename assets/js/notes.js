// The project's notes in the browser: one store for the line's card, the drawer with all of them, and whoever draws them on a time axis.
// Fetched with the project and asked for anew whenever the lines were looked at; the studio answers in a word when nothing changed.

import { quietly, read, write } from "./api.js";
import { throttle } from "./dom.js";
import { lines } from "./lines.js";

const AGAIN_MS = 400;

class Notes {
  list = []; // as the studio sends them, oldest first
  #project = "";
  #mark = "";
  #writes = 0;
  #watchers = new Set();

  constructor() {
    const look = throttle(AGAIN_MS, () => this.refresh());
    lines.watch(() => {
      if (lines.desk.project_id === this.#project) return look();
      [this.#project, this.#mark, this.list] = [lines.desk.project_id, "", []];
      this.#tell();
      this.refresh();
    });
  }

  watch(watcher) {
    this.#watchers.add(watcher);
    watcher();
  }

  async refresh() {
    const project = this.#project;
    if (!project) return;
    const writes = this.#writes;
    const view = await quietly(read(project, "notes", { since: this.#mark }));
    if (view && writes === this.#writes) this.#take(project, view); // what was asked before a note was written is old by now
  }

  /** Threads, oldest first: {note, answers}. Of one line, or all. */
  threads(lineId = null) {
    const answers = Map.groupBy ? Map.groupBy(this.list, (note) => note.reply_to) : grouped(this.list);
    const opening = this.list.filter((note) => !note.reply_to && (lineId === null || note.place === lineId));
    return opening.map((note) => ({ note, answers: answers.get(note.id) ?? [] }));
  }

  /** Open threads that stand on a moment, in timeline order: what a time axis marks. */
  marks() {
    return this.list.filter((note) => !note.reply_to && !note.resolved_at && momentOf(note) !== null).sort((one, other) => momentOf(one) - momentOf(other));
  }

  get openCount() {
    return this.list.filter((note) => !note.reply_to && !note.resolved_at).length;
  }

  /** values: {text, line_id, at_ms, reply_to}. Answers the new note's id; null when it was not kept. */
  add = async (values) => (await this.#ask("add_note", values))?.added ?? null;
  resolve = (id) => this.#ask("resolve_note", { note_id: id });
  reopen = (id) => this.#ask("reopen_note", { note_id: id });
  remove = (id) => this.#ask("delete_note", { note_id: id });

  async #ask(verb, values) {
    const project = this.#project;
    this.#writes += 1;
    const view = await quietly(write(project, verb, values));
    this.#writes += 1; // nor is one any better that was asked for meanwhile
    if (view) {
      this.#take(project, view);
      lines.refresh(); // the rows count their notes
    }
    return view;
  }

  #take(project, view) {
    if (project !== this.#project || (view.mark === this.#mark && !view.added)) return;
    this.#mark = view.mark;
    if (!view.notes) return;
    this.list = view.notes;
    this.#tell();
  }

  #tell() {
    for (const watcher of this.#watchers) watcher();
  }
}

function grouped(list) {
  const groups = new Map();
  for (const note of list) groups.set(note.reply_to, [...(groups.get(note.reply_to) ?? []), note]);
  return groups;
}

/** Where on the timeline a note stands: with its line while there is one, and never before it. Null: nowhere. */
export function momentOf(note) {
  const row = note.place ? lines.rows.get(note.place) : null;
  if (note.at_ms === null) return row?.start_ms ?? null;
  return row && note.line_id === note.place ? Math.min(Math.max(note.at_ms, row.start_ms), row.end_ms) : note.at_ms;
}

export const notes = new Notes();
