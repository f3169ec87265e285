// The header: brand, project, job chip, saved chip, language, help; below it, after a stage of work, the one next step.
// Also keeps the address in step, so that a reload keeps the place, and begins to listen for keys.

import { remember } from "./address.js";
import { onSaved, savedState } from "./api.js";
import { Checkpoint } from "./checkpoint.js";
import { clear, h, own } from "./dom.js";
import { beginEverywhere } from "./everywhere.js";
import { Hearing } from "./hearing.js";
import { openHelp } from "./help.js";
import { mendWidgets } from "./mended.js";
import { Pace, leftSentence } from "./pace.js";
import { openPassword } from "./password.js";
import { translatePage } from "./painted.js";
import { keepSetting } from "./person.js";
import { QueueChip } from "./queue.js";
import { watchRows } from "./rows.js";
import { frameStands, pageTold } from "./stage.js";
import { focusList, moveBetweenTabs, watchTabs } from "./tabs.js";
import { toast } from "./toast.js";
import { uploadStrip } from "./uploads/strip.js";
import { LANGUAGES, chooseHere, language, person, words } from "./words.js";
import { work } from "./work.js";

const SAVED = { saved: "Saved", saving: "Saving…", retrying: "Not saved – retrying", refused: "Not saved", away: "Studio does not answer" };
const COUNT_MS = 1000;
const CALM_MS = 900; // a state that passes sooner is not read out

export function mount({ element, props, trigger, watch }) {
  const state = { pace: new Pace(), failure: "", shown: false, door: "", fit: () => {} };
  const brand = h("h1.brand", {}, own("Lipline"));
  const where = h("span.where");
  const job = h("span.job-place");
  const queue = new QueueChip();
  const saved = savedChip(props);
  const door = h("span.door");
  const checkpoint = new Checkpoint({ start: (kind) => (kind === "demo" ? trigger("demo") : trigger("started", { kind })) });
  element.className = "island header";
  element.setAttribute("role", "banner");
  const lasting = h("span.lasting", {}, saved.element, languages(), helpButton(), door);
  const room = h("span.tab-room");
  const bar = h("div.header-bar", {}, brand, where, room, h("span.grow"), queue.element, uploadStrip(), job, lasting);
  clear(element, skipLink(), bar, checkpoint.element);
  state.fit = watchRows(bar, room, lasting);
  const hearing = new Hearing(() => trigger("heard"));
  const paint = () => {
    const view = props.value ?? {};
    const place = view.name ? [h("b", { dir: "auto" }, own(view.name)), h("span.dim", {}, own(view.languages))] : h("span.dim", {}, "Dubbing studio");
    where.title = view.name ? `${view.name}, ${view.languages}` : "";
    clear(where, place);
    paintDoor(door, view, state);
    saved.paint();
    checkpoint.paint(view);
    hearing.shows(view);
    if (props.value) pageTold(view.project_id, !checkpoint.element.hidden);
    keepAddress(view.project_id ?? "", state);
  };
  const paintWork = () => {
    paintJob(job, work.job, state, trigger);
    queue.paint(work.project, work.job);
    tellFailure(work.job, state);
  };
  begin();
  work.watch(paintWork);
  setInterval(() => work.isBusy && paintLeft(job, work.job, state), COUNT_MS);
  watch("value", paint);
  paint();
}

/** What every tab has: keys and help, tabs by number, the page's language on widgets that are not ours. */
function begin() {
  beginEverywhere();
  frameStands();
  watchTabs();
  translatePage();
  mendWidgets();
  document.querySelector("#tabs")?.addEventListener("keydown", moveBetweenTabs);
}

function skipLink() {
  const go = (event) => {
    event.preventDefault();
    if (focusList()) return;
    const panel = [...document.querySelectorAll('#tabs [role="tabpanel"]')].find((one) => one.offsetParent);
    panel?.querySelector("button:not(:disabled), a[href], input:not([type=hidden]), select, textarea, [tabindex='0']")?.focus();
  };
  return h("a.skip", { href: "#tabs", onclick: go }, "Skip to the content");
}

