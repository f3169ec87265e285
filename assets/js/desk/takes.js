// The takes of the selected line: what made each, how it fits, how its lips agree; hear one, hold it against the circled one on the
// picture, circle it, note something on it. Above them, what voicing anew would redo. Enter: `takes` of the desk, line by line.

import { quietly, read, write } from "../api.js";
import { clear, h, icon, own } from "../dom.js";
import { ratio, seconds } from "../format.js";
import { inWords } from "../guidance/scales.js";
import { isScored, lse, offsetFrames } from "../lips.js";
import { lines } from "../lines.js";
import { repaint } from "../repaint.js";
import { isFixed, readingSentence } from "../rights.js";
import { words } from "../words.js";
import { voiceName } from "./speakers.js";

const KEPT = 30;
const LOCKED = "This line is locked, and keeps the take it has.";

export class Takes {
  #kept = new Map(); // line → takes, as last seen
  #row = null;
  #noting = ""; // the take whose note is being written
  #writes = 0;

  constructor(player, selection, actions) {
    [this.player, this.selection, this.actions] = [player, selection, actions];
    this.list = h("div.list-of-takes", { role: "group", "aria-label": "Takes of this line" });
    this.head = h("h4");
    this.again = h("button.btn.small", { onclick: () => this.revoice() }, "Voice again");
    this.element = h("section.card.takes", {}, this.head, this.list, h("div.asking", {}, this.again));
    this.onSay = () => {};
  }

