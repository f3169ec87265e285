// Calls to the desk's routes, the saved state everyone may watch, and toasts for what went wrong.

import { h } from "./dom.js";

const watchers = new Set();
let pending = 0;
let failed = false;
let last = Promise.resolve();

/** "saved" | "saving" | "unsaved": how the last edits of this page stand. */
export const savedState = () => (pending ? "saving" : failed ? "unsaved" : "saved");
export function onSaved(watcher) {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}
const tell = () => watchers.forEach((watcher) => watcher(savedState()));

async function answerOf(response) {
  if (response.status === 401) return void location.reload();
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.error ?? "The studio did not answer; is it still running?");
  return body;
}

async function ask(address, init) {
  try {
    return await answerOf(await fetch(new URL(address, document.baseURI), init));
  } catch (error) {
    if (error instanceof TypeError) throw new Error("The studio cannot be reached; is it still running? What you typed is kept on this page.");
    throw error;
  }
}

/** Rows that changed since a revision, and always those in `also`. */
export const getRows = (project, since, also) => ask(`desk/${project}/rows?${new URLSearchParams({ since, also: [...also].join(",") })}`);

/** One call that changes nothing (a prediction, a panel). */
export const read = (project, verb, values) =>
  ask(`desk/${project}/${verb}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(values) });

/** One call that changes something; the saved chip follows it. A failure is shown and thrown on.
 *  Calls go out one after the other, so that the last thing typed is the last thing stored. */
export async function write(project, verb, values) {
  const before = last;
  let done = null;
  last = new Promise((resolve) => (done = resolve));
  pending += 1;
  tell();
  try {
    await before;
    const answer = await read(project, verb, values);
    failed = false;
    return answer;
  } catch (error) {
    failed = true;
    toast(error.message);
    throw error;
  } finally {
    pending -= 1;
    done();
    tell();
  }
}

/** Run a call whose failure has been shown already. */
export const quietly = (promise) => promise.catch(() => null);

export const media = (kind, project, item) => new URL(`media/${kind}/${project}/${item}`, document.baseURI).href;

export function toast(message) {
  let shelf = document.querySelector(".toasts");
  if (!shelf) document.body.append((shelf = h("div.toasts", { role: "status", "aria-live": "polite" })));
  const note = h("div.toast", {}, h("span", {}, message), h("button.plain", { "aria-label": "Dismiss", onclick: () => note.remove() }, "✕"));
  shelf.append(note);
  setTimeout(() => note.remove(), 12_000);
}

window.addEventListener("beforeunload", (event) => pending && event.preventDefault());