/** Reads out only where a state stays: an edit that is saved at once says nothing. */
function savedChip(props) {
  const text = h("span");
  const element = h("span.chip.saved", {}, h("i.dot"), text);
  const said = h("span.unseen", { role: "status" });
  let timer = 0;
  const paint = (now = savedState()) => {
    element.dataset.state = now;
    element.hidden = now === "saved" && !props.value?.project_id;
    clear(text, SAVED[now]);
    clearTimeout(timer);
    timer = setTimeout(() => now !== "saving" && said.dataset.state !== now && ((said.dataset.state = now), clear(said, element.hidden ? "" : SAVED[now])), CALM_MS);
  };
  onSaved(paint);
  return { element: h("span.saved-place", {}, element, said), paint };
}

/** The chip is painted anew with every piece of news; what is read out is only the name of the work, once. */
function paintJob(place, job, state, trigger) {
  if (!job?.is_active) {
    if (place.childElementCount) clear(place);
    return;
  }
  const facts = [job.title, job.message].filter(Boolean).map(words).join(" · ");
  if (place.dataset.job !== job.id || !place.childElementCount) {
    place.dataset.job = job.id;
    const stop = h("button.plain", { "aria-label": "Stop this work; finished lines are kept", title: "Stop; finished lines are kept", onclick: () => trigger("cancelled", { job_id: place.dataset.job }) }, own("✕"));
    clear(place, h("span.chip.job", {}, h("i.bar"), h("span.said"), h("span.left"), stop), h("span.unseen", { role: "status" }));
  }
  const chip = place.firstElementChild;
  const bar = chip.querySelector(".bar");
  bar.style.width = `${Math.round((job.share ?? 0) * 100)}%`;
  chip.title = facts;
  clear(chip.querySelector(".said"), own(facts));
  paintLeft(place, job, state);
  const said = words(job.title);
  if (place.lastElementChild.textContent !== said) place.lastElementChild.textContent = said;
}

/** How long it still takes: counted down between two pieces of news too. */
function paintLeft(place, job, state) {
  const left = leftSentence(state.pace.left_ms(`${job.id} ${job.title}`, job.share));
  const said = left ? `· ${words(left)}` : "";
  const element = place.querySelector(".left");
  if (element && element.textContent !== said) clear(element, own(said));
}

/** Who is here, and the way out: made anew for another person only, so that no press on it is lost. */
function paintDoor(place, { can_leave, is_admin, user }, state) {
  const now = JSON.stringify([can_leave, is_admin, user]);
  if (now === state.door) return;
  state.door = now;
  clear(place, can_leave && is_admin ? h("a.plain", { href: "admin" }, "Administration") : null, can_leave ? leave(user) : null);
  state.fit();
}

function languages() {
  const choose = async (code) => {
    if (code === language()) return;
    const refusal = person === null ? "" : await keepSetting({ language: code });
    if (refusal) return void toast(refusal);
    chooseHere(code);
    location.reload();
  };
  const one = ([code, name]) => h("button.plain", { "aria-pressed": String(code === language()), "aria-label": own(name), lang: code, onclick: () => choose(code) }, own(code === "en" ? "EN" : name));
  return h("span.languages", { role: "group", "aria-label": "Language of the page" }, Object.entries(LANGUAGES).map(one));
}

const helpButton = () => h("button.plain.help-button", { "aria-label": "Help: keys and measures", title: "Help: keys and measures (?)", onclick: () => openHelp("keys") }, own("?"));

function tellFailure(job, state) {
  if (!job?.is_failed) return;
  if (state.shown && state.failure !== job.id) toast(`${job.title} stopped: ${job.message}`);
  state.failure = job.id;
}

const leave = (user) => h("form.leave", { method: "post", action: "leave" }, h("button.chip", { type: "button", title: "Your password…", onclick: () => openPassword(user) }, own(user)), h("button.plain", {}, "Log out"));

function keepAddress(project, state) {
  if (project || state.shown) remember("project", project);
  state.shown ||= Boolean(project);
}

