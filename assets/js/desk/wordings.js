// The wordings of the selected line, as ranked: text, what it means, how it fits, how likely it is; and the box that asks for new ones.

import { budgetBar, paintBudget } from "../budget.js";
import { clear, h, own } from "../dom.js";
import { count, penalty, seconds, signedSeconds } from "../format.js";
import { lines } from "../lines.js";
import { repaint } from "../repaint.js";
import { may } from "../rights.js";
import { words } from "../words.js";
import { changedShare, diff } from "./diff.js";

const SHOWN = 8;
const SUGGESTIONS = ["shorter", "longer", "more formal", "more casual", "keep the joke", "simpler words"];
const MOST_CHARS = 200;
const MOST_CHANGED = 0.6; // beyond that marks cover more than they show
const TYPED_BY = "typed by "; // before a name, where a person's words could not be written

export class Wordings {
  #all = []; // candidates as ranked
  #row = null;
  #isWhole = false; // the person asked for more than the first few
  #wish = wishBox(() => this.#ask());

  constructor(selection, actions) {
    [this.selection, this.actions] = [selection, actions];
    this.list = h("div.list-of-wordings", { role: "group", "aria-label": "Wordings of this line" });
    this.head = h("h4");
    this.ask = h("button.btn.small", { onclick: () => this.#ask() });
    this.why = h("p.why");
    this.element = h("section.card.wordings", {}, this.head, this.list, h("div.asking", {}, this.#wish.element, this.ask), this.why);
    selection.watch(({ was }) => {
      if (was !== selection.active) [this.#isWhole, this.#wish.text] = [false, ""];
      this.#paintAsking();
    });
    lines.watch((changed) => changed === null && this.#paintAsking());
  }

  /** What stands in the box goes with every regenerating of selected lines; it is emptied when another line is taken. */
  get instruction() {
    return lines.desk.follows_instructions ? this.#wish.text.trim() : "";
  }

  /** `candidates` null: still on their way. */
  paint(row, candidates) {
    [this.#row, this.#all] = [row, candidates ?? []];
    const shown = this.#shown;
    clear(this.head, h("span", {}, "Wordings"), shown.length ? h("small", {}, shown.length > 1 ? `1–${Math.min(9, shown.length)} takes one` : "1 takes it") : null);
    const hidden = this.#all.length - shown.length;
    repaint(this.list, () =>
      clear(
        this.list,
        shown.map((one, at) => this.#wording(one, at, row)),
        hidden > 0 ? h("button.plain.more", { onclick: () => ((this.#isWhole = true), this.paint(row, this.#all)) }, `${count(hidden, "more wording")}`) : null,
        this.#all.length ? null : h("p.dim", {}, candidates === null ? "…" : emptySentence(row)),
      ),
    );
    this.#paintAsking();
  }

  get #shown() {
    return this.#isWhole || this.#all.length <= SHOWN + 1 ? this.#all : this.#all.slice(0, SHOWN);
  }

  pick(number) {
    const one = this.#shown[number - 1];
    if (one) this.actions.pick(this.#row.id, one.id);
  }

  #ask() {
    const ids = this.selection.inOrder(lines.order);
    if (ids.length) this.actions.regenerate(ids);
    this.#wish.keep();
  }

  #paintAsking() {
    const many = this.selection.ids.size;
    const { follows_instructions, instruction_sentence } = lines.desk;
    this.#wish.element.hidden = !follows_instructions;
    clear(this.ask, many > 1 ? `Regenerate ${many} lines` : "Regenerate");
    this.ask.setAttribute("aria-label", words(many > 1 ? `Regenerate ${many} selected lines` : "Regenerate this line"));
    this.ask.title = words(many > 1 ? "New wordings and takes for the selected lines (R)" : "New wordings and a new take for this line (R)");
    this.ask.disabled = !many;
    clear(this.why, follows_instructions ? "" : (instruction_sentence ?? ""));
  }

  #wording(one, at, row) {
    const isTaken = one.text === row.target;
    const { source_language, target_language } = lines.desk;
    return h(
      `button.wording${isTaken ? ".on" : ""}`,
      { disabled: !may("edit"), onclick: () => this.actions.pick(row.id, one.id), "aria-pressed": String(isTaken), title: `Proposed by ${one.engine}`, "data-id": one.id, "data-at": one.id },
      h("kbd", {}, at < 9 ? String(at + 1) : "·"),
      h(
        "span.said",
        {},
        h("span.text", { dir: "auto", lang: target_language }, isTaken ? own(one.text) : against(row.target, one.text, target_language)),
        one.back_translation ? h("span.back", { dir: "auto", lang: source_language, title: "What it says, translated back by machine" }, own(one.back_translation)) : null,
        facts(one, isTaken),
      ),
      one.fit ? fitOf(one, row) : null,
    );
  }
}

function emptySentence(row) {
  if (row.status === "locked") return "None yet, and none will come while the line is locked.";
  return row.source.trim() ? "None yet. Regenerate proposes some and voices the one that fits best." : "None yet: without a source text there is nothing to translate.";
}

function fitOf(one, row) {
  const bar = budgetBar();
  paintBudget(bar, row, one.fit, row.slot_ms + row.gap_ms);
  return h("span.fitting", {}, bar, h("span.num", { "data-fit": one.fit.fit, title: penaltySentence(one) }, penalty(one.fit.p)));
}

const penaltySentence = (one) =>
  `P ${penalty(one.fit.p)} against the line itself, 0 is a perfect fit.${one.slot_penalty === null ? "" : ` With the gap it may borrow: ${penalty(one.slot_penalty)}, which ranks the wordings.`}`;

/** The quiet line below a wording: time, Δ, likelihood in a word, and names it leaves out. */
function facts(one, isTaken) {
  const parts = [
    one.fit ? h("span", { title: "Predicted time, and how it differs from the line" }, `${seconds(one.fit.speech_ms + one.fit.pause_ms)} s · Δ ${signedSeconds(one.fit.delta_ms)}`) : null,
    one.likely ? h("span.likely", { title: likelySentence(one) }, one.likely, own(` ${number(one.likelihood)}`)) : null,
    one.engine.startsWith(TYPED_BY) ? h("span", { title: "Typed while somebody else changed the line, and kept here instead of writing over it" }, "typed by ", own(one.engine.slice(TYPED_BY.length))) : null,
    one.missed_terms.length ? h("span.missed", { title: "In your list of names and terms, and not in this wording" }, "without ", one.missed_terms.map((term, at) => [at ? ", " : "", h("bdi", { lang: lines.desk.target_language }, own(`“${term}”`))])) : null,
    isTaken ? h("span.taken", {}, "in use") : null,
  ].filter(Boolean);
  return h("span.facts", {}, parts);
}

/** The wording with what is new in it marked and what it leaves out struck; one that shares little with the text stands as it is. */
function against(now, text, language) {
  if (!now.trim()) return own(text);
  const parts = diff(now, text, language);
  if (changedShare(parts) > MOST_CHANGED) return own(text);
  return parts.map(({ kind, text: part }) => (kind === "same" ? own(part) : h(kind === "in" ? "ins" : "del", {}, own(part))));
}

const number = (value) => value.toFixed(2).replace("-", "−");

const likelySentence = (one) => `How natural the translator finds it, beside its favourite for this line: ${number(one.likelihood)} per word piece (0 is certain).`;

/** The box for a wish, its suggestions shown while it is in use, and the last wish of this session among them. */
function wishBox(send) {
  let last = "";
  const input = h("input", { placeholder: "shorter, keep the joke…", "aria-label": "Instruction for new wordings", maxlength: String(MOST_CHARS), spellcheck: "false", dir: "auto" });
  const chips = h("div.suggestions", { role: "group", "aria-label": "Suggestions" });
  const paint = () => clear(chips, [...new Set([last, ...SUGGESTIONS].filter(Boolean))].map((wish) => h("button.chip", { onclick: () => add(wish), title: "Add to the instruction" }, wish)));
  const add = (wish) => {
    const has = input.value.split(",").map((part) => part.trim()).filter(Boolean);
    if (!has.includes(wish)) input.value = [...has, wish].join(", ").slice(0, MOST_CHARS);
    input.focus();
  };
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "Enter") send();
    if (event.key === "Escape") (input.value = ""), input.blur();
  });
  paint();
  const element = h("div.wish", {}, input, chips);
  input.addEventListener("focus", () => requestAnimationFrame(() => element.scrollIntoView({ block: "nearest" })));
  return {
    element,
    get text() {
      return input.value;
    },
    set text(value) {
      input.value = value;
    },
    keep: () => ((last = input.value.trim().slice(0, 40) || last), paint()),
  };
}
