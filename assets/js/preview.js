// Preview: original and dub side by side on one clock, and the lines below it; a click on a line jumps there. Beside them
// stand the lines whose lips agree least.

import { media } from "./api.js";
import { clear, h, icon, isShown, isTyping, tell } from "./dom.js";
import { clock, timecode } from "./format.js";
import { lines } from "./lines.js";
import { whenPassed } from "./passes.js";
import { exchange, repaint } from "./repaint.js";
import { worstList } from "./worst.js";

const DRIFT_S = 0.06;

export function mount({ element, props, watch }) {
  const stage = new Stage();
  const list = h("div.rows", { role: "list", "aria-label": "Lines" });
  const notice = h("p.notice", { role: "status" });
  element.className = "island preview";
  const vacant = h("div.empty", {}, h("h3", {}, "Nothing to play yet"), h("p"));
  const worst = worstList((row) => stage.playLine(row));
  clear(element, notice, stage.element, vacant, h("div.below", {}, list, worst.element));
  stage.onTime = (at_ms) => mark(list, at_ms);

  const paint = () => {
    const view = props.value ?? {};
    const stale = view.is_stale ? "This dub is older than your last edits. Render it again to hear them." : "";
    tell(notice, view.has_source ? view.next_step || stale : "");
    notice.hidden = !notice.textContent;
    vacant.hidden = Boolean(view.has_source);
    tell(vacant.lastChild, view.next_step ?? "");
    whenPassed(view.project_id, () => stage.show(props.value ?? {}));
    lines.follow({ project_id: view.project_id ?? "", revision: view.revision ?? "" });
  };
  lines.watch((changed) => {
    if (changed === null || changed.size) worst.paint();
    if (changed === null) return repaint(list, () => clear(list, lines.list.map((row) => item(row, stage))));
    for (const id of changed) {
      const before = list.querySelector(`[data-id="${id}"]`);
      if (before) exchange(before, () => (lines.rows.has(id) ? item(lines.rows.get(id), stage) : before));
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== " " || !isShown(element) || isTyping(event.target) || event.target.closest?.("button, video, [role=tab]")) return;
    event.preventDefault();
    stage.toggle();
  });
  watch("value", paint);
  paint();
}

/** Two players that start, stop and move together; one is heard at a time. */
class Stage {
  onTime = () => {};
  #shown = "";
  #heard = "dub";
  #end_ms = null;

  constructor() {
    this.original = h("video", { playsInline: true, preload: "metadata", "aria-label": "Original" });
    this.dub = h("video", { playsInline: true, preload: "metadata", "aria-label": "Dub" });
    this.seek = h("input.seek", { type: "range", min: "0", max: "1", step: "0.001", value: "0", "aria-label": "Position" });
    this.time = h("span.time");
    this.play = h("button.btn", { onclick: () => this.toggle(), "aria-label": "Play or pause both (Space)" });
    this.ears = h("div.chips", { role: "group", "aria-label": "Which one is heard" });
    this.dubFigure = h("figure.dub", {}, h("figcaption", {}, "Dub"), this.dub, h("div.nothing", {}, "No dub yet"));
    this.element = h("div.stage", {}, h("div.screens", {}, h("figure.original", {}, h("figcaption", {}, "Original"), this.original), this.dubFigure), h("div.transport", {}, this.play, this.seek, this.time, this.ears));
    this.seek.addEventListener("input", () => this.#to(Number(this.seek.value) * this.#length));
    this.original.addEventListener("timeupdate", () => this.#follow());
    this.original.addEventListener("ended", () => this.pause());
    this.original.addEventListener("loadedmetadata", () => this.#paint());
    this.#paint();
  }

  get #length() {
    return Number.isFinite(this.original.duration) ? this.original.duration : 0;
  }

  show(view) {
    const key = `${view.project_id}/${view.has_source}/${view.has_dub}/${view.stamp}`;
    if (key === this.#shown) return;
    const wasAt = this.#shown.split("/")[0] === (view.project_id ?? "") ? this.original.currentTime : 0;
    this.#shown = key;
    this.pause();
    this.element.hidden = !view.has_source;
    this.element.classList.toggle("no-picture", !view.has_picture);
    this.dubFigure.classList.toggle("absent", !view.has_dub);
    source(this.original, view.has_source ? media("source", view.project_id, "video") : "");
    source(this.dub, view.has_dub ? media("rendered", view.project_id, "video", { stamp: view.stamp }) : "");
    this.#heard = view.has_dub ? "dub" : "original";
    if (wasAt) this.#to(wasAt);
    this.#paint();
  }

  toggle() {
    this.#end_ms = null;
    this.original.paused ? this.#start() : this.pause();
  }

  /** Play one line on both, then stop. */
  playLine(row) {
    this.#to(row.start_ms / 1000);
    this.#end_ms = row.start_ms + row.slot_ms + row.gap_ms;
    this.#start();
  }

  pause() {
    this.original.pause();
    this.dub.pause();
    this.#paint();
  }

  #start() {
    if (this.dub.src) this.dub.currentTime = this.original.currentTime;
    for (const one of [this.original, this.dub]) if (one.src) one.play().catch(() => this.#paint());
    this.#paint();
  }

  #to(at_s) {
    this.original.currentTime = at_s;
    if (this.dub.src) this.dub.currentTime = at_s;
    this.#follow();
  }

  #follow() {
    const at = this.original.currentTime;
    if (this.dub.src && !this.dub.paused && Math.abs(this.dub.currentTime - at) > DRIFT_S) this.dub.currentTime = at;
    if (this.#end_ms !== null && at * 1000 >= this.#end_ms) {
      this.#end_ms = null;
      this.pause();
    }
    this.seek.value = this.#length ? at / this.#length : 0;
    this.seek.style.setProperty("--at", `${this.seek.value * 100}%`);
    this.time.textContent = `${clock(at * 1000)} / ${clock(this.#length * 1000)}`;
    this.onTime(at * 1000);
  }

  #paint() {
    clear(this.play, icon(this.original.paused ? "play" : "pause"), this.original.paused ? "Play both" : "Pause");
    this.original.muted = this.#heard !== "original";
    this.dub.muted = this.#heard !== "dub";
    const ear = (name, label) => h(`button.chip${this.#heard === name ? ".on" : ""}`, { "aria-pressed": String(this.#heard === name), disabled: name === "dub" && !this.dub.src, onclick: () => ((this.#heard = name), this.#paint()) }, label);
    clear(this.ears, h("span.dim", {}, "Hear"), ear("original", "Original"), ear("dub", "Dub"));
    this.#follow();
  }
}

function source(video, address) {
  if (video.src === address || (!address && !video.src)) return;
  if (address) video.src = address;
  else video.removeAttribute("src");
  video.load();
}

function item(row, stage) {
  return h(
    "button.line",
    { role: "listitem", "data-id": row.id, "data-from": String(row.start_ms), "data-to": String(row.end_ms), onclick: () => stage.playLine(row) },
    h("span.n", {}, String(row.number)),
    h("span.tc", {}, timecode(row.start_ms, lines.desk.fps)),
    h("b", {}, row.speaker),
    h("span.src", { dir: "auto" }, row.source || "—"),
    h("span.tgt", { dir: "auto" }, row.target || "—"),
  );
}

/** Mark the line that is being spoken. */
function mark(list, at_ms) {
  for (const one of list.children) one.classList?.toggle("now", at_ms >= Number(one.dataset.from) && at_ms < Number(one.dataset.to));
}
