// The line the Guidance tab works on, the lines ticked for voicing, and what the studio knows of that line's takes and sweep.
// One store for the tab's islands: fetched when another line is chosen, and again whenever the line or the work on it moved.

import { isAway, read } from "../api.js";
import { remember, remembered } from "../address.js";
import { lines } from "../lines.js";
import { toast } from "../toast.js";

const FRESH_MS = 120;

class Bench {
  view = null; // takes, sweep, and what stands in the way, of the chosen line; null while it is on its way
  id = "";
  ticked = new Set();
  #watchers = new Set();
  #timer = 0;
  #asked = 0;
  #isShown = false;
  #isOld = false; // something moved while nobody looked

  /** `watcher(what)`: "line" when another line was chosen, "view" when its takes or sweep moved, "ticks". */
  watch(watcher) {
    this.#watchers.add(watcher);
    watcher("line");
  }

  get row() {
    return lines.rows.get(this.id) ?? null;
  }

  choose(id) {
    if (id === this.id) return;
    this.id = id;
    this.view = null;
    remember("line", id);
    this.#tell("line");
    this.refresh(FRESH_MS);
  }

  tick(id, isOn) {
    isOn ? this.ticked.add(id) : this.ticked.delete(id);
    this.#tell("ticks");
  }

  /** The lines a press on “Voice” means: those ticked, else the chosen one. */
  get meant() {
    const ticked = lines.order.filter((id) => this.ticked.has(id));
    return ticked.length ? ticked : this.row ? [this.id] : [];
  }

  refresh(after_ms = 0) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#fetch(), after_ms);
  }

  /** What an answer already carries need not be asked for again. */
  take(view) {
    if (!view || view.line_id !== this.id) return;
    this.#asked += 1;
    this.view = view;
    this.#tell("view");
  }

  /** Whether the tab is open: a line nobody looks at is asked for later. */
  seen(isShown) {
    this.#isShown = isShown;
    if (isShown && this.#isOld) this.refresh();
  }

  async #fetch() {
    this.#isOld = !this.#isShown;
    if (this.#isOld) return;
    const [id, project] = [this.id, lines.desk.project_id];
    if (!id || !project || !lines.rows.has(id)) return;
    const asked = (this.#asked += 1);
    try {
      const view = await read(project, "bench", { line_id: id });
      if (asked === this.#asked && id === this.id) this.take(view);
    } catch (error) {
      if (!isAway()) toast(error.message);
    }
  }

  /** The lines changed: the chosen one may be gone, and another project has others. */
  follow(changed) {
    for (const id of this.ticked) if (!lines.rows.has(id)) this.ticked.delete(id);
    if (!lines.rows.has(this.id)) {
      const kept = remembered("line");
      const id = lines.rows.has(kept) ? kept : (lines.order[0] ?? "");
      [this.id, this.view] = [id, null];
      this.#tell("line");
      if (id) this.refresh();
    } else if (changed === null || changed.has(this.id)) {
      this.#tell("view");
      this.refresh(FRESH_MS);
    }
  }

  #tell(what) {
    for (const watcher of this.#watchers) watcher(what);
  }
}

export const bench = new Bench();
lines.watch((changed) => bench.follow(changed));
// The desk may have brought another line to the front meanwhile.
window.addEventListener("lipline:jump", ({ detail }) => lines.rows.has(detail.id) && bench.choose(detail.id));
