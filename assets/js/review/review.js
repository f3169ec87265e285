// The review page: a film with its lines and notes, for somebody without an account. Playing and commenting, nothing else.
// Enter: a token in the address. Leaves: notes. Everything written by people goes into the page as text.

import { clear, h, isTyping, own } from "../dom.js";
import { beginAt } from "../format.js";
import { draftFor, noteBox, written } from "../note_view.js";
import { addNote, getFilm, getNotes } from "./calls.js";
import { ReviewLines } from "./lines.js";
import { ReviewPlayer } from "./player.js";

const AGAIN_MS = 5000;
const NAME = "lipline.reviewer";
const root = document.querySelector("#review");
const state = { film: null, mark: "", line: "", isReading: false, print: "", writes: 0 };

const trouble = h("p.trouble", { role: "alert" });
const name = h("input", { maxlength: "64", autocomplete: "name", placeholder: "Your name", "aria-label": "Your name, shown with your notes" });
name.value = remembered();
name.addEventListener("change", () => keepName());

const player = new ReviewPlayer();
const list = new ReviewLines({ go: (line) => player.seek(line.start_ms, { play: true }), seek: (ms) => player.seek(ms), add: keep });
const here = noteBox({ label: "Note at this moment", placeholder: "Say what is the matter at this moment…", save: (text) => keep({ text, at_ms: Math.min(player.now_ms, state.film.length_ms) }), draft: draftFor("review"), isOpen: true });

start();

async function start() {
  try {
    await look();
    paint();
    await hear();
  } catch (error) {
    return void clear(root, h("main.closed", {}, h("h1", {}, own("Lipline")), h("p", {}, error.message)));
  } finally {
    root.removeAttribute("aria-busy");
  }
  setInterval(() => document.hidden || again(), AGAIN_MS);
}

function paint() {
  const { film } = state;
  document.title = `${film.name} · Lipline`;
  clear(
    root,
    h("header", {}, h("strong", {}, own("Lipline")), h("h1", { dir: "auto" }, own(film.name)), h("span.dim", {}, own(film.languages)), h("span.grow"), h("span.dim", {}, "This link opens until ", own(written(film.expires_at)))),
    h("main", {}, h("div.left", {}, player.element, h("section.say", { "aria-label": "Your notes" }, h("label", {}, h("span", {}, "You are"), name), here.element, trouble)), list.element),
  );
  const follow = () => (state.isReading = false);
  list.element.addEventListener("wheel", () => (state.isReading = true), { passive: true });
  player.video.addEventListener("play", follow);
}

player.onLine = (id) => {
  state.line = id;
  list.mark(id, !state.isReading && !player.video.paused);
};

/** The film and its lines; laid out anew only where they changed. */
async function look() {
  const film = await getFilm();
  beginAt(film.start_hour);
  const print = JSON.stringify([film.lines, film.films, film.name]);
  if (state.film && isTyping(document.activeElement)) return false; // somebody began to while this was asked: the next look lays it out
  state.film = film;
  if (print === state.print) return false;
  state.print = print;
  list.show(film);
  player.show(film);
  return true;
}

async function hear() {
  const { writes } = state;
  const view = await getNotes(state.mark);
  if (writes === state.writes) take(view); // what was asked before a note was written is old by now
}

function take(view, isForced = false) {
  if (view.mark === state.mark && !isForced) return;
  state.mark = view.mark;
  if (!view.notes) return;
  state.notes = view.notes;
  paintNotes();
}

function paintNotes() {
  const notes = state.notes ?? [];
  const answers = new Map();
  for (const note of notes) if (note.reply_to) answers.set(note.reply_to, [...(answers.get(note.reply_to) ?? []), note]);
  list.paintNotes(notes.filter((note) => !note.reply_to).map((note) => ({ note, answers: answers.get(note.id) ?? [] })));
}

async function again() {
  try {
    if (!isTyping(document.activeElement) && (await look())) paintNotes();
    await hear();
    say("");
  } catch (error) {
    say(error.message);
  }
}

/** Keep a note; true once the studio has it. Without a name the person is asked for it first. */
async function keep(values) {
  if (!name.value.trim()) {
    say("Write your name first, so that it is known whose note this is.");
    name.focus();
    return false;
  }
  keepName();
  try {
    state.writes += 1;
    const view = await addNote({ name: name.value, ...values });
    state.writes += 1;
    take(view);
    say("");
    return true;
  } catch (error) {
    say(error.message);
    return false;
  }
}

const say = (sentence) => clear(trouble, sentence);

function remembered() {
  try {
    return localStorage.getItem(NAME) ?? "";
  } catch {
    return ""; // a browser that forbids storage
  }
}

function keepName() {
  try {
    localStorage.setItem(NAME, name.value.trim());
  } catch {
    // without storage the name lives as long as the page
  }
}

document.addEventListener("keydown", (event) => {
  if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey || !state.film) return;
  if (event.key === " " && !event.target.closest?.("button, video, a")) {
    event.preventDefault();
    player.toggle();
  } else if (["ArrowDown", "ArrowUp"].includes(event.key) && !event.target.closest?.("video")) {
    event.preventDefault();
    const at = state.film.lines.findIndex((line) => line.id === state.line);
    const next = state.film.lines[at < 0 ? state.film.lines.findIndex((line) => line.start_ms > player.now_ms) : at + (event.key === "ArrowDown" ? 1 : -1)];
    if (next) (player.seek(next.start_ms), list.reveal(next.id));
  } else if (event.key.toLowerCase() === "m" && state.line) {
    event.preventDefault();
    list.write(state.line);
  }
});
