// The header: brand, project, saved chip, job chip. Also keeps the address in step, so that a reload keeps the place.

import { remember } from "./address.js";
import { onSaved, savedState } from "./api.js";
import { clear, h } from "./dom.js";
import { clock } from "./format.js";
import { toast } from "./toast.js";

const SAVED = { saved: "Saved", saving: "Saving…", retrying: "Not saved – retrying", refused: "Not saved", away: "Studio does not answer" };

export function mount({ element, props, trigger, watch }) {
  const state = { pace: null, failure: "", shown: false };
  const saved = h("span.chip.saved", { role: "status" });
  const paintSaved = (now) => {
    saved.dataset.state = now;
    saved.hidden = now === "saved" && !props.value?.project_id;
    clear(saved, h("i.dot"), SAVED[now]);
  };
  const paint = () => {
    const view = props.value ?? {};
    clear(
      element,
      h("strong.brand", {}, "Lipline"),
      h("span.where", { title: view.name ? `${view.name}, ${view.languages}` : "" }, view.name ? [h("b", {}, view.name), h("span.dim", {}, view.languages)] : h("span.dim", {}, "Dubbing studio")),
      h("span.grow"),
      jobChip(view.job, state, trigger),
      saved,
      view.can_leave ? leave(view.user) : null,
    );
    paintSaved(savedState());
    tellFailure(view.job, state);
    keepAddress(view.project_id ?? "", state);
  };
  element.className = "island header";
  onSaved(paintSaved);
  followTabs();
  watch("value", paint);
  paint();
}

function jobChip(job, state, trigger) {
  if (!job || !job.is_active) return null;
  const left = timeLeft(job, state);
  return h(
    "span.chip.job",
    { role: "status", title: job.message },
    h("i.bar", { style: `width:${Math.round((job.share ?? 0) * 100)}%` }),
    h("span", {}, [job.title, job.message, left].filter(Boolean).join(" · ")),
    h("button.plain", { "aria-label": "Stop this work; finished lines are kept", title: "Stop; finished lines are kept", onclick: () => trigger("cancelled", { job_id: job.id }) }, "✕"),
  );
}

/** An honest guess from the pace since this page first saw the job; nothing before a tenth is done. */
function timeLeft(job, state) {
  const now = Date.now();
  if (state.pace?.id !== job.id || (job.share ?? 0) < state.pace.share) state.pace = { id: job.id, share: job.share ?? 0, at: now };
  const gained = (job.share ?? 0) - state.pace.share;
  const left_ms = ((now - state.pace.at) / gained) * (1 - job.share);
  return gained < 0.1 || left_ms < 2000 ? "" : `${clock(left_ms + 999)} left`;
}

function tellFailure(job, state) {
  if (!job?.is_failed) return;
  if (state.shown && state.failure !== job.id) toast(`${job.title} stopped: ${job.message}`);
  state.failure = job.id;
}

const leave = (user) => h("form.leave", { method: "post", action: "leave" }, h("span.chip", {}, user), h("button.plain", {}, "Log out"));

function keepAddress(project, state) {
  if (project || state.shown) remember("project", project);
  state.shown ||= Boolean(project);
}

/** The open tab goes into the address too. */
function followTabs() {
  document.addEventListener("click", (event) => {
    const tab = event.target.closest?.('#tabs [role="tab"]');
    rememberTab(tab);
  });
  const strip = document.querySelector("#tabs");
  if (strip) new MutationObserver(() => rememberTab(strip.querySelector('[role="tab"][aria-selected="true"]'))).observe(strip, { subtree: true, attributeFilter: ["aria-selected"] });
}

const rememberTab = (tab) => tab && remember("tab", tab.textContent.trim().toLowerCase());
