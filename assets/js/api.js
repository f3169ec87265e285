// Calls to the desk's routes and the saved state everyone may watch. An edit the studio does not take because it is away is kept and sent again.

import { noted, passed } from "./passes.js";
import { toast } from "./toast.js";
import { hasUnsent, keep, settle, unsent, waiting } from "./unsent.js";

const AWAY = "The studio cannot be reached; is it still running? What you typed is kept and sent as soon as it answers.";
const PING_MS = 5000;
const AGAIN_MS = 2000;
const PATIENCE_MS = 10_000;

/** The studio did not answer, or not for now: the same call may succeed later. */
class Away extends Error {}

const watchers = new Set();
const flying = new Set(); // edits on their way: {project, values}
let pending = 0;
let isRefused = false;
let isGone = false;
let isLeaving = false;
let last = Promise.resolve();

/** "saved" | "saving" | "retrying" | "refused" | "away": how the edits of this page stand. */
export const savedState = () => (pending && !isGone ? "saving" : hasUnsent() ? "retrying" : isGone ? "away" : isRefused || refusal.isOpen() ? "refused" : "saved");
export function onSaved(watcher) {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}
export const isAway = () => isGone;

/** Texts that the studio refused stay on the page until somebody decides: `isOpen()` says whether there are any, `onRefused(project,
 *  change, why)` hears of one that had waited for the studio. `settled()`: what there are has changed. */
export const refusal = { isOpen: () => false, onRefused: () => {}, settled: () => ((isRefused &&= refusal.isOpen()), tell()) };

const tell = () => watchers.forEach((watcher) => watcher(savedState()));

function away(isNow) {
  if (isNow && !isGone) toast(AWAY);
  isGone = isNow;
  tell();
}

/** To the login page; what is unsent waits in the tab. */
function leave() {
  const isFirst = !isLeaving;
  isLeaving = true;
  if (isFirst) location.reload(); // once: another would begin it anew
}

async function answerOf(response) {
  if (response.status === 401) {
    leave();
    throw new Away(AWAY);
  }
  const body = await response.json().catch((error) => {
    if (error instanceof SyntaxError) return {};
    throw new Away(AWAY); // broken off, as by a reload: what it said, nobody knows
  });
  if (response.ok) return body;
  const sentence = body.error ?? "The studio did not answer; is it still running?";
  throw response.status >= 500 ? new Away(sentence) : new Error(sentence);
}

async function ask(address, init) {
  let response;
  try {
    response = noted(await fetch(new URL(address, document.baseURI), init));
  } catch {
    away(true);
    throw new Away(AWAY);
  }
  away(false);
  return answerOf(response);
}

/** Rows that changed since a revision, and always those in `also`. */
export const getRows = (project, since, also) => ask(`desk/${project}/rows?${new URLSearchParams({ since, also: [...also].join(",") })}`);

/** Whether anything happened since edit number `since`; asked often, so it says nothing when it cannot be answered. */
export async function getPulse(project, since) {
  const query = since === null ? "" : `?${new URLSearchParams({ since })}`;
  const response = noted(await fetch(new URL(`desk/${project}/pulse${query}`, document.baseURI), { signal: AbortSignal.timeout(PATIENCE_MS) }));
  if (response.status === 401) return answerOf(response); // logged out elsewhere, or by time: to the login page
  if (response.status === 404) return { isGone: true };
  return response.ok ? response.json() : null;
}

