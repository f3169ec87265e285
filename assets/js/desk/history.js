// Undo and redo, and the drawer of the history: who did what and when, with before and after, of the selected line or of the whole
// project. Enter: the selection, the list, the panel the drawer takes the place of. Leaves: commands, a button, a drawer, lost lines' cards.

import { quietly, read, write } from "../api.js";
import { lostCards, onConflicts } from "../conflicts.js";
import { clear, h, own } from "../dom.js";
import { timecode } from "../format.js";
import { lines } from "../lines.js";
import { written } from "../note_view.js";
import { words } from "../words.js";
import { command } from "./commands.js";
import { diff } from "./diff.js";

const STAYS_MS = 6000;
const SURE_MS = 5000;
const DONE = { undo: "Undone", redo: "Redone", restore: "Restored" };

export class History {
  #passing = []; // own actions that could not be undone, and are gone past next time
  #changes = [];
  #isAll = true;
  #isLine = true; // of the selected line, or of the project
  #timer = 0;

  constructor(selection, list, panel) {
    [this.selection, this.list, this.panel] = [selection, list, panel];
    this.head = h("div.head");
    this.body = h("div.changes", { role: "list", "aria-label": "Actions, the latest first" });
    this.drawer = h("section.history-drawer", { hidden: true, "aria-label": "History" }, this.head, this.body);
    this.opener = h("button.btn.small", { onclick: () => this.toggle(), title: "Who did what to this line and to the project (H)" }, "History");
    this.said = h("p.undone", { role: "status", hidden: true });
    this.lost = lostCards(h("div.lost", { hidden: true }));
    selection.watch(({ was }) => was !== selection.active && this.#isLine && this.#fetch());
    lines.watch((changed) => (changed === null || changed.size > 0) && this.#fetch());
    onConflicts((id) => lines.overlay(id));
    this.#register();
  }

  #register() {
    const hasProject = () => Boolean(lines.desk.project_id);
    const add = (id, title, keys, run, more = {}) => command(id, { title, group: "History", keys, run, when: hasProject, ...more });
    add("undo", "Undo my last action", ["Ctrl+Z", "Z"], () => this.undo("undo"), { footer: "undo", repeats: true });
    add("redo", "Redo what I undid last", ["Ctrl+Shift+Z", "Shift+Z", "Ctrl+Y"], () => this.undo("redo"), { repeats: true });
    add("history", "History of this line and of the project", ["H"], () => this.toggle());
    add("history-leave", "From the history back to the line", ["Escape"], () => this.toggle(), { when: () => !this.drawer.hidden });
  }

  /** `verb`: "undo" or "redo". What cannot be undone is said, and gone past when asked again. */
  async undo(verb) {
    const project = lines.desk.project_id;
    const done = await quietly(write(project, verb, { passing: this.#passing }));
    if (!done) return;
    if (!done.is_done) {
      this.#passing.push(done.change_id);
      return void this.#say(done.sentence);
    }
    if (verb === "undo") this.#passing = this.#passing.slice(-20);
    await this.#show(done);
  }

  /** The lines an action changed, selected and in sight, with one sentence. */
  async #show(done) {
    await lines.refresh();
    const here = new Set(done.line_ids.filter((id) => lines.rows.has(id)));
    const first = lines.order.find((id) => here.has(id));
    if (first) this.list.jump(first);
    this.#say(`${words(DONE[done.kind] ?? "Done")}: ${words(done.title)}`);
  }

  #say(sentence) {
    this.said.hidden = false;
    clear(this.said, own(words(sentence)));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => (this.said.hidden = true), STAYS_MS);
  }

  // the drawer

  toggle() {
    this.drawer.hidden = !this.drawer.hidden;
    this.panel.element.classList.toggle("with-history", !this.drawer.hidden);
    if (this.drawer.hidden) return void this.list.scroller?.focus();
    this.#fetch();
    this.#paintHead();
    this.head.querySelector("button")?.focus();
  }

  get #line() {
    return this.#isLine ? this.selection.active || null : null;
  }

