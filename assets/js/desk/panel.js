// The side panel: the selected line in place. Player, score card, mouth and speech, wordings, takes, and what the line itself is.

import { quietly, read, refusal } from "../api.js";
import { clear, h, own } from "../dom.js";
import { parseTime, percent, timecode } from "../format.js";
import { lines } from "../lines.js";
import { repaint } from "../repaint.js";
import { isFixed } from "../rights.js";
import { toast } from "../toast.js";
import { Lanes } from "./lanes.js";
import { Overlay } from "./overlay.js";
import { Player } from "./player.js";
import { registerPlayer } from "./playercommands.js";
import { Redo } from "./redo.js";
import { scoreCard } from "./score.js";
import { voiceSelect } from "./speakers.js";
import { Takes } from "./takes.js";
import { Wordings } from "./wordings.js";

const FRESH_MS = 120;
const SETTLED_MS = 100; // while lines are turned over swiftly, only the one that stays is drawn,
const SEEN_MS = 500; // or one now and then

export class Panel {
  #detail = null; // candidates and takes of the active line
  #timer = 0;
  #painting = { timer: 0, frame: 0, at: 0, isWhole: false };
  #note = "";
  #edits = Promise.resolve(); // of the fields about the line

  constructor(selection, actions) {
    [this.selection, this.actions] = [selection, actions];
    this.player = new Player();
    this.score = scoreCard();
    this.lanes = new Lanes(this.player, selection, actions);
    this.overlay = new Overlay(this.player, this.lanes);
    this.player.lanesHere.append(this.lanes.element);
    this.player.onTime = (ms) => (this.lanes.at(ms), this.player.picture.point(ms), this.player.bar.at(ms));
    this.player.onState = () => this.#soon();
    this.player.onTrouble = (sentence) => this.player.bar.say(sentence);
    this.lanes.onSay = (sentence) => this.overlay.say(sentence);
    this.flags = h("div.flags");
    this.wordings = new Wordings(selection, actions);
    this.takes = new Takes(this.player, selection, actions);
    this.takes.onSay = (sentence) => this.player.bar.say(sentence);
    this.redo = new Redo(selection);
    this.wordings.element.append(this.redo.wordings);
    this.takes.element.append(this.redo.takes);
    this.about = h("section.card.about");
    this.rest = h("div.rest", {}, this.flags, this.score.element, this.wordings.element, this.takes.element, this.about);
    this.element = h("aside", { "aria-label": "Selected line" }, this.player.element, this.rest);
    registerPlayer({ player: this.player, lanes: this.lanes, takes: this.takes, selection, actions, say: (sentence) => this.player.bar.say(sentence) });
    selection.watch(({ was }) => was !== selection.active && this.#turn());
    lines.watch((changed) => {
      if (changed === null) this.player.picture.again();
      if (changed === null || changed.has(selection.active)) this.#turn(changed);
    });
    window.addEventListener("lipline:fit", (event) => event.detail.isDraft && event.detail.id === selection.active && this.#paintScore(event.detail.fit));
  }

  get #row() {
    return lines.rows.get(this.selection.active);
  }

  #turn(changed) {
    const row = this.#row;
    this.element.classList.toggle("vacant", !row);
    if (this.#detail?.row.id !== row?.id) this.#detail = null;
    if (changed === undefined) this.player.picture.trace(null);
    this.player.show(row ?? null);
    this.lanes.take(row ?? null);
    this.takes.show(row ?? null);
    clearTimeout(this.#timer);
    this.#soon(true);
    if (!row) return;
    this.#timer = setTimeout(() => this.#fetch(row.id), changed === undefined ? FRESH_MS : 0);
  }

  /** Draw what is selected, once, with the next frame: the picture is on its way already and must not wait for it. `isWhole`: the line
   *  is another, or changed; else only how it plays. */
  #soon(isWhole = false) {
    const painting = this.#painting;
    painting.isWhole ||= isWhole;
    clearTimeout(painting.timer);
    if (painting.frame) return;
    const now = () => {
      painting.frame = 0;
      painting.at = performance.now();
      this.#paintAll(painting.isWhole);
      painting.isWhole = false;
    };
    if (this.player.isSwift && performance.now() - painting.at < SEEN_MS) painting.timer = setTimeout(now, SETTLED_MS);
    else painting.frame = requestAnimationFrame(now);
  }

  #paintAll(isWhole) {
    const row = this.#row;
    if (isWhole) this.overlay.show(row ?? null);
    if (!row) return;
    this.lanes.draw();
    this.takes.paint();
    if (isWhole) this.#paint(row);
  }

