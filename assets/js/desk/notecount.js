// How many open notes stand on a line, for its row, the chip and the filter; counted anew whenever the notes change.

import { notes } from "../notes.js";

let counts = new Map(); // line → open threads

export const notesOn = (id) => counts.get(id) ?? 0;

/** `watcher(changed)`: the ids whose count is another now. */
export function watchNotes(watcher) {
  notes.watch(() => {
    const now = new Map();
    for (const note of notes.list) if (!note.reply_to && !note.resolved_at && note.place) now.set(note.place, (now.get(note.place) ?? 0) + 1);
    const changed = [...new Set([...counts.keys(), ...now.keys()])].filter((id) => counts.get(id) !== now.get(id));
    counts = now;
    if (changed.length) watcher(changed);
  });
}