  async #fetch() {
    if (this.drawer.hidden || !lines.desk.project_id) return;
    const asked = { project: lines.desk.project_id, line: this.#line };
    if (this.#isLine && !asked.line) return this.#take([], true);
    const view = await quietly(read(asked.project, "history", { line_id: asked.line }));
    if (view && asked.project === lines.desk.project_id && asked.line === this.#line) this.#take(view.changes, view.is_all);
  }

  async #older() {
    const line = this.#line;
    const view = await quietly(read(lines.desk.project_id, "history", { line_id: line, before_seq: this.#changes.at(-1)?.seq }));
    if (view && line === this.#line) this.#take([...this.#changes, ...view.changes], view.is_all);
  }

  #take(changes, isAll) {
    const mark = JSON.stringify(changes.map(({ id, seq, is_undone }) => [id, seq, is_undone])) + this.#line + lines.order.length;
    [this.#changes, this.#isAll] = [changes, isAll];
    this.#paintHead();
    if (this.body.dataset.mark === mark) return;
    this.body.dataset.mark = mark;
    const focused = this.body.contains(document.activeElement) ? document.activeElement.dataset.act : "";
    const older = isAll ? null : h("button.plain.more", { onclick: () => this.#older() }, "Earlier");
    clear(this.body, changes.map((change, at) => this.#change(change, at)), older, changes.length ? null : h("p.dim", {}, this.#isLine && !this.#line ? "Select a line to see what was done to it." : "Nothing has been done yet."));
    if (focused) this.body.querySelector(`[data-act="${focused}"]`)?.focus();
  }

  #paintHead() {
    const focused = this.head.contains(document.activeElement) ? document.activeElement.dataset.act : "";
    const row = lines.rows.get(this.selection.active);
    const chip = (label, isLine) => h(`button.chip${this.#isLine === isLine ? ".on" : ""}`, { "aria-pressed": String(this.#isLine === isLine), "data-act": isLine ? "line" : "project", onclick: () => ((this.#isLine = isLine), this.#fetch(), this.#paintHead()) }, label);
    const button = (label, title, name, run) => h("button.btn.small", { title, "data-act": name, onclick: run }, label);
    clear(
      this.head,
      chip(row ? `Line ${row.number}` : "This line", true),
      chip("Project", false),
      h("span.grow"),
      button("Undo", "Undo my last action (Z)", "undo", () => this.undo("undo")),
      button("Redo", "Redo what I undid last (Shift+Z)", "redo", () => this.undo("redo")),
      h("button.plain.close", { "aria-label": "Back to the line", title: "Back to the line (H)", "data-act": "close", onclick: () => this.toggle() }, own("✕")),
    );
    this.head.querySelector(`[data-act="${focused}"]`)?.focus();
  }

  #change(change, at) {
    const line = this.#line;
    const isNow = at === 0 && this.#changes[0] === change;
    const label = { undo: "Undone", redo: "Redone" }[change.kind];
    const restore = isNow ? null : this.#restoring(change, line);
    const go = !line && change.line_id && lines.rows.has(change.line_id) ? h("button.plain.place", { title: "Go there", onclick: () => this.list.jump(change.line_id) }, own(`#${lines.rows.get(change.line_id).number}`)) : null;
    return h(
      `article.change${change.is_undone ? ".undone" : ""}`,
      { role: "listitem" },
      h("div.by", {}, change.by ? h("b", { dir: "auto" }, own(change.by)) : h("b", {}, "You"), h("time", { datetime: change.at }, own(written(change.at))), change.is_undone ? h("span.state", {}, "undone since") : null, restore),
      h("p.what", {}, label ? [h("span", {}, label), own(": ")] : null, h("span", {}, change.title), go),
      edits(change, line),
    );
  }

  /** Restoring a project takes two presses: it takes back what others did, too. */
  #restoring(change, line) {
    const title = line ? "Make this line as it was right after this" : "Make the whole project as it was right after this; whatever anybody did since is taken back, and can be redone";
    const button = h("button.plain.restore", { title, "data-act": `restore-${change.id}` }, line ? "Restore" : "Restore the project");
    button.addEventListener("click", () => {
      if (!line && !button.dataset.sure) {
        button.dataset.sure = "yes";
        clear(button, "Take back all that came after?");
        setTimeout(() => button.isConnected && (delete button.dataset.sure, clear(button, "Restore the project")), SURE_MS);
        return;
      }
      this.#restore(change, line);
    });
    return button;
  }

  async #restore(change, line) {
    const done = await quietly(write(lines.desk.project_id, "restore", { change_id: change.id, line_id: line }));
    if (done) await this.#show(done);
  }
}

/** What an action did, field by field; texts show what came and what went. */
function edits(change, line) {
  const folded = joined(change.edits);
  const wholes = folded.filter((edit) => edit.subject === "line" && edit.field === "line");
  if (!line && wholes.length > 3) return h("div.edits", {}, h("p.dim", {}, change.has_more ? "More lines than fit here came or went." : `${wholes.length} lines came or went.`));
  const shown = folded.slice(0, 6);
  const rest = folded.length - shown.length;
  return h("div.edits", {}, shown.map((edit) => one(edit, line || change.line_id)), rest > 0 || change.has_more ? h("p.dim", {}, change.has_more ? "and more" : `and ${rest} more`) : null);
}

/** Edits of the same field, as typing makes them, are one: from what stood first to what stands last. */
function joined(all) {
  const found = new Map();
  for (const edit of all) {
    const key = `${edit.id}/${edit.field}`;
    found.set(key, found.has(key) && edit.field !== edit.subject ? { ...found.get(key), after: edit.after } : found.has(key) ? { ...edit, before: found.get(key).before } : edit);
  }
  return [...found.values()];
}

function one(edit, line) {
  const number = edit.subject === "line" && !line ? lines.rows.get(edit.id)?.number : null;
  const where = number ? h("span.of", {}, own(`#${number}`)) : null;
  const isText = ["target_text", "source_text"].includes(edit.field);
  const whole = edit.field === edit.subject;
  const value = isText ? h("p.text", { dir: "auto" }, diffed(edit)) : h("p.text", { dir: "auto" }, sides(edit));
  return h("div.edit", {}, where, h("span.word", {}, whole ? (edit.before === null ? "came" : "went") : edit.word), value);
}

const TAGS = { out: "del", in: "ins" };

/** A text with what went struck out and what came underlined. */
function diffed({ before, after, field }) {
  const language = field === "source_text" ? lines.desk.source_language : lines.desk.target_language;
  const parts = diff(before ?? "", after ?? "", language);
  return parts.map(({ kind, text }) => (kind === "same" ? own(text) : h(TAGS[kind], {}, own(text))));
}

function sides(edit) {
  const [before, after] = [edit.before, edit.after].map(said);
  if (edit.field === edit.subject) return [own(after || before)];
  return [before ? h("del", {}, own(before)) : null, before && after ? own(" → ") : null, after ? h("ins", {}, own(after)) : before ? null : h("span.dim", {}, "nothing")];
}

const said = (value) => (value === null ? "" : typeof value === "string" ? value : `${timecode(value.start_ms, lines.desk.fps)} – ${timecode(value.end_ms, lines.desk.fps)}`);
