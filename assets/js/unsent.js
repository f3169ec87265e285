// Edits the studio has not taken yet, the latest per line and field, each with the values it began from. They lie on the tab's shelf, so
// that neither a reload nor a crash loses them. Among them is what is being typed this moment: a draft, until it is sent.

import { shelve, shelved } from "./shelf.js";

const EDITS = "edits";
const DRAFTS = "drafts";
const BESIDE = new Set(["line_id", "base", "change_id"]); // of a change: not fields
const watchers = new Set();
const kept = new Map((shelved(EDITS) ?? []).filter(isEntry));
const drafts = new Map();

/** `watcher(line_id)` after every change of what is kept. */
export const onUnsent = (watcher) => watchers.add(watcher);
export const unsent = () => [...kept.keys()];
export const waiting = (key) => kept.get(key); // {project, change}, or undefined once it has arrived
export const hasUnsent = () => kept.size > 0;

const place = (project, line) => `${project}/${line}`;

/** The values an edit began from are those of the oldest edit that waits: whatever came since was typed upon it. */
export function keep(project, change) {
  const key = place(project, change.line_id);
  const before = kept.get(key)?.change;
  kept.set(key, { project, change: { ...before, ...change, base: { ...change.base, ...before?.base } } });
  undraft(project, change);
  store(change.line_id);
}

/** These fields have arrived, or have been refused for good; a field that was typed anew since then stays. */
export function settle(project, sent) {
  const key = place(project, sent.line_id);
  undraft(project, sent);
  if (!kept.has(key)) return;
  const { change } = kept.get(key);
  const left = Object.entries(change).filter(([name, value]) => !BESIDE.has(name) && sent[name] === undefined && value !== undefined);
  left.length ? kept.set(key, { project, change: { line_id: sent.line_id, base: change.base, change_id: change.change_id, ...Object.fromEntries(left) } }) : kept.delete(key);
  store(sent.line_id);
}

/** A row as the person left it: texts that wait here stand in for the studio's. */
export function asTyped(project, row) {
  const { target = row.target, source = row.source } = kept.get(place(project, row.id))?.change ?? {};
  return { ...row, target, source };
}

// typing

/** A translation is being typed: kept with every keystroke until it is sent. `edit`: {line_id, target, base, change_id}. */
export function draft(project, edit) {
  drafts.set(place(project, edit.line_id), { project, change: edit });
  shelve(DRAFTS, [...drafts]);
}

/** What was typed has been sent, or given up. */
export function undraft(project, { line_id, target }) {
  const key = place(project, line_id);
  if (!drafts.has(key) || (target !== undefined && drafts.get(key).change.target !== target)) return;
  drafts.delete(key);
  shelve(DRAFTS, drafts.size ? [...drafts] : undefined);
}

/** What a tab was typing when it closed or crashed waits like any edit that was not taken. */
for (const [, { project, change }] of (shelved(DRAFTS) ?? []).filter(isEntry)) keep(project, change);
shelve(DRAFTS, undefined);

function isEntry(entry) {
  return Array.isArray(entry) && typeof entry[1]?.project === "string" && typeof entry[1]?.change?.line_id === "string";
}

function store(line) {
  shelve(EDITS, kept.size ? [...kept] : undefined);
  watchers.forEach((watcher) => watcher(line));
}
