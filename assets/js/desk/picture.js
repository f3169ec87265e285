// The picture of the desk: one video for the whole session, its caption, and sentences for what cannot be shown.
// Enter: the project of `lines.desk`. Leave: a clock in ms that can be sought, and whether there is a picture that runs.

import { media } from "../api.js";
import { h } from "../dom.js";
import { lines } from "../lines.js";
import { words } from "../words.js";

const NO_MEDIA = "No media yet: upload it to see the picture here.";
const PREPARING = "Preparing the picture for this browser. That is done once; takes can be heard meanwhile.";
const UNPLAYABLE = "This browser cannot play the source. Takes can be heard without it; the export is not affected.";
const PATIENCE_MS = 800;
const SAME_S = 0.004; // a seek to where the picture is already costs time for nothing

export class Picture {
  onState = () => {};
  isBroken = false;
  #project = "";
  #timer = 0;

  constructor() {
    this.video = h("video", { playsInline: true, preload: "auto", "aria-label": "Source picture", tabIndex: -1 });
    this.caption = h("div.caption", { dir: "auto" });
    this.words = h("div.nothing", { role: "status" });
    this.element = h("div.picture", {}, this.video, this.words, this.caption);
    this.video.addEventListener("error", () => this.#fail());
    this.video.addEventListener("loadedmetadata", () => this.#ready());
  }

  /** Whether there is something that runs and can be sought. */
  get isThere() {
    return Boolean(this.video.src) && !this.isBroken && this.video.readyState >= 1;
  }

  get at_ms() {
    return this.video.currentTime * 1000;
  }

  /** Take the project's source, or none. */
  load() {
    const { project_id, has_media } = lines.desk;
    if (project_id === this.#project && has_media === Boolean(this.video.src)) return;
    this.#project = project_id;
    this.isBroken = false;
    clearTimeout(this.#timer);
    this.words.textContent = has_media ? "" : words(NO_MEDIA);
    if (!has_media) {
      this.video.removeAttribute("src");
      this.video.load();
      return this.onState();
    }
    this.video.src = media("source", project_id, "video");
    this.#timer = setTimeout(() => this.video.readyState || this.isBroken || (this.words.textContent = words(PREPARING)), PATIENCE_MS);
  }

  seek(ms) {
    if (!this.isThere) return;
    const at_s = Math.max(0, ms / 1000);
    if (Math.abs(this.video.currentTime - at_s) > SAME_S) this.video.currentTime = at_s;
  }

  say(text) {
    this.caption.textContent = lines.desk.has_media ? text : "";
  }

  #ready() {
    clearTimeout(this.#timer);
    this.words.textContent = "";
    this.onState();
  }

  /** Say why, in the studio's words where it has some. */
  async #fail() {
    if (!this.video.src) return;
    clearTimeout(this.#timer);
    this.isBroken = true;
    this.words.textContent = words(UNPLAYABLE);
    this.onState();
    const project = this.#project;
    const answer = await fetch(this.video.src, { headers: { range: "bytes=0-0" } }).catch(() => null);
    const sentence = answer && !answer.ok ? (await answer.json().catch(() => ({}))).error : "";
    if (sentence && project === this.#project && this.isBroken) this.words.textContent = words(sentence);
  }
}
