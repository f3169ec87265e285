// One line of the list: who and when, source, translation (edited in place), budget, Δ, P, lips, status.
// An edit is stored on blur, on Enter, and after a pause of 600 ms; the prediction follows the typing.

import { quietly, read } from "../api.js";
import { budgetBar, paintBudget } from "../budget.js";
import { clear, h, throttle } from "../dom.js";
import { penalty, signedSeconds, timecode } from "../format.js";
import { lines } from "../lines.js";
import { isOfTakeBefore, isScored, lipSentence, lse, offsetFrames, presenceMark } from "../lips.js";

const PAUSE_MS = 600;
const PREDICT_MS = 150;

export class RowView {
  isEditing = false;

  constructor(id, list) {
    [this.id, this.list] = [id, list];
    const cell = { role: "gridcell" };
    this.number = h("span.n", cell);
    this.who = h("b");
    this.time = h("span.tc");
    const { source_language, target_language } = lines.desk;
    this.source = h("span.src", { ...cell, dir: "auto", lang: source_language });
    this.target = h("span.tgt", { ...cell, dir: "auto", lang: target_language });
    this.budget = budgetBar();
    this.delta = h("span.num", cell);
    this.p = h("span.num.p", cell);
    this.lips = h("span.lips", cell);
    this.status = h("span.st", cell);
    this.element = h("div.row", { role: "row", "data-id": id }, this.number, h("span.who", cell, this.who, this.time), this.source, this.target, h("span.bar", cell, this.budget), this.delta, this.p, this.lips, this.status);
    this.element.addEventListener("mousedown", (event) => event.shiftKey && event.preventDefault());
    this.element.addEventListener("click", (event) => this.#click(event));
    this.#predict = throttle(PREDICT_MS, () => this.#ask());
  }

  #row = null;
  #scale_ms = 4000;
  #box = null;
  #stored = "";
  #timer = 0;
  #predict;

  paint(row, scale_ms) {
    [this.#row, this.#scale_ms] = [row, scale_ms];
    this.number.textContent = row.number;
    this.who.textContent = row.speaker;
    this.who.title = row.speaker;
    this.time.textContent = timecode(row.start_ms, lines.desk.fps);
    this.source.textContent = row.source || "—";
    this.source.classList.toggle("blank", !row.source);
    if (!this.isEditing) this.#paintTarget(row.target);
    if (!this.isEditing || this.#box.value === row.target) this.#paintFit(row.fit);
    paintLips(this.lips, row);
    clear(this.status, h("span", {}, row.status), voicing(row));
    this.element.classList.toggle("flagged", row.flags.length > 0);
  }

  select(isSelected, isActive) {
    this.element.classList.toggle("sel", isSelected);
    this.element.classList.toggle("active", isActive);
    this.element.setAttribute("aria-selected", String(isSelected));
  }

  #paintTarget(text) {
    this.target.textContent = text || "type a translation";
    this.target.classList.toggle("blank", !text);
  }

  #paintFit(fit) {
    paintBudget(this.budget, this.#row, fit, this.#scale_ms);
    const isBlank = !fit || fit.fit === "empty";
    clear(this.delta, isBlank ? "" : signedSeconds(fit.delta_ms), !isBlank && this.#row.is_short && !this.isEditing ? h("small.short", { title: "The words end long before the line does" }, "short") : null);
    this.p.textContent = isBlank ? "" : penalty(fit.p);
    this.delta.dataset.fit = this.p.dataset.fit = fit?.fit ?? "";
    window.dispatchEvent(new CustomEvent("lipline:fit", { detail: { id: this.id, fit, isDraft: this.isEditing } }));
  }

  #click(event) {
    const wants = event.target === this.target && !event.shiftKey && !event.ctrlKey && !event.metaKey;
    if (!this.isEditing) this.list.click(event, this.id);
    if (wants && this.#row.status !== "locked") this.edit();
  }

  edit() {
    if (this.isEditing || this.#row.status === "locked") return;
    this.isEditing = true;
    this.#stored = this.#row.target;
    this.#box = h("textarea", { rows: 1, "aria-label": `Translation of line ${this.#row.number}`, spellcheck: false, dir: "auto", maxlength: "2000" });
    this.#box.value = this.#row.target;
    this.#box.addEventListener("input", () => this.#typed());
    this.#box.addEventListener("keydown", (event) => this.#key(event));
    this.#box.addEventListener("blur", () => this.#leave());
    this.target.classList.remove("blank");
    clear(this.target, this.#box);
    this.element.classList.add("editing");
    this.#grow();
    this.#box.focus();
    this.#box.setSelectionRange(this.#box.value.length, this.#box.value.length);
  }

  /** What is being typed, to be taken up again when the list is laid out anew; null when nothing is. */
  get draft() {
    return this.isEditing ? { id: this.id, text: this.#box.value, from: this.#box.selectionStart, to: this.#box.selectionEnd } : null;
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
    this.#box.style.height = "0";
    this.#box.style.height = `${this.#box.scrollHeight + 2}px`;
  }

  #typed() {
    this.#grow();
    this.#predict();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#store(), PAUSE_MS);
  }

  #key(event) {
    event.stopPropagation();
    if (event.isComposing) return;
    if (event.key === "Escape") {
      this.#box.value = this.#row.target;
      this.#box.blur();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#box.blur();
      this.list.step(1);
      this.list.scroller.focus();
    } else if (event.key === "Tab") {
      event.preventDefault();
      this.#box.blur();
      this.list.step(event.shiftKey ? -1 : 1);
      this.list.edit(this.list.selection.active);
    }
  }

  #leave() {
    if (!this.isEditing) return;
    const text = this.#box.value;
    this.#store();
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
    this.list.actions.revise(this.id, { target: text }).then((reply) => reply ?? (this.#stored = before));
  }

  async #ask() {
    const text = this.#box?.value;
    if (text === undefined) return;
    const fit = await quietly(read(lines.desk.project_id, "predict", { line_id: this.id, text }));
    if (this.#box?.value === text) this.#paintFit(fit);
  }
}

/** Presence, LSE-C, and below it what the scorer is sure of: in sync, or by how many frames not. Off is marked without a colour. */
function paintLips(cell, row) {
  const words = lipSentence(row);
  cell.title = words;
  cell.setAttribute("aria-label", words);
  const isBefore = isOfTakeBefore(row);
  cell.dataset.verdict = isBefore ? "unclear" : (row.lips?.verdict ?? "");
  cell.classList.toggle("before", isBefore);
  const frames = row.lips?.is_offset_clear ? row.lips.offset_frames : 0;
  const sure = isBefore ? "" : frames ? `${offsetFrames(frames)} f` : row.lips?.verdict === "agree" ? "in sync" : "";
  clear(cell, h("span.mark", {}, presenceMark(row)), h("b", {}, isScored(row) ? lse(row.lips.lse_c, 1) : ""), sure ? h("small", {}, sure) : null);
}

function voicing(row) {
  const word = row.voiced === "voiced" ? "voiced" : row.voiced === "stale" ? "voice is old" : row.target ? "not voiced" : "";
  return h(`small.${row.voiced || "none"}`, {}, word);
}
