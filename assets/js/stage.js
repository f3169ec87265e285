// Where the desk stands until the page's frame is there: over everything, below a bar with the brand. The frame's own place for the desk
// takes the element over as it is, with its focus and where it was scrolled to.

import { h, own } from "./dom.js";
import { rowsAsBefore } from "./rows.js";

const PATIENCE_MS = 5000; // once the frame is there: a page that shows something else by then has the say
const STRIP = "lipline.strip"; // whether the checkpoint stood below the header when this project was last seen
let stage = null;

export class Stage {
  constructor(desk) {
    this.desk = desk;
    const version = (window.gradio_config?.version ?? "").replaceAll(".", "-");
    this.element = h(`div.stage.gradio-container.gradio-container-${version}`, {}, h("div.header.stage-bar", {}, h("div.header-bar", {}, h("b.brand", {}, own("Lipline")))), desk);
    document.documentElement.classList.toggle("has-checkpoint", sessionStorage.getItem(STRIP) !== null);
    rowsAsBefore();
    document.body.classList.toggle("dark", isDark());
    document.body.append(this.element);
    stage = this;
  }

  /** The frame's place for the desk: filled as soon as it is shown, or at once where the stage has gone. */
  handTo(place) {
    this.place = place;
    if (stage !== this) return this.#hand();
    this.watcher = new ResizeObserver(() => place.offsetHeight > 0 && this.leave());
    this.watcher.observe(place);
  }

  leave() {
    if (stage === this) stage = null;
    this.watcher?.disconnect();
    if (this.place) this.#hand();
    this.element.remove();
  }

  /** Moved as it is where the browser can; else what it loses on the way is given back. */
  #hand() {
    const { activeElement } = document;
    const scroller = this.desk.querySelector(".scroller");
    const top = scroller?.scrollTop ?? 0;
    const home = this.place.parentNode;
    const isMoved = this.desk.isConnected && home?.isConnected && home.moveBefore;
    isMoved ? home.moveBefore(this.desk, this.place) : home.insertBefore(this.desk, this.place);
    this.place.remove();
    if (scroller && scroller.scrollTop !== top) scroller.scrollTop = top;
    if (document.activeElement !== activeElement && this.desk.contains(activeElement)) activeElement.focus({ preventScroll: true });
  }
}

/** The frame is there; whether or not it tells what it shows, the stage goes soon. */
export const frameStands = () => stage && setTimeout((old) => stage === old && old.leave(), PATIENCE_MS, stage);

/** News of the page, as its header has them: the project that is open, and whether the next step stands below the header. */
export function pageTold(project, hasStrip) {
  hasStrip ? sessionStorage.setItem(STRIP, "") : sessionStorage.removeItem(STRIP);
  if (!project) stage?.leave();
}

/** As the frame itself will decide it. */
function isDark() {
  const asked = new URL(location.href).searchParams.get("__theme");
  return asked === "dark" || (asked !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
}