/** One call that changes nothing (a prediction, a panel). */
export const read = (project, verb, values) =>
  ask(`desk/${project}/${verb}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(values) });

/** Calls that change something go out one after the other, so that the last thing typed is the last thing stored. */
async function inTurn(work) {
  const before = last;
  let done = null;
  last = new Promise((resolve) => (done = resolve));
  pending += 1;
  tell();
  try {
    await before;
    const answer = await work();
    isRefused = false;
    return answer;
  } finally {
    pending -= 1;
    done();
    tell();
  }
}

/** One call that changes something; the saved chip follows it. A failure is shown and thrown on, but the change of a line
 *  (`revise`) that meets no studio is kept, sent again later, and answered with nothing. */
export async function write(project, verb, values) {
  const isEdit = verb === "revise";
  const edit = { project, values };
  if (isEdit) flying.add(edit);
  try {
    const answer = await inTurn(() => read(project, verb, { ...values, ...delivery.seen(project) }));
    if (isEdit) arrived(project, values, answer);
    return answer;
  } catch (error) {
    if (isEdit && error instanceof Away) {
      keep(project, values);
      if (!isGone) toast(error.message);
      tell();
      return {};
    }
    isRefused ||= !(error instanceof Away);
    toast(error.message === AWAY ? "This could not be done: the studio does not answer." : error.message);
    tell();
    throw error;
  } finally {
    flying.delete(edit);
  }
}

/** The translation a person has before them: what they typed last, though it is still on its way, or what the row shows. */
export function wordsOf(project, row) {
  const typed = [...flying].filter((edit) => edit.project === project && edit.values.line_id === row.id && edit.values.target !== undefined);
  return typed.at(-1)?.values.target ?? row.target;
}

/** What an edit met is told to whoever shows it: `onMet(project, conflicts)`. */
export const meeting = { onMet: () => {} };

function arrived(project, sent, answer) {
  settle(project, sent);
  if (answer.conflict?.length) meeting.onMet(project, answer.conflict);
}

/** `onDelivered(project, answer)` hears of each kept edit that arrived (or, without an answer, was refused for good). `seen(project)`
 *  says what the page has, and goes out with every edit: its answer holds what the page lacks, not the whole desk. */
export const delivery = { onDelivered: () => {}, seen: () => ({}) };

/** Send what is kept, line by line. What a line waits with is looked up in its turn: an earlier call may have changed it. */
async function deliver() {
  for (const key of unsent()) {
    let sent = null;
    try {
      const answer = await inTurn(() => ((sent = waiting(key)), sent && read(sent.project, "revise", sent.change)));
      if (!sent) continue;
      arrived(sent.project, sent.change, answer);
      delivery.onDelivered(sent.project, answer);
    } catch (error) {
      if (error instanceof Away) break;
      settle(sent.project, sent.change);
      isRefused = true;
      toast([error.message, sent.change.target && `What you had typed: “${sent.change.target}”`].filter(Boolean).join(" "));
      if (sent.change.target !== undefined) refusal.onRefused(sent.project, sent.change, error.message);
      delivery.onDelivered(sent.project, null);
    }
  }
  tell();
}

/** Asks now and then whether the studio is there, so that nobody types into the void, and whether its person is still logged in: a page without
 *  a project hears no pulse. */
async function ping() {
  if (!isLeaving && (!document.hidden || hasUnsent())) {
    try {
      const { status } = await fetch(new URL("me/here", document.baseURI), { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
      if (status === 401) leave();
      away(false);
    } catch {
      away(true);
    }
    if (!isGone && hasUnsent()) await deliver();
  }
  setTimeout(ping, isGone || hasUnsent() ? AGAIN_MS : PING_MS);
}
setTimeout(ping);

/** Run a call whose failure has been shown already. */
export const quietly = (promise) => promise.catch(() => null);

/** A medium's address. `query` holds what else tells two of them apart: a version, a stretch. */
export const media = (kind, project, item, query = {}) => passed(`media/${kind}/${project}/${item}`, project, query);

window.addEventListener("beforeunload", (event) => {
  document.activeElement?.blur(); // what is being typed counts as well
  if ((pending || hasUnsent()) && !isLeaving) event.preventDefault();
});
// An edit on its way may be cut off by a reload; sending it twice does no harm.
window.addEventListener("pagehide", () => flying.forEach(({ project, values }) => keep(project, values)));
