// Notes as people read them: a thread with its answers and what can be done with it, and the box a note is typed in.
// Everything people wrote goes in as text. The desk and the review page both use it; each says what its readers may do.

import { clear, h, own } from "./dom.js";
import { language } from "./words.js";

const SURE_MS = 4000;
const MOST_CHARS = 2000;

/** When a note was written, short: the time for today, else the day with it. */
export function written(at) {
  const then = new Date(at);
  const isToday = then.toDateString() === new Date().toDateString();
  return new Intl.DateTimeFormat(language(), isToday ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" }).format(then);
}

/** A note's text with its mentions as buttons: `go(line_id)`. */
function spokenText(note, go) {
  const ids = new Map(note.mentions.map((mention) => [String(mention.number), mention.line_id]));
  const parts = note.text.split(/#(\d+)(?!\d)/);
  return parts.map((part, at) => {
    if (at % 2 === 0) return own(part);
    const id = ids.get(part);
    return id ? h("button.mention", { title: "Go to this line", onclick: () => go(id) }, own(`#${part}`)) : own(`#${part}`);
  });
}

/**
 * One thread. may: {reply(text), resolve(), reopen(), remove(note), removes(note), go(line_id)}; what is missing cannot be done.
 * `where`: nodes that say where it stands. `draft`: {read(), keep(text)} for the answer being typed.
 */
export function threadView({ note, answers }, may, { where = [], draft } = {}) {
  const isResolved = note.resolved_at !== null;
  const box = may.reply ? noteBox({ label: "Answer", placeholder: "Answer…", save: may.reply, draft }) : null;
  const acts = h("div.acts", {}, [
    box && h("button.plain", { onclick: () => box.open() }, "Answer"),
    may.resolve && !isResolved ? h("button.plain", { onclick: may.resolve }, "Resolve") : null,
    may.reopen && isResolved ? h("button.plain", { onclick: may.reopen }, "Open again") : null,
  ]);
  return h(
    `article.thread${isResolved ? ".resolved" : ""}`,
    { "data-note": note.id },
    where.length ? h("div.where", {}, where) : null,
    oneNote(note, may),
    answers.map((answer) => oneNote(answer, may)),
    isResolved ? h("p.closed", {}, "Resolved by ", note.is_closed_by_me ? h("b", {}, "You") : h("b", {}, own(note.resolved_by)), own(` · ${written(note.resolved_at)}`)) : null,
    acts.childElementCount ? acts : null,
    box?.element,
  );
}

function oneNote(note, may) {
  const remove = may.remove && (may.removes?.(note) ?? true) ? h("button.plain.remove", { onclick: (event) => sure(event.currentTarget, () => may.remove(note)) }, "Delete") : null;
  return h(
    "div.note",
    {},
    h("div.by", {}, note.is_mine ? h("b", {}, "You") : h("b", { dir: "auto" }, own(note.by)), note.is_guest ? h("span.guest", { title: "Written through a review link" }, "guest") : null, h("time", { datetime: note.at }, own(written(note.at))), remove),
    h("p.said", { dir: "auto" }, spokenText(note, may.go ?? (() => {}))),
  );
}

/** Deleting takes two presses. */
function sure(button, work) {
  if (button.dataset.sure) return void (delete button.dataset.sure, work());
  button.dataset.sure = "yes";
  clear(button, "Delete for good?");
  setTimeout(() => button.isConnected && (delete button.dataset.sure, clear(button, "Delete")), SURE_MS);
}

/**
 * A box to type a note in, closed until `open()`. `save(text)` answers true once it is kept; until then the words stay.
 * Enter saves, Shift+Enter begins another line, Escape closes and keeps what was typed for the next time.
 */
export function noteBox({ label, placeholder, save, draft, onClose = () => {}, isOpen = false }) {
  const text = h("textarea", { rows: 2, dir: "auto", maxlength: String(MOST_CHARS), "aria-label": label, placeholder });
  const button = h("button.btn.small", { onclick: () => keep() }, "Save note");
  const element = h("div.note-box", { hidden: true }, text, h("div.end", {}, h("span.dim", {}, "#12 mentions line 12"), button));
  const paint = () => (button.disabled = !text.value.trim());
  const close = () => {
    text.blur(); // a box nobody sees is not typed into
    element.hidden = true;
    onClose();
  };
  const open = () => {
    element.hidden = false;
    text.value = text.value || draft?.read() || "";
    paint();
    text.focus();
  };
  const keep = async () => {
    const words = text.value;
    if (!words.trim() || button.disabled) return;
    button.disabled = true;
    const isKept = await save(words);
    paint();
    if (!isKept) return;
    if (text.value === words) text.value = "";
    draft?.keep(text.value);
    if (!isOpen) close();
  };
  text.addEventListener("input", () => (paint(), draft?.keep(text.value)));
  text.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    event.stopPropagation();
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      keep();
    } else if (event.key === "Escape" && !isOpen) {
      event.preventDefault();
      close();
    }
  });
  if (isOpen) {
    element.hidden = false;
    text.value = draft?.read() || "";
    paint();
  }
  return { element, open, text };
}

/** Words of notes that were not saved yet, kept in the tab by where they belong. */
export function draftFor(place) {
  const key = `lipline.note/${place}`;
  return {
    read: () => {
      try {
        return sessionStorage.getItem(key) ?? "";
      } catch {
        return ""; // a browser that forbids storage
      }
    },
    keep: (text) => {
      try {
        text ? sessionStorage.setItem(key, text) : sessionStorage.removeItem(key);
      } catch {
        // without storage the words live as long as the box
      }
    },
  };
}
