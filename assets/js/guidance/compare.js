// Two takes of the chosen line on one picture: A and B play together, one is heard, and a press or a key switches between them.
// Under them stands what they differ in. Keys while the tab is open: Space plays, A and B switch.

import { quietly, write } from "../api.js";
import { clear, h, icon, isShown, tell } from "../dom.js";
import { seconds } from "../format.js";
import { jumpTo } from "../jump.js";
import { lines } from "../lines.js";
import { repaint } from "../repaint.js";
import { peaksOf, peaksOfTake } from "../waves.js";
import { toast } from "../toast.js";
import { AbPlayer, ORIGINAL } from "./abplayer.js";
import { bench } from "./bench.js";
import { inWords } from "./scales.js";

const SIDES = ["a", "b"];

export function mount({ element, trigger }) {
  new Compare(element, trigger);
}

class Compare {
  #chosen = { a: "", b: "" };
  #line = "";

  constructor(element, trigger) {
    [this.element, this.trigger] = [element, trigger];
    this.video = h("video", { playsInline: true, preload: "metadata", "aria-label": "Picture of the line, without its sound" });
    this.caption = h("div.caption", { dir: "auto" });
    this.vacant = h("div.nothing");
    this.player = new AbPlayer(this.video);
    this.play = h("button.btn", { onclick: () => this.player.toggle(), title: "Play both, hear one (Space)" });
    this.seek = h("input", { type: "range", min: "0", max: "1", step: "0.01", value: "0", "aria-label": "Position in the line" });
    this.time = h("span.time.dim");
    this.lanes = h("canvas.lanes", { role: "img", "aria-label": "Waveforms of A and B" });
    this.ears = Object.fromEntries(SIDES.map((side) => [side, h("button.chip.ear", { onclick: () => this.player.hear(side), title: `Hear ${side.toUpperCase()} (key ${side.toUpperCase()})` }, side.toUpperCase())]));
    this.title = h("h2", {}, "Compare takes");
    this.open = h("button.plain.open", { onclick: () => jumpTo(bench.id) }, "Open on Lines");
    this.state = h("p.state", { role: "status" }); // what keeps the picture from guiding this line, or what its scales cost
    this.picture = h("div.picture", {}, this.video, this.vacant, this.caption);
    this.table = h("table.facts");
    this.note = h("p.fine", { role: "status" });
    element.className = "island compare card";
    clear(
      element,
      h("div.title", {}, this.title, h("span.grow"), this.open),
      this.state,
      this.picture,
      this.lanes,
      h("div.transport", {}, this.play, h("div.chips", { role: "group", "aria-label": "Which take is heard" }, this.ears.a, this.ears.b), this.seek, this.time),
      this.table,
      this.note,
    );
    this.#listen();
    bench.watch(() => this.#paint());
  }

  #listen() {
    const player = this.player;
    player.onPaint = () => this.#paintTransport();
    player.onTime = () => this.#follow();
    player.onTrouble = toast;
    this.seek.addEventListener("input", () => player.to(player.from_s + Number(this.seek.value) * (player.to_s - player.from_s)));
    this.lanes.addEventListener("click", (event) => player.to(player.from_s + (event.offsetX / this.lanes.clientWidth) * (player.to_s - player.from_s)));
    new ResizeObserver(() => this.#draw()).observe(this.lanes);
    document.addEventListener("keydown", (event) => this.#key(event));
    new IntersectionObserver(() => {
      const isOpen = isShown(this.element);
      bench.seen(isOpen);
      if (!isOpen) player.pause();
    }).observe(this.element);
    window.addEventListener("lipline:compare", ({ detail }) => this.#choose(detail.side, detail.take_id));
  }

  #key(event) {
    if (!isShown(this.element) || event.ctrlKey || event.metaKey || event.altKey || writes(event.target)) return;
    const key = event.key.toLowerCase();
    if (SIDES.includes(key)) this.player.hear(key);
    else if (key === " " && !event.target.closest?.("button, input, a, [role=tab], summary")) this.player.toggle();
    else return;
    event.preventDefault();
  }

  get #takes() {
    return bench.view?.takes ?? [];
  }

  #paint() {
    const { row, view } = bench;
    if (bench.id !== this.#line) [this.#line, this.#chosen] = [bench.id, { a: "", b: "" }];
    this.player.show(row);
    this.element.classList.toggle("no-picture", !lines.desk.has_picture);
    tell(this.title, row ? `Compare takes of line ${row.number}` : "Compare takes");
    this.open.hidden = !row;
    this.caption.textContent = (lines.desk.has_picture && (row?.target || row?.source)) || "";
    tell(this.vacant, !row ? "Choose a line above to work on it." : lines.desk.has_media ? "" : "No media yet: upload it to see the picture here.");
    const words = row && view ? lineState(row, view) : "";
    tell(this.state, words);
    this.#settle(view);
    this.#paintTable();
    this.#paintTransport();
    this.#draw();
  }

  /** A is the circled take, B the newest other one (or the original), unless somebody chose. */
  #settle(view) {
    if (!view) return;
    const ids = view.takes.map((take) => take.id);
    const isThere = (id) => ids.includes(id) || (id === ORIGINAL && lines.desk.has_media);
    const circled = view.takes.find((take) => take.is_circled)?.id ?? ids[0] ?? "";
    if (!isThere(this.#chosen.a)) this.#chosen.a = circled;
    if (!isThere(this.#chosen.b)) this.#chosen.b = ids.find((id) => id !== this.#chosen.a) ?? (lines.desk.has_media ? ORIGINAL : "");
    for (const side of SIDES) this.player.put(side, this.#chosen[side]);
  }

  #choose(side, id) {
    this.#chosen[side] = id;
    this.player.put(side, id);
    this.player.hear(side);
    this.#paintTable();
    this.#draw();
  }

  #take(side) {
    return this.#takes.find((take) => take.id === this.#chosen[side]) ?? null;
  }

  #paintTable() {
    const view = bench.view;
    repaint(this.table, () => this.#layTable());
    const [a, b] = SIDES.map((side) => this.#take(side));
    this.note.textContent = !bench.row ? "" : !view ? "…" : !view.takes.length ? (bench.row.target ? "Not voiced yet. Voice this line, or sweep it, to have takes to compare." : "This line has no translation yet; write one on the Lines tab first.") : noteOf(a, b);
  }

  #layTable() {
    const cells = (make) => SIDES.map((side) => h(`td${this.player.heard === side ? ".heard" : ""}`, {}, make(this.#take(side), side)));
    const row = (label, make) => h("tr", {}, h("th", { scope: "row" }, label), cells(make));
    clear(
      this.table,
      h("thead", {}, h("tr", {}, h("td"), SIDES.map((side) => h("th", { scope: "col" }, this.#select(side))))),
      h(
        "tbody",
        {},
        row("Scales", (take) => (take ? takeScales(take) : "–")),
        row("Voice", (take) => (take ? voiceWords(take) : "–")),
        row("LSE-C ↑", (take) => number(take?.lips?.lse_c)),
        row("LSE-D ↓", (take) => number(take?.lips?.lse_d)),
        row("Offset", (take) => offset(take?.lips)),
        row("Length", (take) => (take ? `${seconds(take.length_ms)} s` : "–")),
        h("tr", {}, h("th", { scope: "row" }, h("span.unseen-words", {}, "For the mix")), cells((take, side) => this.#circle(take, side))),
      ),
    );
  }

  #select(side) {
    const takes = this.#takes;
    const choices = takes.map((take) => h("option", { value: take.id }, `${take.number}${take.is_circled ? " (circled)" : ""} · ${takeScales(take)}`));
    if (lines.desk.has_media) choices.push(h("option", { value: ORIGINAL }, "The original’s sound"));
    const select = h("select", { "aria-label": `Take on side ${side.toUpperCase()}`, "data-at": `select-${side}`, disabled: !bench.row || !choices.length, onchange: (event) => this.#choose(side, event.target.value) }, choices);
    select.value = this.#chosen[side];
    return h("label", {}, h("b", {}, side.toUpperCase()), select);
  }

  #circle(take, side) {
    const isOn = Boolean(take?.is_circled);
    return h("button.btn.small", { "data-at": `circle-${side}`, disabled: !take || isOn, title: "The circled take goes into the mix", onclick: () => this.#use(take) }, isOn ? "Circled" : "Circle this take");
  }

  async #use(take) {
    const view = await quietly(write(lines.desk.project_id, "use_take", { line_id: bench.id, take_id: take.id }));
    if (!view) return;
    lines.apply(view.reply);
    bench.take(view.bench);
    this.trigger("changed");
  }

  #paintTransport() {
    const { player } = this;
    clear(this.play, icon(player.isPlaying ? "pause" : "play"), player.isPlaying ? "Pause" : "Play");
    this.play.disabled = !bench.row || !SIDES.some((side) => this.#chosen[side]);
    for (const side of SIDES) {
      this.ears[side].classList.toggle("on", player.heard === side);
      this.ears[side].setAttribute("aria-pressed", String(player.heard === side));
      this.ears[side].disabled = !this.#chosen[side];
    }
    for (const [at, cell] of [...this.table.querySelectorAll("tbody td")].entries()) cell.classList.toggle("heard", SIDES[at % 2] === player.heard);
    this.#follow();
    this.#draw();
  }

  #follow() {
    const { from_s, to_s, at_s } = this.player;
    this.seek.value = to_s > from_s ? (at_s - from_s) / (to_s - from_s) : 0;
    this.seek.setAttribute("aria-valuetext", `${at_s.toFixed(1)} seconds into the line`);
    this.time.textContent = `${seconds(Math.round(at_s * 1000))} s`;
    this.#draw();
  }

  #draw() {
    const { clientWidth: width, clientHeight: height } = this.lanes;
    if (!width) return;
    const scale = window.devicePixelRatio;
    if (this.lanes.width !== Math.round(width * scale)) [this.lanes.width, this.lanes.height] = [Math.round(width * scale), Math.round(height * scale)];
    const pen = this.lanes.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    const { from_s, to_s, at_s, heard } = this.player;
    const x = (at) => ((at - from_s) / (to_s - from_s || 1)) * width;
    const style = getComputedStyle(this.lanes);
    const ink = (name) => style.getPropertyValue(name);
    if (bench.row) {
      pen.fillStyle = ink("--slot-tint");
      pen.fillRect(x(0), 0, x(bench.row.slot_ms / 1000) - x(0), height);
    }
    for (const [at, side] of SIDES.entries()) {
      const take = this.#take(side);
      const mid = height * (at ? 0.75 : 0.25);
      pen.globalAlpha = heard === side ? 1 : 0.4;
      pen.fillStyle = ink(heard === side ? "--wave-dub" : "--wave");
      pen.fillRect(0, mid, width, 0.5);
      const isOriginal = this.#chosen[side] === ORIGINAL;
      const project = lines.desk.project_id;
      const peaks = isOriginal ? peaksOf(project, () => this.#draw()) : take ? peaksOfTake(project, take.id, () => this.#draw()) : null;
      const zero_s = isOriginal ? (bench.row?.start_ms ?? 0) / 1000 : 0;
      const until_s = isOriginal ? (bench.row?.end_ms ?? 0) / 1000 : Infinity;
      if (peaks) bars(pen, peaks, { x, mid, half: height * 0.22, zero_s, until_s });
      pen.globalAlpha = 1;
      pen.fillStyle = ink("--faint");
      pen.font = "10.5px system-ui";
      pen.fillText(side.toUpperCase() + (isOriginal ? " · original" : ""), 7, mid - height * 0.22 + 10);
    }
    pen.fillStyle = ink("--ink");
    pen.fillRect(x(at_s), 0, 1, height);
  }
}

/** `zero_s`: where in the peaks the line begins; nothing is drawn from `until_s` on. */
function bars(pen, peaks, { x, mid, half, zero_s, until_s }) {
  const step = x(1 / peaks.perSecond) - x(0);
  const last = Math.min(peaks.low.length, Math.ceil(until_s * peaks.perSecond));
  for (let at = Math.floor(zero_s * peaks.perSecond); at < last; at += 1) {
    const top = (peaks.high[at] / 127) * half;
    pen.fillRect(x(at / peaks.perSecond - zero_s), mid - top, Math.max(0.8, step * 0.7), Math.max(0.8, top + (-peaks.low[at] / 127) * half));
  }
}

const writes = (target) => target instanceof HTMLElement && (target.isContentEditable || target.matches("textarea, select, input:not([type=range], [type=checkbox], [type=radio])"));
const takeScales = (take) => inWords(take.made?.scales ?? { text_scale: 1, face_scale: take.face_scale, lip_scale: take.lip_scale, pause_scale: 0 });
const number = (value) => (value === null || value === undefined ? "–" : value.toFixed(2));

function voiceWords(take) {
  const made = take.made;
  const parts = [take.engine];
  if (made) parts.push(made.quality === "preview" ? `preview, ${made.steps} steps` : `final, ${made.steps} steps`);
  if (made?.reference) parts.push(`like ${made.reference}${made.whose ? ` (${made.whose})` : ""}`);
  return parts.join(" · ");
}

function offset(lips) {
  if (!lips || lips.offset_frames === null) return "–";
  if (!lips.is_offset_clear) return "none stands out";
  const frames = Math.abs(lips.offset_frames);
  return frames === 0 ? "in time" : `${frames} frame${frames === 1 ? "" : "s"} ${lips.offset_frames > 0 ? "early" : "late"}`;
}

/** Why the picture does not guide a line, or what its own scales cost; "" where all is as the project has it. */
function lineState(row, { sight, face, warning }) {
  const blind = sight.state === "missing" ? `Its voice, ${sight.engine}, cannot run here.` : sight.state === "re-timed" ? `Its voice, ${sight.engine}, does not see; takes are re-timed to the picture.` : "";
  return face || blind || (row.face_scale === null ? "" : warning);
}

/** What must be said before numbers are held against each other. */
function noteOf(a, b) {
  const blind = [a, b].find((take) => take?.made && !take.made.saw_face);
  if (blind?.made.why) return `Take ${blind.number}: ${blind.made.why}`;
  const unscored = [a, b].find((take) => take && !take.lips?.scorer);
  if (unscored) return unscored.why ? `Take ${unscored.number}: ${unscored.why}` : `Take ${unscored.number} has not been scored yet.`;
  if (a && b && (a.lips.scorer !== b.lips.scorer || a.lips.crop !== b.lips.crop)) return "A and B were scored by different scorers; their numbers cannot be held against each other.";
  const scorer = (a ?? b)?.lips?.scorer;
  return scorer ? `Lips scored by ${scorer}. Higher LSE-C and lower LSE-D agree better.` : "";
}
