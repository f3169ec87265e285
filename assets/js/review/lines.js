// The lines on the review page: number, time, speaker, what was said and what is said now, and the notes below each.

import { clear, h, own } from "../dom.js";
import { timecode } from "../format.js";
import { draftFor, noteBox, threadView } from "../note_view.js";
import { repaint } from "../repaint.js";

export class ReviewLines {
  #rows = new Map(); // line id → {element, notes, box}
  #film = null;

  /** does: {go(line), add(values) → true once kept}. */
  constructor(does) {
    this.does = does;
    this.loose = h("div.threads");
    this.body = h("div.rows");
    this.element = h("section.lines", { "aria-label": "Lines" }, this.loose, this.body);
  }

  show(film) {
    this.#film = film;
    this.#rows.clear();
    clear(this.body, film.lines.length ? film.lines.map((line) => this.#row(line)) : h("p.dim", {}, "There are no lines yet."));
  }

  #row(line) {
    const notes = h("div.threads");
    const box = noteBox({ label: `Note on line ${line.number}`, placeholder: "Say something about this line…", save: (text) => this.does.add({ text, line_id: line.id }), draft: draftFor(line.id) });
    const { source_language, target_language } = this.#film;
    const element = h(
      "article.line",
      { "data-id": line.id },
      h("button.go", { title: "Play from here", onclick: () => this.does.go(line) }, h("b", {}, own(String(line.number))), h("span", {}, own(timecode(line.start_ms, this.#film.fps))), h("span.who", { dir: "auto" }, own(line.speaker))),
      h("div.words", {}, h("p.target", { dir: "auto", lang: target_language }, own(line.target || "—")), h("p.source", { dir: "auto", lang: source_language }, own(line.source))),
      h("button.plain.add", { onclick: () => box.open(), "aria-label": `Note on line ${line.number}` }, "Note"),
      h("div.below", {}, notes, box.element),
    );
    this.#rows.set(line.id, { element, notes, box });
    return element;
  }

  /** `threads`: {note, answers}, oldest first. */
  paintNotes(threads) {
    const byLine = new Map();
    for (const thread of threads) byLine.set(thread.note.place, [...(byLine.get(thread.note.place) ?? []), thread]);
    for (const [id, row] of this.#rows) this.#paintInto(row.notes, byLine.get(id) ?? []);
    this.#paintInto(this.loose, byLine.get(null) ?? [], true);
  }

  #paintInto(place, threads, isLoose = false) {
    if (!threads.length && !place.childElementCount) return;
    const mark = JSON.stringify(threads);
    if (place.dataset.mark === mark) return;
    repaint(place, () => {
      place.dataset.mark = mark;
      clear(place, threads.map((thread) => threadView(thread, this.#may(thread), { draft: draftFor(thread.note.id), where: this.#where(thread.note, isLoose) })));
    });
  }

  #may({ note }) {
    return { reply: (text) => this.does.add({ text, reply_to: note.id }), go: (id) => this.reveal(id, true) };
  }

  #where(note, isLoose) {
    if (note.at_ms === null) return isLoose ? [h("span.dim", {}, "On the whole programme")] : [];
    if (note.line_id) return [];
    return [h("button.plain.place", { title: "Go there", onclick: () => this.does.seek(note.at_ms) }, own(timecode(note.at_ms, this.#film.fps)))];
  }

  /** Mark the line that speaks; bring it into view unless the person reads elsewhere. */
  mark(id, isFollowing) {
    this.body.querySelector(".line.on")?.classList.remove("on");
    const row = this.#rows.get(id);
    row?.element.classList.add("on");
    if (row && isFollowing) row.element.scrollIntoView({ block: "nearest" });
  }

  reveal(id, isFlashing = false) {
    const row = this.#rows.get(id);
    row?.element.scrollIntoView({ block: "center" });
    if (isFlashing) row?.element.querySelector(".go").focus();
  }

  write(id) {
    this.reveal(id);
    this.#rows.get(id)?.box.open();
  }
}
