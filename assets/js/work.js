// The work of the page's project, as last heard of: with the frame's news, and with every pulse in between. One store for all who show it.

class Work {
  project = "";
  job = null;
  #watchers = new Set();
  #seen = "";

  /** `watcher()` whenever anything of the work is another. */
  watch(watcher) {
    this.#watchers.add(watcher);
  }

  get isBusy() {
    return Boolean(this.job?.is_active);
  }

  /** What it does and how far it is, in one line. */
  get words() {
    return [this.job?.title, this.job?.message].filter(Boolean).join(", ");
  }

  told(project, job) {
    const seen = JSON.stringify([project, job]);
    if (seen === this.#seen) return;
    this.#seen = seen;
    this.project = project;
    this.job = job;
    for (const watcher of this.#watchers) watcher();
  }
}

export const work = new Work();
