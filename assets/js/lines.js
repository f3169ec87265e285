// The project's lines in the browser: one store for the desk, Guidance and Preview. Fetched once, then kept by deltas.

import { delivery, getPulse, getRows, isAway } from "./api.js";
import { takeEarly } from "./early.js";
import { beginAt } from "./format.js";
import { useRights } from "./rights.js";
import { toast } from "./toast.js";
import { asTyped, onUnsent } from "./unsent.js";

const PULSE_MS = 1000;
const MEASURING_MS = 400;
const EMPTY = { project_id: "", revision: "", order: [], speakers: [], voices: [], fps: 25, length_ms: 0, max_ratio: 1.25, has_media: false, has_picture: false };

class Lines {
  rows = new Map();
  desk = EMPTY;
  isLoading = false;
  isLooking = false; // faces are being looked for
  #place = { project_id: "", revision: "" };
  #watchers = new Set();
  #again = false;
  #mark = { project: "", seq: null, text: "" }; // of the last pulse
  #open = ""; // the page's project, whose pulse is heard before anybody follows its lines
  #hearing = new Set();
  #mine = new Set(); // actions of this page, whose rows it has from their answers
  #later = 0;
  #touched = new Set(); // rows taken from answers since the last whole look; the revision does not know of them

  /** `watcher(changed)`: a Set of changed ids, or null when everything may have changed. */
  watch(watcher) {
    this.#watchers.add(watcher);
    watcher(null);
  }

  get order() {
    return this.desk.order;
  }

  get list() {
    return this.desk.order.map((id) => this.rows.get(id));
  }

