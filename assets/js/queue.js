// The queue as its person sees it: own jobs with place and about how long they wait; of others only how many. A chip in the header while there
// is more than the open project's own work, and a dialog to stop jobs and to put them in another order.

import { clear, h, own } from "./dom.js";
import { repaint } from "./repaint.js";
import { toast } from "./toast.js";
import { words } from "./words.js";

const ADDRESS = new URL("../../me/queue", import.meta.url);
const EVERY_MS = 10_000;
const SELDOM_MS = 60_000; // while nothing of one's own waits or runs
const OPEN_EVERY_MS = 2000;

/** Asks the studio; null where it does not answer. A change that is refused is told. */
async function asked(change = null) {
  const init = change ? { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(change) } : { redirect: "error" };
  try {
    const response = await fetch(ADDRESS, { ...init, signal: AbortSignal.timeout(10_000) });
    const body = await response.json();
    if (response.ok) return body;
    if (change) toast(body.error);
  } catch {
    if (change) toast("This could not be done: the studio does not answer.");
  }
  return null;
}

/** The chip: hidden while nothing of this person waits and nothing but the open project's job runs. */
export class QueueChip {
  #asked_at = -EVERY_MS;
  #news = "";
  #dialog = null;
  #project = "";
  #hasJobs = false;

  constructor() {
    this.count = h("b");
    this.element = h("button.chip.queue", { hidden: true, title: "Your work in the queue", onclick: () => this.open() }, "Queue ", this.count);
    setInterval(() => document.hidden || this.#again(), EVERY_MS); // work on other projects, of which no pulse tells
  }

  async #again() {
    const isDue = performance.now() - this.#asked_at >= (this.#hasJobs ? EVERY_MS : SELDOM_MS);
    if (isDue) await this.#ask();
  }

  async #ask() {
    this.#asked_at = performance.now();
    this.#show(await asked(), this.#project);
  }

  /** News of the page: look again, but not too often. `project`: the open one, whose running job has a chip of its own; `job`: that job. */
  async paint(project, job) {
    const news = [project, job?.is_active && job.id, job?.title].join(" ");
    if (news === this.#news && performance.now() - this.#asked_at < EVERY_MS) return;
    this.#news = news;
    this.#project = project;
    await this.#ask();
  }

  #show(view, project) {
    if (!view) return;
    this.#hasJobs = view.jobs.length > 0;
    const others = view.jobs.filter((job) => job.place > 0 || job.project_id !== project);
    this.element.hidden = !others.length;
    clear(this.count, own(String(view.jobs.length)));
  }

  async open() {
    if (this.#dialog) return;
    this.#dialog = new QueueDialog(() => {
      this.#dialog = null;
      this.#ask();
    });
    await this.#dialog.begin();
  }
}

class QueueDialog {
  #timer = 0;
  #shown = "";

  constructor(onClosed) {
    this.before = document.activeElement;
    this.list = h("ul.queue-jobs", { "aria-live": "polite" });
    this.others = h("p.dim");
    this.trouble = h("p.trouble", { role: "status" });
    const close = h("button.btn", { onclick: () => this.dialog.close() }, "Done");
    this.dialog = h("dialog.speakers.queueing", { "aria-labelledby": "queue-title" }, h("h2", { id: "queue-title" }, "Your work in the queue"), this.trouble, this.list, h("div.end", {}, this.others, h("span.grow"), close));
    this.dialog.addEventListener("close", () => this.#left(onClosed));
  }

  async begin() {
    (document.querySelector(".gradio-container") ?? document.body).append(this.dialog);
    this.dialog.showModal();
    await this.#look();
  }

  async #look() {
    this.#paint(await asked());
    clearTimeout(this.#timer);
    if (this.dialog.open) this.#timer = setTimeout(() => this.#look(), OPEN_EVERY_MS);
  }

  async #change(what) {
    this.#paint(await asked(what));
  }

  /** Painted anew only where something has changed, so that a press is never lost. */
  #paint(view) {
    const now = view && JSON.stringify(view);
    if (!view || now === this.#shown) return;
    this.#shown = now;
    repaint(this.list, () => this.#lay(view));
    clear(this.others, view.others);
    clear(this.trouble, view.trouble);
    this.trouble.hidden = !view.trouble;
  }

  #lay(view) {
    const kept = this.list.contains(document.activeElement) ? document.activeElement.dataset.act : "";
    clear(this.list, view.jobs.length ? view.jobs.map((job) => this.#row(job, view.jobs)) : h("li.none.dim", {}, "Nothing of yours runs or waits."));
    const [act, job] = kept ? kept.split(" ") : [];
    if (kept) (this.list.querySelector(`[data-act="${act} ${job}"]`) ?? this.list.querySelector(`[data-job="${job}"] button`) ?? this.dialog.querySelector(".end button")).focus();
  }

  #row(job, jobs) {
    const peers = jobs.filter((one) => one.place > 0 && one.priority === job.priority);
    const at = peers.indexOf(job);
    const said = [job.title, job.lines].filter(Boolean).map(words).join(" · ");
    return h(
      "li",
      { "data-job": job.id },
      h("div.what", {}, h("b", { dir: "auto" }, own(job.project)), h("span.dim", {}, own(said))),
      h("div.when", {}, h("span", {}, stand(job)), job.why ? h("span.dim", {}, job.why) : null),
      h(
        "div.acts",
        {},
        at > 0 ? act(job, "sooner", "↑", "Before the one above", () => this.#change({ move: job.id, before: peers[at - 1].id })) : null,
        at >= 0 && at < peers.length - 1 ? act(job, "later", "↓", "Behind the one below", () => this.#change({ move: job.id, before: peers[at + 2]?.id ?? null })) : null,
        h("button.btn.small", { "data-act": `stop ${job.id}`, title: "Finished lines are kept", onclick: () => this.#change({ cancel: job.id }) }, job.place ? "Take out" : "Stop"),
      ),
    );
  }

  #left(onClosed) {
    clearTimeout(this.#timer);
    this.dialog.remove();
    if (this.before?.isConnected) this.before.focus();
    onClosed();
  }
}

function act(job, name, sign, title, onclick) {
  return h("button.btn.small", { "data-act": `${name} ${job.id}`, title, "aria-label": title, onclick }, own(sign));
}

/** Where a job stands, in a few words. */
function stand(job) {
  if (!job.place) return job.share === null ? "At work" : `At work, ${Math.round(job.share * 100)} %`;
  const place = job.place === 1 ? "Next" : `Place ${job.place}`;
  return job.wait ? `${place}, ${job.wait}` : place;
}
