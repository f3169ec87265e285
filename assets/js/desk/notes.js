// Notes at the desk: the card of the selected line, and the drawer with all of them, which takes the place of what is known of the line
// while it is open, so that picture and list stay in sight. Enter: the selection and the player. Leaves: two elements to place.

import { clear, h, own } from "../dom.js";
import { timecode } from "../format.js";
import { lines } from "../lines.js";
import { draftFor, noteBox, threadView } from "../note_view.js";
import { momentOf, notes } from "../notes.js";
import { repaint } from "../repaint.js";
import { words } from "../words.js";
import { command, perform } from "./commands.js";
import { openShare } from "./share.js";

export class DeskNotes {
  #isDone = false; // the drawer shows what is resolved
  #unfolded = false; // the card shows what is resolved
  #pinned_ms = 0;

  /** `selection` and `list` of the desk; `panel`: its element shows the drawer, its player knows the playhead. */
  constructor(selection, list, panel) {
    [this.selection, this.list, this.panel] = [selection, list, panel];
    this.card = h("section.card.notes", { "aria-label": "Notes on this line" });
    this.box = null;
    this.drawer = h("section.notes-drawer", { hidden: true, "aria-label": "All notes" });
    this.pinBox = noteBox({ label: "Note at the playhead", placeholder: "Say what is the matter here…", save: (text) => this.#pin(text), draft: draftFor("playhead") });
    this.head = h("div.head");
    this.strip = h("div.strip", { "aria-hidden": "true" });
    this.body = h("div.threads");
    this.drawer.append(this.head, this.strip, this.pinBox.element, this.body);
    selection.watch(({ was }) => was !== selection.active && this.#paintCard());
    notes.watch(() => this.#paint());
    lines.watch((changed) => (changed === null || changed.size > 0) && this.#paint());
    this.#register();
  }

  #register() {
    const add = (id, title, keys, run, more = {}) => command(id, { title, group: "Notes", keys, run, ...more });
    const hasLine = () => Boolean(this.selection.active);
    add("note-add", "Note on this line", ["M"], () => this.write(), { when: hasLine, footer: "note" });
    add("note-drawer", "All notes, or back to the line", ["Shift+M"], () => this.toggle());
    add("note-leave", "From the notes back to the line", ["Escape"], () => this.toggle(), { when: () => !this.drawer.hidden && !this.panel.element.classList.contains("with-history") });
    add("note-playhead", "Note at the playhead", ["Alt+M"], () => this.writeAtPlayhead(), { when: () => Boolean(lines.desk.project_id) });
    add("note-next", "Next line with an open note", ["Alt+N"], () => this.#step(1), { when: () => notes.openCount > 0, repeats: true });
    add("note-previous", "Previous line with an open note", ["Alt+P"], () => this.#step(-1), { when: () => notes.openCount > 0, repeats: true });
    add("note-resolve", "Resolve the notes of this line", ["Alt+R"], () => this.#openHere().forEach((thread) => notes.resolve(thread.note.id)), { when: () => this.#openHere().length > 0 });
  }

  #openHere() {
    return notes.threads(this.selection.active || "none").filter((thread) => !thread.note.resolved_at);
  }

  // the card

  /** Type a note on the selected line. */
  write() {
    if (this.panel.element.classList.contains("with-history")) perform("history"); // a box nobody sees takes no words: they would be keys
    if (!this.drawer.hidden) this.toggle();
    this.box?.open();
  }

  #paint() {
    this.#paintCard();
    if (!this.drawer.hidden) this.#paintDrawer();
  }

  /** Made anew with another line only: the box keeps what is typed in it, and stays open. */
  #paintCard() {
    const row = lines.rows.get(this.selection.active);
    if (!row) return void (clear(this.card), (this.card.dataset.line = ""));
    if (this.card.dataset.line === row.id) return void this.#paintThreads(row);
    this.#unfolded = false;
    this.card.dataset.line = row.id;
    this.box = noteBox({ label: `Note on line ${row.number}`, placeholder: "Say something about this line…", save: (text) => this.#keep({ text, line_id: row.id }), draft: draftFor(row.id), onClose: () => this.#leave() });
    this.title = h("h4", {}, h("span", {}, "Notes"), h("button.plain.add", { onclick: () => this.write(), title: "Note on this line (M)" }, "Add a note"));
    this.threads = h("div.threads");
    this.remarks = h("ul.remarks", { "aria-label": "Notes of the script" });
    clear(this.card, this.title, this.remarks, this.threads, this.box.element);
    this.#paintThreads(row);
  }

  #paintThreads(row) {
    const all = notes.threads(row.id);
    const open = all.filter((thread) => !thread.note.resolved_at);
    const done = all.filter((thread) => thread.note.resolved_at);
    const remarks = row.remarks ?? [];
    this.card.classList.toggle("quiet", !all.length && !remarks.length);
    this.box.text.setAttribute("aria-label", words(`Note on line ${row.number}`));
    const mark = JSON.stringify([all, remarks, this.#unfolded]);
    if (this.threads.dataset.mark === mark) return;
    repaint(this.threads, () => this.#layThreads(row, { open, done, remarks, mark }));
  }

  #layThreads(row, { open, done, remarks, mark }) {
    this.threads.dataset.mark = mark;
    const fold = done.length ? h("button.plain.fold", { "aria-expanded": String(this.#unfolded), onclick: () => ((this.#unfolded = !this.#unfolded), this.#paintThreads(row)) }, `${done.length} resolved`) : null;
    clear(this.threads, open.map((thread) => this.#thread(thread)), fold, this.#unfolded ? done.map((thread) => this.#thread(thread)) : null);
    this.remarks.hidden = !remarks.length;
    clear(this.remarks, remarks.map((remark) => h("li", { dir: "auto", title: "From the script" }, own(remark))));
  }

  #thread(thread, where = []) {
    const { note } = thread;
    const may = {
      reply: (text) => this.#keep({ text, reply_to: note.id }),
      resolve: () => notes.resolve(note.id),
      reopen: () => notes.reopen(note.id),
      remove: (one) => notes.remove(one.id),
      go: (id) => this.#go(id),
    };
    return threadView(thread, may, { where, draft: draftFor(note.id) });
  }

  async #keep(values) {
    return (await notes.add(values)) !== null;
  }

  #leave() {
    if (this.card.contains(document.activeElement) || document.activeElement === document.body) this.list.scroller?.focus();
  }

  // the drawer

  toggle() {
    if (this.drawer.hidden && this.panel.element.classList.contains("with-history")) perform("history");
    this.drawer.hidden = !this.drawer.hidden;
    this.panel.element.classList.toggle("with-notes", !this.drawer.hidden);
    if (this.drawer.hidden) return void this.list.scroller?.focus();
    this.#paintDrawer();
    this.head.querySelector("button")?.focus();
  }

  writeAtPlayhead() {
    this.#pinned_ms = this.#playhead();
    if (this.drawer.hidden) this.toggle();
    this.#paintDrawer();
    this.pinBox.open();
  }

  #playhead() {
    return Math.max(0, Math.round(lines.desk.has_media ? this.panel.player.at_ms : (lines.rows.get(this.selection.active)?.start_ms ?? 0)));
  }

  #pin(text) {
    return this.#keep({ text, at_ms: Math.min(this.#pinned_ms, lines.desk.length_ms) });
  }

  #paintDrawer() {
    const threads = notes.threads();
    const open = threads.filter((thread) => !thread.note.resolved_at);
    const done = threads.filter((thread) => thread.note.resolved_at);
    const focused = this.head.contains(document.activeElement) ? document.activeElement.dataset.act : "";
    const chip = (label, isDone, many) => h(`button.chip${this.#isDone === isDone ? ".on" : ""}`, { "aria-pressed": String(this.#isDone === isDone), "data-act": label, onclick: () => ((this.#isDone = isDone), this.#paintDrawer()) }, `${label} `, h("b", {}, own(String(many))));
    const button = (label, title, run) => h("button.btn.small", { title, "data-act": label, onclick: run }, label);
    clear(
      this.head,
      h("div", {}, chip("Open", false, open.length), chip("Resolved", true, done.length), h("span.grow"), h("button.plain.close", { "aria-label": "Back to the line", title: "Back to the line (Shift+M)", onclick: () => this.toggle() }, own("✕"))),
      h("div", {}, button("Note at the playhead", "Pin a note to this moment (Alt+M)", () => this.writeAtPlayhead()), button("Share for review…", "A link to watch and comment, without an account and without the right to edit", () => openShare())),
    );
    this.head.querySelector(`[data-act="${focused}"]`)?.focus();
    this.#paintStrip(open);
    const shown = (this.#isDone ? done : open).sort((one, other) => (momentOf(one.note) ?? -1) - (momentOf(other.note) ?? -1));
    const none = this.#isDone ? "Nothing has been resolved yet." : threads.length ? "Every note is resolved." : "No notes yet. M writes one on the selected line, Alt+M one at the playhead; a review link lets others write theirs.";
    repaint(this.body, () => clear(this.body, shown.length ? shown.map((thread) => this.#thread(thread, this.#where(thread.note))) : h("p.dim", {}, none)));
  }

  /** Where a note stands, as a button that leads there. */
  #where(note) {
    const row = note.place ? lines.rows.get(note.place) : null;
    const ms = momentOf(note);
    const words = [row ? `#${row.number}` : "", ms === null ? "" : timecode(ms, lines.desk.fps), row?.speaker ?? ""].filter(Boolean).join(" · ");
    if (!words) return [h("span.dim", {}, "On the whole programme")];
    return [h("button.plain.place", { title: "Go there", onclick: () => (row ? this.#go(row.id, ms) : this.#seek(ms)) }, own(words)), row ? h("span.of", { dir: "auto" }, own(row.target || row.source)) : null];
  }

  #paintStrip(open) {
    const length = lines.desk.length_ms;
    this.strip.hidden = !length || !open.length;
    const marks = open.map((thread) => [thread.note, momentOf(thread.note)]).filter(([, ms]) => ms !== null);
    clear(this.strip, marks.map(([note, ms]) => h(`i${note.place === this.selection.active && note.place ? ".here" : ""}`, { style: `left:${((100 * ms) / length).toFixed(2)}%`, title: own(note.text.slice(0, 120)), onclick: () => (note.place ? this.#go(note.place, ms) : this.#seek(ms)) })));
  }

  // ways

  #go(id, ms = null) {
    this.list.jump(id);
    if (ms !== null) this.#seek(ms);
  }

  #seek(ms) {
    if (lines.desk.has_media && ms !== null) this.panel.player.to(ms);
  }

  #step(by) {
    const withNotes = new Set(notes.list.filter((note) => !note.reply_to && !note.resolved_at && note.place).map((note) => note.place));
    const order = lines.order;
    const from = order.indexOf(this.selection.active);
    for (let step = 1; step <= order.length; step += 1) {
      const id = order[(from + by * step + order.length * 2) % order.length];
      if (withNotes.has(id)) return this.#go(id);
    }
  }
}
