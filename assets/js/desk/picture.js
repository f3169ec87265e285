// The picture of the desk: one video for the whole session, its caption, and sentences for what cannot be shown.
// Enter: the project of `lines.desk`. Leave: a clock in ms that can be sought, and whether there is a picture that runs.

import { media, quietly, read } from "../api.js";
import { h } from "../dom.js";
import { lines } from "../lines.js";
import { words } from "../words.js";

const NO_MEDIA = "No media yet: upload it to see the picture here.";
const PREPARING = "Preparing the picture for this browser. That is done once; takes can be heard meanwhile.";
const UNPLAYABLE = "This browser cannot play the source. Takes can be heard without it; the export is not affected.";
const PATIENCE_MS = 800;
const LIGHTER_MS = 10_000; // how often a lighter picture is asked for while it is being made
const FRAME_MS = 40; // faces are found on a grid of 25 Hz
const SAME_S = 0.004; // a seek to where the picture is already costs time for nothing

export class Picture {
  onState = () => {};
  isBroken = false;
  #project = "";
  #timer = 0;
  #lighter = 0;
  #mark = ""; // which picture is shown
  #mouths = null;
  #hasMedia = false;

  constructor() {
    this.video = h("video", { playsInline: true, preload: "auto", "aria-label": "Source picture", tabIndex: -1 });
    this.caption = h("div.caption", { dir: "auto" });
    this.words = h("div.nothing", { role: "status" });
    this.mouth = h("i.mouth-box", { hidden: true, "aria-hidden": "true" });
    this.element = h("div.picture", {}, this.video, this.mouth, this.words, this.caption);
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
    if (project_id === this.#project && has_media === this.#hasMedia) return;
    this.#project = project_id;
    this.isBroken = false;
    this.#hasMedia = has_media;
    this.#mark = "";
    clearTimeout(this.#timer);
    clearTimeout(this.#lighter);
    this.words.textContent = has_media ? "" : words(NO_MEDIA);
    if (this.video.src) {
      this.video.removeAttribute("src");
      this.video.load();
      this.onState();
    }
    if (has_media) this.#choose();
  }

  /** Show the picture the studio has for the desk; where a lighter one is being made, change to it once it is there and nothing plays. */
  async #choose() {
    const project = this.#project;
    const found = await quietly(read(project, "picture", {}));
    if (project !== this.#project || !this.#hasMedia) return;
    const isBusy = this.#mark && !this.video.paused;
    if (found && !isBusy && found.mark !== this.#mark) this.#open(project, found.mark);
    else if (!found && !this.#mark) this.#open(project, "");
    if (found?.is_coming || isBusy) this.#lighter = setTimeout(() => this.#choose(), LIGHTER_MS);
  }

  /** The source may be another one, or its sound another. */
  again() {
    clearTimeout(this.#lighter);
    if (this.#hasMedia && this.#mark) this.#choose();
  }

  #open(project, mark) {
    this.#mark = mark;
    this.isBroken = false;
    this.video.src = mark ? media("picture", project, mark) : media("source", project, "video");
    clearTimeout(this.#timer);
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

  /** Where the mouth is, as the studio found it: {start_ms, boxes}; null while nobody knows. */
  trace(found) {
    this.#mouths = found?.boxes.length ? found : null;
    this.point(this.at_ms);
  }

  /** Draw the box of the mouth as it is at a moment. */
  point(ms) {
    const box = this.#mouths?.boxes[Math.round((ms - this.#mouths.start_ms) / FRAME_MS)];
    this.mouth.hidden = !box || !this.isThere;
    if (this.mouth.hidden) return;
    const { clientWidth: width, clientHeight: height, videoWidth, videoHeight } = this.video;
    const scale = Math.min(width / videoWidth, height / videoHeight); // the picture lies in the middle of its frame
    const [left, top] = [(width - videoWidth * scale) / 2, (height - videoHeight * scale) / 2];
    const [x, y, across, down] = [box[0] * videoWidth * scale, box[1] * videoHeight * scale, box[2] * videoWidth * scale, box[3] * videoHeight * scale];
    Object.assign(this.mouth.style, { transform: `translate(${left + x}px, ${top + y}px)`, width: `${across}px`, height: `${down}px` });
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
    if (answer?.status === 404) this.again(); // another source or another sound since the page was opened
    const sentence = answer && !answer.ok ? (await answer.json().catch(() => ({}))).error : "";
    if (sentence && project === this.#project && this.isBroken) this.words.textContent = words(sentence);
  }
}
