// A translation being typed: what it began from, and the one action all of it belongs to. Enter: the row's box, told of every keystroke.
// Leaves: the edit to send, with its base, so that nothing another person writes meanwhile is overwritten.

import { draft, undraft } from "./unsent.js";

const open = new Map(); // line → {project, base, change_id, text}

const newId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** A box was opened on a row. Opened anew while it is open (the list was laid out again), it goes on. */
export function begin(project, row) {
  if (!open.has(row.id)) open.set(row.id, { project, base: { target: row.target, status: row.status }, change_id: newId(), text: row.target });
}

/** The text of the box, after every keystroke. */
export function typed(id, text) {
  const at = open.get(id);
  if (!at) return;
  at.text = text;
  text === at.base.target ? undraft(at.project, { line_id: id }) : draft(at.project, edit(id, at, text));
}

/** The edit to send for a text; what is typed after it begins from it. */
export function sent(id, text) {
  const at = open.get(id);
  if (!at) return { line_id: id, target: text };
  const change = edit(id, at, text);
  at.base = { ...at.base, target: text };
  return change;
}

/** The studio refused it: nothing of it stands, so typing goes on from where that edit began. */
export function refused(change) {
  const at = open.get(change.line_id);
  if (at && change.base && at.base.target === change.target) at.base = change.base;
}

/** The box is closed. What was not sent stays a draft until it is. */
export const end = (id) => open.delete(id);

/** Typing goes on from what stands there now: after a conflict was decided. */
export function rebase(row) {
  const at = open.get(row.id);
  if (at) [at.base, at.change_id] = [{ target: row.target, status: row.status }, newId()];
}

export const isOpen = (id) => open.has(id);

const edit = (id, { base, change_id }, text) => ({ line_id: id, target: text, base, change_id });
