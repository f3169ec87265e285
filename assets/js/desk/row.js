// One line of the list: its cells (cells.js) and the translation edited in place. An edit is stored on blur, on Enter, and after a
// pause of 600 ms; the prediction follows the typing. A text the studio refuses stays in its box with the reason under it.

import { quietly, read } from "../api.js";
import { showConflicts } from "../conflicts.js";
import { clear, h, own } from "../dom.js";
import { lines } from "../lines.js";
import { isFixed, readingSentence } from "../rights.js";
import { begin, end, typed } from "../typing.js";
import { words } from "../words.js";
import { FOLLOWS_TYPING, cellOf, paintCell } from "./cells.js";

const PAUSE_MS = 600;
const TALLEST_PX = 220; // a longer text scrolls in its box: the lines around it stay in view
const MOST_ASKED = 2; // predictions on their way at once: a slow studio is not asked what nobody will see

export class RowView {
  isEditing = false;

  constructor(id, list, columns) {
    [this.id, this.list] = [id, list];
    this.cells = new Map(columns.map(({ key }, at) => [key, cellOf(key, at)]));
    this.target = this.cells.get("tgt");
    this.element = h("div.row", { role: "row", "data-id": id, tabindex: "-1" }, [...this.cells.values()]);
    this.element.addEventListener("mousedown", (event) => event.shiftKey && event.preventDefault());
    this.element.addEventListener("click", (event) => this.#click(event));
  }

  #row = null;
  #scale_ms = 4000;
  #box = null;
  #stored = "";
  #timer = 0;
  #asked = 0; // predictions asked for,
  #painted = 0; // the last one shown,
  #flying = 0; // those on their way,
  #isBehind = false; // and whether more was typed than they know of
  #hasGoneOn = false; // Enter stepped on, before anybody knew whether the text is taken

  paint(row, scale_ms) {
    [this.#row, this.#scale_ms] = [row, scale_ms];
    const isTyping = this.isEditing && this.#box.value !== row.target;
    const now = { fit: row.fit, scale_ms, isDraft: false };
    for (const [key, cell] of this.cells) {
      if (key !== "tgt" && !(isTyping && FOLLOWS_TYPING.includes(key))) paintCell(key, cell, row, now);
    }
    if (!this.isEditing) this.#paintTarget(row.target);
    this.element.classList.toggle("flagged", row.flags.length > 0);
    if (this.list.kept.has(this.id) && !this.isEditing) this.#reopen();
    showConflicts(this.element, this.id);
  }

  select(isSelected, isActive) {
    this.element.classList.toggle("sel", isSelected);
    this.element.classList.toggle("active", isActive);
    this.element.setAttribute("aria-selected", String(isSelected));
    this.element.tabIndex = isActive ? 0 : -1;
  }

  place(at) {
    this.element.setAttribute("aria-rowindex", String(at));
  }

  #paintTarget(text) {
    this.target.textContent = text || words("type a translation");
    this.target.classList.toggle("blank", !text);
  }

  #paintDraft(fit, text) {
    for (const key of FOLLOWS_TYPING) if (this.cells.has(key)) paintCell(key, this.cells.get(key), this.#row, { fit, scale_ms: this.#scale_ms, isDraft: true });
    window.dispatchEvent(new CustomEvent("lipline:fit", { detail: { id: this.id, fit, isDraft: true, text } }));
  }

  #click(event) {
    const wants = event.target === this.target && !event.shiftKey && !event.ctrlKey && !event.metaKey;
    if (!this.isEditing) this.list.click(event, this.id);
    if (wants && !isFixed(this.#row)) this.edit();
  }

  edit() {
    if (this.isEditing) return void this.#box.focus();
    if (isFixed(this.#row)) return this.list.say(readingSentence() || "This line is locked; unlock it before you change it.");
    this.#open(this.#row.target);
    this.#box.focus();
    this.#box.setSelectionRange(this.#box.value.length, this.#box.value.length);
  }

  #open(text) {
    this.isEditing = true;
    this.#stored = this.#row.target;
    this.#hasGoneOn = false;
    begin(lines.desk.project_id, this.#row);
    this.#box = h("textarea", { rows: 1, "aria-label": `Translation of line ${this.#row.number}`, spellcheck: false, dir: "auto" });
    this.#box.value = text;
    this.#box.addEventListener("input", () => this.#typed());
    this.#box.addEventListener("keydown", (event) => this.#key(event));
    this.#box.addEventListener("blur", () => this.#leave());
    this.target.classList.remove("blank");
    clear(this.target, this.#box);
    this.element.classList.add("editing");
    this.#grow();
  }

  /** A text that was refused before: its box stands open until the text is mended or given up. */
  #reopen() {
    const { text, why } = this.list.kept.get(this.id);
    this.#open(text);
    this.#complain(why);
  }

  #complain(why) {
    this.target.querySelector(".why")?.remove();
    this.target.append(h("p.why", { role: "alert" }, why, own(" "), h("button.plain", { onclick: () => this.#giveUp() }, "Take back what is stored")));
    requestAnimationFrame(() => this.#grow());
  }

  #giveUp() {
    this.list.keep(this.id, null);
    this.#close(this.#row.target);
    this.paint(this.#row, this.#scale_ms);
    this.element.focus({ preventScroll: true });
  }

  /** What is being typed, to be taken up again when the list is laid out anew; null when nothing is. */
  get draft() {
    return this.isEditing && this.#box === document.activeElement ? { id: this.id, text: this.#box.value, from: this.#box.selectionStart, to: this.#box.selectionEnd } : null;
  }

  resume(draft) {
    this.edit();
    if (this.#box.value !== draft.text) {
      this.#box.value = draft.text;
      this.#typed();
    }
    this.#box.setSelectionRange(draft.from, draft.to);
  }

  #grow() {
    if (!this.#box) return;
    const { scrollTop } = this.#box;
    this.#box.classList.remove("long");
    this.#box.style.height = "0";
    const wanted_px = this.#box.scrollHeight + 2;
    this.#box.style.height = `${Math.min(wanted_px, TALLEST_PX)}px`;
    this.#box.classList.toggle("long", wanted_px > TALLEST_PX);
    this.#box.scrollTop = scrollTop;
  }

  #typed() {
    this.#grow();
    typed(this.id, this.#box.value);
    this.#ask();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#store(), PAUSE_MS);
  }

  #key(event) {
    if (event.isComposing) return;
    if (event.key === "Escape") {
      if (this.list.kept.has(this.id)) return void this.#giveUp();
      this.#box.value = this.#row.target;
      this.#end();
    } else if (event.key === "Enter" && !event.shiftKey && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      this.#hasGoneOn = true;
      this.#end();
      if (!this.isEditing) this.list.step(1);
    } else if (event.key === "Tab") {
      event.preventDefault();
      this.#end();
      this.list.step(event.shiftKey ? -1 : 1);
      this.list.edit(this.list.selection.active);
    } else return;
    event.stopPropagation();
  }

  /** Leave the box; the keyboard stays on the line. */
  #end() {
    this.#leave();
    if (!this.isEditing) this.element.focus({ preventScroll: true });
  }

  #leave() {
    if (!this.isEditing) return;
    const text = this.#box.value;
    this.#store();
    if (!this.list.kept.has(this.id)) this.#close(text);
  }

  #close(text) {
    clearTimeout(this.#timer);
    end(this.id);
    this.isEditing = false;
    this.#box = null;
    this.element.classList.remove("editing");
    this.#paintTarget(text);
  }

  #store() {
    clearTimeout(this.#timer);
    const text = this.#box?.value;
    if (text === undefined || text === this.#stored) return;
    const before = this.#stored;
    this.#stored = text;
    this.list.actions.type(this.id, text, before).then(({ why }) => this.#answered(text, before, why));
  }

  /** A refused text is never dropped: it waits in the list's keeping, and in its box. */
  #answered(text, before, why) {
    if (!why) return void (this.list.kept.get(this.id)?.text === text && this.#mended());
    this.#stored = before;
    this.list.keep(this.id, { text: this.#box?.value ?? text, why });
    const hasGoneOn = this.#hasGoneOn;
    if (this.element.isConnected) this.isEditing ? this.#complain(why) : this.#reopen();
    if (hasGoneOn) this.list.comeBack(this.id);
  }

  #mended() {
    this.list.keep(this.id, null);
    this.target.querySelector(".why")?.remove();
    if (this.#box && this.#box !== document.activeElement) this.#close(this.#row.target);
  }

  async #ask() {
    const text = this.#box?.value;
    if (text === undefined) return;
    if (this.#flying >= MOST_ASKED) return void (this.#isBehind = true);
    const turn = ++this.#asked;
    this.#flying += 1;
    const fit = await quietly(read(lines.desk.project_id, "predict", { line_id: this.id, text }));
    this.#flying -= 1;
    if (this.#box && turn > this.#painted) this.#paintDraft(fit, text); // an answer to older words comes late; to words of a moment ago it is better than none
    this.#painted = Math.max(this.#painted, turn);
    if (!this.#isBehind) return;
    this.#isBehind = false;
    this.#ask();
  }
}
