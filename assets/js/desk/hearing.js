// What can be heard of a line: the source, its take, another take to hold against it, or the dub in context. Sounds are fetched and
// decoded once, those of the lines about to be taken ahead of time. Enter: a row. Leave: decoded sounds and where they lie, in ms.

import { media } from "../api.js";
import { lines } from "../lines.js";
import { soundAt, soundNow } from "../sounds.js";

export const MODES = ["source", "take", "other", "context"];
const LAID = MODES.slice(1); // the source's sound comes with its picture
const MIXING = "Mixing the context of this line; the next time it is there at once.";
const MIXING_AFTER_MS = 300;
const CONTEXT_MS = 3000; // neighbours within so much of a line can be heard in its context
const AHEAD = [1, 2, -1, 3]; // lines that are likely to be taken next, the likeliest first

export class Hearing {
  onTrouble = () => {};
  row = null;
  other = ""; // the take that the circled one is held against

  constructor(picture) {
    this.picture = picture;
  }

  can(mode) {
    const { row } = this;
    if (!row) return false;
    if (mode === "source") return lines.desk.has_media && !this.picture.isBroken;
    if (mode === "take") return Boolean(row.take_id);
    if (mode === "other") return Boolean(this.other);
    return lines.desk.has_media && this.#near().some((one) => one.take_id);
  }

  /** The mode asked for, or the nearest that this line has; "" where it has none. */
  nearest(asked) {
    return [asked, "take", "source", "context"].find((mode) => this.can(mode)) ?? "";
  }

  /** The sound of a mode where it is decoded already, else null. */
  now(mode) {
    return this.can(mode) ? soundNow(this.#address(mode)) : null;
  }

  /** The sound of a mode, decoded; null where it cannot be had, which has then been said. */
  async fetch(mode) {
    const timer = setTimeout(() => mode === "context" && this.onTrouble(MIXING), MIXING_AFTER_MS);
    try {
      const sound = await soundAt(this.#address(mode));
      this.onTrouble("");
      return sound;
    } catch (error) {
      this.onTrouble(error.message);
      return null;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Have the line's own take decoded before anybody asks to hear it. */
  ready() {
    if (this.can("take")) soundAt(this.#address("take")).catch(() => null);
  }

  /** The same for the lines about to be taken. */
  preload() {
    const at = lines.order.indexOf(this.row?.id);
    for (const by of AHEAD) {
      const row = lines.rows.get(lines.order[at + by]);
      if (row?.take_id) soundAt(media("take", lines.desk.project_id, row.take_id)).catch(() => null);
    }
  }

  /** Every sound that is decoded, and where on the time axis it begins: {mode: {buffer, from_s}}. */
  laid() {
    const found = {};
    for (const mode of LAID) {
      const sound = this.now(mode);
      const from_ms = mode === "context" ? Number(sound?.headers.get("lipline-from-ms")) : this.row.start_ms;
      if (sound) found[mode] = { buffer: sound.buffer, from_s: from_ms / 1000 };
    }
    return found;
  }

  #address(mode) {
    const [{ row }, project] = [this, lines.desk.project_id];
    if (mode === "take") return media("take", project, row.take_id);
    if (mode === "other") return media("take", project, this.other);
    const mark = this.#near().map((one) => [one.id, one.start_ms, one.end_ms, one.take_id].join()).join(";");
    return media("context", project, row.id, { mark });
  }

  #near() {
    const { row } = this;
    const at = lines.order.indexOf(row.id);
    const some = lines.order.slice(Math.max(0, at - 12), at + 13).map((id) => lines.rows.get(id));
    return some.filter((one) => one && one.end_ms > row.start_ms - CONTEXT_MS && one.start_ms < row.start_ms + row.slot_ms + row.gap_ms + CONTEXT_MS);
  }
}