  /** Follow the page: another project is loaded whole, another revision as a delta. */
  async follow(place) {
    this.#look(place?.is_looking);
    if (!place || (place.project_id === this.#place.project_id && place.revision === this.#place.revision)) return;
    const isOther = place.project_id !== this.desk.project_id;
    this.#place = place;
    if (isOther) {
      this.rows = new Map();
      this.desk = { ...EMPTY, project_id: place.project_id };
      this.isLoading = Boolean(place.project_id);
      this.#tell(null);
      const early = await takeEarly(place.project_id);
      if (early && place.project_id === this.desk.project_id) {
        this.#mark = { project: place.project_id, seq: early.pulse.seq, text: early.pulse.mark };
        return this.take(early.desk);
      }
      await this.beat(); // before the rows: what happens in between is told again
    }
    await this.refresh();
  }

  /** Whether faces are being looked for right now: lines nobody has looked at say so. Not every island can tell. */
  #look(isLooking) {
    if (isLooking === undefined || isLooking === this.isLooking) return;
    this.isLooking = isLooking;
    this.#tell(new Set(this.list.filter((row) => row && !row.presence).map((row) => row.id)));
  }

  /** An action of this page: what it does is known already when the next pulse tells of it. */
  isMine(change_id) {
    this.#mine.add(change_id);
  }

  /** `hear(project, pulse)` with every pulse. */
  onPulse(hear) {
    this.#hearing.add(hear);
  }

  /** The project the page shows, whether or not its lines are followed. */
  opened(project) {
    this.#open = project;
  }

  /** Ask each second, while somebody looks, whether anything happened; if so, fetch what changed. Nothing that is being typed is touched. */
  async beat() {
    const followed = this.desk.project_id;
    const project = followed || this.#open;
    if (!project || document.hidden || isAway()) return;
    const since = this.#mark.project === project ? this.#mark : { project, seq: null, text: "" };
    const pulse = await getPulse(project, since.seq).catch(() => null);
    if (!pulse || followed !== this.desk.project_id) return;
    for (const hear of this.#hearing) hear(project, pulse);
    if (!followed || pulse.isGone) return;
    this.#mark = { project, seq: pulse.seq, text: pulse.mark };
    if (since.seq === null || pulse.mark === since.text) return;
    const isOwn = pulse.changes.length > 0 && pulse.changes.every((one) => this.#mine.has(one.change_id)) && rest(pulse.mark) === rest(since.text);
    if (isOwn) return;
    const others = pulse.changes.filter((one) => one.by);
    if (others.length) window.dispatchEvent(new CustomEvent("lipline:others", { detail: others }));
    await this.refresh();
  }

  async refresh() {
    const project = this.desk.project_id;
    if (!project) return;
    if (this.#again) return void (this.#again = "wanted");
    this.#again = "running";
    const also = this.#touched;
    this.#touched = new Set();
    try {
      const desk = await getRows(project, this.desk.revision, also);
      if (project === this.desk.project_id) this.take(this.#withoutOlder(desk));
    } catch (error) {
      for (const id of also) this.#touched.add(id);
      if (!isAway()) toast(error.message);
    }
    const wanted = this.#again === "wanted" || project !== this.desk.project_id;
    this.#again = false;
    this.isLoading = false;
    if (wanted) await this.refresh();
    else this.#tell(new Set());
  }

  /** Rows taken from the answers to edits since this was asked for are newer than what it says of them; they are asked for again. */
  #withoutOlder(desk) {
    const isOlder = (row) => this.#touched.has(row.id) && this.rows.has(row.id);
    if (!desk.rows.some(isOlder)) return desk;
    this.#again = "wanted";
    return { ...desk, rows: desk.rows.filter((row) => !isOlder(row)) };
  }

  /** A desk as the studio sends it, whole or only what changed. */
  take(desk) {
    const sameOrder = desk.order.length === this.order.length && desk.order.every((id, at) => id === this.order[at]);
    const around = ({ speakers, voices, guidance, max_ratio, has_media, start_hour }) => JSON.stringify([speakers, voices, guidance, max_ratio, has_media, start_hour]);
    const isSameAround = around(desk) === around(this.desk);
    for (const row of desk.rows) this.rows.set(row.id, asTyped(desk.project_id, row));
    const kept = new Set(desk.order);
    for (const id of this.rows.keys()) if (!kept.has(id)) this.rows.delete(id);
    useRights(desk.rights);
    this.desk = { ...desk, rows: undefined };
    beginAt(desk.start_hour);
    this.isLoading = false;
    this.#tell(sameOrder && isSameAround && !desk.is_whole ? new Set(desk.rows.map((row) => row.id)) : null);
    clearTimeout(this.#later);
    if (desk.measuring) this.#later = setTimeout(() => this.refresh(), MEASURING_MS); // texts nobody has timed yet follow
  }

  /** What this page has, so that an edit that moves many lines is answered with what it lacks. */
  seen(project) {
    return project === this.desk.project_id && this.desk.revision ? { seen_revision: this.desk.revision, seen_also: [...this.#touched] } : {};
  }

  /** The answer to an edit. */
  apply(reply) {
    if (reply.desk) this.take(reply.desk);
    else if (reply.row) {
      this.rows.set(reply.row.id, asTyped(this.desk.project_id, reply.row));
      this.#touched.add(reply.row.id);
      this.#tell(new Set([reply.row.id]));
    }
    return reply;
  }

  /** A line's unsent text changed: show it, and ask for the row with the next look. */
  overlay(id) {
    if (!this.rows.has(id)) return;
    this.rows.set(id, asTyped(this.desk.project_id, this.rows.get(id)));
    this.#touched.add(id);
    this.#tell(new Set([id]));
  }

  #tell(changed) {
    for (const watcher of this.#watchers) watcher(changed);
  }
}

/** A mark without its first part, which only says how many edits there were. */
const rest = (mark) => mark.slice(mark.indexOf("."));

export const lines = new Lines();
delivery.seen = (project) => lines.seen(project);

(async function pulse() {
  try {
    await lines.beat();
  } finally {
    setTimeout(pulse, PULSE_MS); // whatever one who hears it stumbles over
  }
})();
document.addEventListener("visibilitychange", () => document.hidden || lines.beat());

onUnsent((id) => lines.overlay(id));
delivery.onDelivered = (project, answer) => {
  if (project !== lines.desk.project_id) return;
  if (answer) lines.apply(answer);
  else lines.refresh();
};