  get #takes() {
    return this.#kept.get(this.#row?.id) ?? null;
  }

  get count() {
    return this.#takes?.length ?? 0;
  }

  show(row) {
    if (row?.id !== this.#row?.id) this.#noting = "";
    this.#row = row;
  }

  async fetch(row) {
    const writes = this.#writes;
    const found = await quietly(read(lines.desk.project_id, "takes", { line_id: row.id }));
    if (found && writes === this.#writes) this.#take(found); // what was asked before a note was written is old by now
  }

  #take({ line_id, takes }) {
    this.#kept.delete(line_id);
    this.#kept.set(line_id, takes);
    while (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value);
    if (line_id === this.#row?.id) this.paint();
  }

  paint() {
    const [row, takes] = [this.#row, this.#takes];
    if (!row) return;
    const many = this.selection.ids.size;
    clear(this.head, h("span", {}, "Takes"), takes?.length ? h("small", {}, "the circled one is mixed") : null);
    if (this.list.querySelector(".note-box") !== document.activeElement) repaint(this.list, () => this.#paintList()); // else a note is being written
    clear(this.again, many > 1 ? `Voice ${many} lines again` : takes?.length ? "Voice again" : "Voice");
    this.again.disabled = !many || (many === 1 && (!row.target.trim() || (row.status === "locked" && Boolean(row.take_id))));
    this.again.title = words(row.status === "locked" ? LOCKED : "A new take with the words as they are (Shift+R)");
  }

  #paintList() {
    const [row, takes] = [this.#row, this.#takes];
    if (row) clear(this.list, takes === null ? h("p.dim", {}, "…") : takes.length ? takes.map((take) => this.#one(take)) : h("p.dim", {}, row.target.trim() ? "Not voiced yet." : "Write a translation first."));
  }

  #one(take) {
    const { player } = this;
    const isCircled = take.id === this.#row.take_id;
    const isHeard = (player.heard === "other" && player.other === take.id) || (player.heard !== "other" && player.heard !== "source" && isCircled);
    const isLocked = isFixed(this.#row);
    const name = `take ${take.number}`;
    return h(
      `div.take${isCircled ? ".on" : ""}${isHeard ? ".heard" : ""}${take.is_missing ? ".missing" : ""}`,
      {},
      h("button.circle", { "data-at": `circle-${take.id}`, disabled: isLocked, "aria-pressed": String(isCircled), "aria-label": `Circle ${name}`, title: isLocked ? readingSentence() || LOCKED : "Circle this take: it goes into the mix (C while it is heard)", onclick: () => this.circle(take.id) }),
      h(
        "div.of-take",
        {},
        h(
          "div.line-of-take",
          {},
          h("button.plain.label", { "data-at": `hear-${take.id}`, "aria-label": `Hear ${name}`, title: isCircled ? "Hear the circled take (W)" : "Hear it in the place of the circled one; B switches", disabled: take.is_missing, onclick: () => this.hear(take.id) }, icon("play"), h("span", {}, String(take.number)), own(` · ${voiceName(take.voice)}`)),
          h("span.dim", {}, [`${seconds(take.length_ms)} s`, ratio(take.rate_ratio)].join(" · ")),
        ),
        h("div.told", {}, facts(take, this.#row)),
        this.#note(take),
      ),
    );
  }

  #note(take) {
    if (this.#noting !== take.id) {
      const open = () => ((this.#noting = take.id), this.paint(), this.list.querySelector(".note-box")?.focus());
      return h(`button.plain.note${take.note ? ".has" : ""}`, { "data-at": `note-${take.id}`, onclick: open, title: "A note on this take" }, take.note ? own(take.note) : "Note…");
    }
    const box = h("input.note-box", { maxlength: "500", "aria-label": `Note on take ${take.number}`, dir: "auto" });
    box.value = take.note;
    const line_id = this.#row.id;
    let isDone = false;
    const close = async (isKept) => {
      if (isDone) return;
      isDone = true;
      this.#noting = "";
      box.blur();
      if (isKept && box.value.trim() !== take.note) {
        this.#writes += 1;
        const found = await quietly(write(lines.desk.project_id, "note_take", { line_id, take_id: take.id, note: box.value }));
        this.#writes += 1;
        if (found) return this.#take(found);
      }
      this.paint();
    };
    box.addEventListener("keydown", (event) => !event.isComposing && ["Enter", "Escape"].includes(event.key) && (event.stopPropagation(), close(event.key === "Enter")));
    box.addEventListener("blur", () => close(true));
    return box;
  }

  // what commands reach

  hear(take_id) {
    if (take_id === this.#row.take_id) {
      this.player.compare("");
      this.player.hear("take");
    } else this.player.compare(take_id);
    if (!this.player.isPlaying) this.player.play();
    this.paint();
  }

  /** The take that is heard, or would be. */
  get #heardId() {
    return this.player.heard === "other" ? this.player.other : this.#row?.take_id;
  }

  step(by) {
    const there = (this.#takes ?? []).filter((take) => !take.is_missing);
    if (!there.length) return;
    const at = there.findIndex((take) => take.id === this.#heardId);
    this.hear(there[(at + by + there.length) % there.length].id);
  }

  /** Between the circled take and the one held against it; the newest other one where none was chosen. */
  swap() {
    if (this.player.heard === "other") {
      this.player.hear("take");
    } else {
      const other = this.player.other || this.#takes?.find((take) => take.id !== this.#row.take_id && !take.is_missing)?.id;
      if (!other) return this.onSay("This line has one take only; voice it again to have another to compare.");
      this.player.compare(other);
    }
    if (!this.player.isPlaying) this.player.play();
    this.paint();
  }

  circleHeard() {
    if (this.#heardId) this.circle(this.#heardId);
  }

  async circle(take_id) {
    if (isFixed(this.#row)) return this.onSay(readingSentence() || LOCKED);
    if (take_id === this.#row.take_id) return;
    const id = this.#row.id;
    await this.actions.revise(id, { take_id });
    if (this.player.other === take_id) this.player.compare("");
    this.fetch({ id });
  }

  revoice() {
    const ids = this.selection.inOrder(lines.order);
    if (ids.length) this.actions.revoice(ids);
  }
}

/** When and how a take was made, how it fits, how its lips agree: a quiet line of words. */
function facts(take, row) {
  const parts = [
    take.is_missing ? h("span.missed", {}, "its sound is missing on the disk; voice again") : null,
    take.text === row.target ? null : h("span", { title: take.text }, "other words"),
    take.remainder_ms > 0 ? h("span", {}, `spills ${seconds(take.remainder_ms)} s`) : null,
    scalesOf(take),
    take.made?.quality === "preview" ? h("span", {}, "preview") : null,
    lipsOf(take),
    take.made_at ? h("time", { dateTime: take.made_at, title: when(take.made_at, true) }, own(when(take.made_at))) : null,
  ];
  return parts.filter(Boolean);
}

function scalesOf(take) {
  if (!take.made && !take.face_scale && !take.lip_scale) return null;
  return h("span", {}, inWords(take.made?.scales ?? { text_scale: 1, face_scale: take.face_scale, lip_scale: take.lip_scale, pause_scale: 0 }));
}

function lipsOf(take) {
  if (!isScored(take)) return take.lips_why ? h("span", { title: take.lips_why }, "lips not scored") : null;
  const { lse_c, lse_d, offset_frames, is_offset_clear, scorer, crop } = take.lips;
  const title = `LSE-C ${lse(lse_c)}, LSE-D ${lse(lse_d)} by ${scorer}, ${crop} crop`;
  return h("span", { title }, `lips ${lse(lse_c)}`, is_offset_clear && offset_frames ? ` · ${offsetFrames(offset_frames)} f` : "");
}

function when(iso, isLong = false) {
  const at = new Date(/[zZ]|[+-]\d\d:\d\d$/.test(iso) ? iso : `${iso}Z`);
  if (Number.isNaN(at.getTime())) return "";
  const isToday = at.toDateString() === new Date().toDateString();
  return isLong ? at.toLocaleString() : isToday ? at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) : at.toLocaleDateString([], { day: "numeric", month: "short" });
}
