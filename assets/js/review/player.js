// The film on the review page, and when which line speaks. Enter: the film as the studio describes it. Leaves: `onLine(id)`, `onTime(ms)`.

import { clear, h, own } from "../dom.js";
import { timecode } from "../format.js";
import { mediaAddress } from "./calls.js";

const LABELS = { dub: "Dub", source: "Original" };

export class ReviewPlayer {
  onLine = () => {};
  onTime = () => {};
  #film = null;
  #kind = "";
  #line = "";

  constructor() {
    this.video = h("video", { playsInline: true, controls: true, preload: "metadata", "aria-label": "The film" });
    this.caption = h("p.caption", { dir: "auto", "aria-live": "off" });
    this.kinds = h("div.chips", { role: "group", "aria-label": "What is played" });
    this.time = h("span.dim.time");
    this.none = h("p.none", { hidden: true }, "Nothing has been uploaded that could be played; the lines can be read.");
    this.element = h("section.stage", { "aria-label": "Film" }, h("div.picture", {}, this.video, this.none), this.caption, h("div.bar", {}, this.kinds, h("span.grow"), this.time));
    this.video.addEventListener("timeupdate", () => this.#tick());
    this.video.addEventListener("seeked", () => this.#tick());
  }

  get now_ms() {
    return Math.round(this.video.currentTime * 1000);
  }

  show(film) {
    this.#film = film;
    this.none.hidden = film.films.length > 0;
    this.video.hidden = !film.films.length;
    this.element.classList.toggle("no-picture", !film.has_picture);
    if (!film.films.includes(this.#kind)) this.#take(film.films[0] ?? "");
    this.#paintKinds();
    this.#tick();
  }

  /** Another version of the film, at the same moment. */
  #take(kind) {
    const [at, wasPlaying] = [this.video.currentTime, !this.video.paused];
    this.#kind = kind;
    if (!kind) return;
    this.video.src = mediaAddress(kind);
    if (at) this.video.addEventListener("loadedmetadata", () => ((this.video.currentTime = at), wasPlaying && this.video.play().catch(() => {})), { once: true });
    this.#paintKinds();
  }

  #paintKinds() {
    const films = this.#film?.films ?? [];
    clear(this.kinds, films.length > 1 ? films.map((kind) => h(`button.chip${kind === this.#kind ? ".on" : ""}`, { "aria-pressed": String(kind === this.#kind), onclick: () => this.#take(kind) }, LABELS[kind])) : null);
  }

  toggle() {
    if (this.video.paused) this.video.play().catch(() => {});
    else this.video.pause();
  }

  seek(ms, { play = false } = {}) {
    this.video.currentTime = ms / 1000;
    if (play) this.video.play().catch(() => {});
    this.#tick(ms);
  }

  #tick(ms = this.now_ms) {
    if (!this.#film) return;
    const line = speaking(this.#film.lines, ms);
    this.caption.replaceChildren(own(line?.target || line?.source || ""));
    this.time.replaceChildren(own(`${timecode(ms, this.#film.fps)} / ${timecode(this.#film.length_ms, this.#film.fps)}`));
    this.onTime(ms);
    if ((line?.id ?? "") === this.#line) return;
    this.#line = line?.id ?? "";
    this.onLine(this.#line);
  }
}

/** The line that speaks at a moment, the one begun last; lines lie in timeline order. */
function speaking(lines, ms) {
  let [from, to] = [0, lines.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    lines[middle].start_ms <= ms ? (from = middle + 1) : (to = middle);
  }
  for (let at = from - 1; at >= Math.max(0, from - 8); at -= 1) if (ms < lines[at].end_ms) return lines[at];
  return null;
}
