// Edits that met another person's: both sides are kept and shown until somebody decides. Enter: what the studio answered to an edit, and
// rows to show it on. Leave: a card per conflict, and the edit that settles it.

import { meeting, quietly, write } from "./api.js";
import { clear, h, own } from "./dom.js";
import { lines } from "./lines.js";
import { written } from "./note_view.js";
import { shelve, shelved } from "./shelf.js";
import { rebase } from "./typing.js";

const NAME = "conflicts";
const known = new Map((shelved(NAME) ?? []).filter((entry) => Array.isArray(entry) && entry[1]?.line_id));
const watchers = new Set();
const keyOf = (one) => `${one.project}/${one.line_id}/${one.field}`;

/** `watcher(line_id)` whenever the conflicts of a line change. */
export const onConflicts = (watcher) => watchers.add(watcher);

/** All open conflicts of the project that is open, or those of one line. */
export const conflicts = (line = null) => [...known.values()].filter((one) => one.project === lines.desk.project_id && (line === null || one.line_id === line));

export const isContested = (line, field = "target") => known.has(keyOf({ project: lines.desk.project_id, line_id: line, field }));

/** What the studio answered to an edit. */
export function takeConflicts(project, views = []) {
  for (const view of views) put({ ...view, project });
}

meeting.onMet = takeConflicts;

/** More was typed in a box whose text is contested: nothing is sent until that is decided, and nothing is lost. */
export function retype(line, text) {
  const one = known.get(keyOf({ project: lines.desk.project_id, line_id: line, field: "target" }));
  if (one) put({ ...one, mine: text });
}

function put(one) {
  known.set(keyOf(one), one);
  tell(one.line_id);
}

function drop(one) {
  known.delete(keyOf(one));
  tell(one.line_id);
}

function tell(line) {
  shelve(NAME, known.size ? [...known] : undefined);
  watchers.forEach((watcher) => watcher(line));
}

const again = (one, values) => quietly(write(one.project, "revise", { line_id: one.line_id, ...values }).then((reply) => lines.apply(reply)));

/** One's own text after all, over what the card has shown; should that have changed again, the studio says so again. */
export async function keepMine(one) {
  const asked = asOfNow(known.get(keyOf(one)) ?? one);
  if (asked.met === "deleted" && !(await back(asked))) return;
  if (asked.met === "locked" && !(await quietly(write(asked.project, "set_status", { line_ids: [asked.line_id], status: "adapted" })))) return;
  const row = lines.rows.get(asked.line_id);
  drop(asked);
  const base = asked.met === "changed" ? { [asked.field]: asked.theirs } : {};
  await again(asked, asked.field === "span" ? { ...asked.mine, base: spanBase(asked) } : { [asked.field]: asked.mine, base });
  if (row) rebase(lines.rows.get(asked.line_id) ?? row);
}

const spanBase = (one) => (one.met === "changed" ? one.theirs : {});

/** The line as it was before it was deleted. */
const back = (one) => quietly(write(one.project, "bring_back", { line_id: one.line_id }).then(() => lines.refresh().then(() => true)));

export function keepTheirs(one) {
  drop(one);
  const row = lines.rows.get(one.line_id);
  if (row) rebase(row);
  const box = one.field === "target" && row ? document.querySelector(`.desk .row[data-id="${CSS.escape(one.line_id)}"] .tgt textarea`) : null;
  if (!box) return;
  box.value = row.target; // the box is still open on what was given up
  box.dispatchEvent(new Event("input"));
}

// the card

/** Show a line's conflicts at the end of an element, or none; called whenever the row is painted. */
export function showConflicts(element, line) {
  const shown = element.querySelector(":scope > .conflicts");
  const open = conflicts(line).map(asOfNow);
  if (!open.length) return void shown?.remove();
  const mark = JSON.stringify(open);
  if (shown?.dataset.mark === mark) return;
  const focused = shown?.contains(document.activeElement) ? document.activeElement.dataset.act : "";
  const box = h("div.conflicts", { "data-mark": mark }, open.map(card));
  shown ? shown.replaceWith(box) : element.append(box);
  if (focused) box.querySelector(`[data-act="${focused}"]`)?.focus();
}

/** What others wrote may have gone on since: the card shows, and the answer begins from, what stands there now. */
function asOfNow(one) {
  const row = lines.rows.get(one.line_id);
  return one.met === "changed" && ["target", "source"].includes(one.field) && row ? { ...one, theirs: row[one.field] } : one;
}

const WORDS = { target: "translation", source: "source text", span: "times", speaker_id: "speaker", take_id: "take", voice: "voice" };

/** Both sides, who and when, and the two ways out. */
export function card(one) {
  const isText = ["target", "source"].includes(one.field);
  const side = (label, value) => h("div.side", {}, h("b", {}, label), h("p", { dir: "auto" }, value ? own(shown(value)) : h("span.dim", {}, "nothing")));
  const act = (label, name, run) => h("button.btn.small", { onclick: run, "data-act": name }, label);
  const mine = { deleted: "Bring the line back with mine", locked: "Unlock and keep mine" }[one.met] ?? "Keep mine";
  const theirs = { deleted: "Let it go", locked: "Leave it locked", approved: "Leave it approved" }[one.met] ?? "Keep theirs";
  const box = h("section.conflict", { role: "alertdialog", "aria-label": "Two people changed this line" }, h("p", {}, sentence(one)));
  const sides = isText || one.field === "span" ? h("div.sides", {}, side("Yours", one.mine), one.met === "deleted" ? null : side(one.met === "changed" ? "Theirs" : "As it stands", one.theirs)) : null;
  box.append(...[sides, h("div.acts", {}, act(mine, "mine", () => keepMine(one)), act(theirs, "theirs", () => keepTheirs(one)))].filter(Boolean));
  box.addEventListener("keydown", (event) => event.key === "Escape" && event.stopPropagation());
  return box;
}

const shown = (value) => (typeof value === "string" ? value : `${value.start_ms / 1000} – ${value.end_ms / 1000} s`);

function sentence(one) {
  const at = one.at ? written(one.at) : "";
  const who = one.by ? `“${one.by}”` : "You, in another tab,";
  const did = { deleted: "deleted this line while you typed.", locked: "locked this line while you typed.", approved: "approved this line as it stands while you typed." }[one.met];
  const said = did ?? `changed the ${WORDS[one.field] ?? one.field} while you worked on it.`;
  return [h("span", {}, `${who} ${said}`), at ? h("time", { datetime: one.at }, own(at)) : null, h("span.dim", {}, "Nothing was overwritten.")];
}

/** A line that is gone has no row to show its card on: these stand above the list. */
export function lostCards(element) {
  const paint = () => {
    const lost = conflicts().filter((one) => !lines.rows.has(one.line_id));
    element.hidden = !lost.length;
    const mark = JSON.stringify(lost);
    if (element.dataset.mark === mark) return;
    element.dataset.mark = mark;
    clear(element, lost.map(card));
  };
  onConflicts(paint);
  lines.watch((changed) => changed === null && paint());
  return element;
}