  async #fetch(id) {
    this.overlay.fetch(this.#row);
    this.takes.fetch(this.#row);
    this.#fetchMouth(this.#row);
    const detail = await quietly(read(lines.desk.project_id, "panel", { line_id: id }));
    if (!detail || id !== this.selection.active) return;
    this.#detail = detail;
    this.#paintScore(this.#row.fit);
    this.#paintChoices(detail);
  }

  async #fetchMouth(row) {
    const found = lines.desk.has_picture && row.presence ? await quietly(read(lines.desk.project_id, "mouths", { line_id: row.id })) : null;
    if (row.id === this.selection.active) this.player.picture.trace(found);
  }

  #paint(row) {
    this.#paintScore(row.fit);
    clear(this.flags, [...row.flags, shortFlag(row), this.#note].filter(Boolean).map((flag) => h("p", {}, flag)));
    this.#note = "";
    repaint(this.about, () => this.#row && this.#paintAbout(this.#row));
    if (this.#detail) this.#paintChoices(this.#detail);
    else this.wordings.paint(row, null);
  }

  #paintScore(fit) {
    if (this.#row) this.score.paint(this.#row, fit, lines.desk, this.#detail?.lips ?? null);
  }

  #paintChoices({ row, candidates }) {
    this.wordings.paint(this.#row ?? row, candidates);
  }

  pick(number) {
    if (this.#detail?.row.id === this.selection.active) this.wordings.pick(number);
  }

  #paintAbout(row) {
    const { fps, speakers } = lines.desk;
    const isLocked = isFixed(row);
    const source = h("textarea", { rows: 2, dir: "auto", "aria-label": "Source text", maxlength: "2000", disabled: isLocked });
    source.value = row.source;
    const began = { source: row.source, start_ms: row.start_ms, end_ms: row.end_ms }; // what each field was typed over
    source.addEventListener("change", () => this.#resource(row.id, source.value, began));
    const speaker = h("select", { "aria-label": "Speaker", disabled: isLocked, onchange: (event) => this.actions.revise(row.id, { speaker_id: event.target.value }) }, speakers.map((one) => h("option", { value: one.id }, own(one.name))));
    speaker.value = row.speaker_id;
    const time = (label, name) => {
      const box = h("input", { value: timecode(row[name], fps), "aria-label": label, disabled: isLocked, spellcheck: "false" });
      box.addEventListener("change", () => this.#retime(row.id, box, name, began));
      return h("label", {}, h("span", {}, label), box);
    };
    const voice = voiceSelect(row.has_own_voice ? row.voice : "", "Speaker’s voice", (key) => this.actions.revise(row.id, { voice: key }));
    voice.disabled = isLocked;
    clear(
      this.about,
      title("About this line"),
      h("label.wide", {}, h("span", {}, "Source"), source),
      h(
        "div.fields",
        {},
        time("In", "start_ms"),
        time("Out", "end_ms"),
        h("label", {}, h("span", {}, "Speaker"), speaker),
        h("label", {}, h("span", {}, "Voice"), voice),
      ),
    );
  }

  /** One edit after the other, each over what the one before has left. */
  #inTurn(work) {
    this.#edits = this.#edits.then(work, work);
  }

  #resource(id, source, began) {
    this.#inTurn(async () => {
      if (source === began.source) return;
      if (await this.actions.revise(id, { source, base: { source: began.source } })) began.source = source;
    });
  }

  /** One end of a line; the other is as it stands. A time the studio refuses gives way to the one that stands. */
  #retime(id, box, name, began) {
    const ms = parseTime(box.value, lines.desk.fps);
    box.toggleAttribute("aria-invalid", ms === null);
    if (ms === null) return toast("A time reads HH:MM:SS:FF, or seconds such as 12.4.");
    this.#inTurn(async () => {
      const now = lines.rows.get(id) ?? began;
      const span = { start_ms: now.start_ms, end_ms: now.end_ms };
      if (await this.actions.revise(id, { ...span, [name]: ms, base: { ...span, [name]: began[name] } })) return void (began[name] = ms);
      box.value = timecode(now[name], lines.desk.fps);
      refusal.settled();
    });
  }

  /** One sentence above the score card, until the next line is shown. */
  say(sentence) {
    this.#note = sentence;
    if (this.#row) this.#paint(this.#row);
  }
}

/** Far too short is no error, so it is said in words and not in colour. */
const shortFlag = (row) => (row.is_short ? `The words fill only ${percent((row.fit.speech_ms + row.fit.pause_ms) / row.slot_ms)} of the line; a longer wording would cover the lips.` : "");

const title = (text, aside = "") => h("h4", {}, h("span", {}, text), aside ? h("small", {}, aside) : null);
