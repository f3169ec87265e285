// Where the desk stands until the page's frame is there: over everything, below a bar with the brand. The frame's own place for the desk
// takes the element over as it is, with its focus and where it was scrolled to.

import { h, own } from "./dom.js";

const PATIENCE_MS = 1500; // from the first news of the page: a page that shows something else by then has the say
const STRIP = "lipline.strip"; // whether the checkpoint stood below the header when this project was last seen
let stage = null;

export class Stage {
  #told = false;

  constructor(desk) {
    this.desk = desk;
    const version = (window.gradio_config?.version ?? "").replaceAll(".", "-");
    this.element = h(`div.stage.gradio-container.gradio-container-${version}`, {}, h("div.header.stage-bar", {}, h("div.header-bar", {}, h("b.brand", {}, own("Lipline")))), desk);
    document.documentElement.classList.toggle("has-checkpoint", sessionStorage.getItem(STRIP) !== null);
    document.body.classList.toggle("dark", isDark());
    document.body.append(this.element);
    stage = this;
  }

  /** The frame's place for the desk: filled as soon as it is shown. */
  handTo(place) {
    this.place = place;
    this.watcher = new ResizeObserver(() => place.offsetHeight > 0 && this.#hand());
    this.watcher.observe(place);
  }

  /** The page has told what it shows; where it is not the desk, the stage goes. */
  told(isOpen) {
    if (this.#told) return;
    this.#told = true;
    setTimeout(() => stage === this && this.place && this.#hand(), isOpen ? PATIENCE_MS : 0);
  }

  #hand() {
    const { activeElement } = document;
    const scroller = this.desk.querySelector(".scroller");
    const top = scroller?.scrollTop ?? 0;
    const home = this.place.parentNode;
    home.moveBefore ? home.moveBefore(this.desk, this.place) : home.insertBefore(this.desk, this.place);
    this.place.remove();
    this.watcher.disconnect();
    this.element.remove();
    if (scroller && scroller.scrollTop !== top) scroller.scrollTop = top;
    if (document.activeElement !== activeElement && this.desk.contains(activeElement)) activeElement.focus({ preventScroll: true });
    stage = null;
  }
}

/** News of the page, as its header has them: the project that is open, and whether the next step stands below the header. */
export function pageTold(project, hasStrip) {
  hasStrip ? sessionStorage.setItem(STRIP, "") : sessionStorage.removeItem(STRIP);
  stage?.told(Boolean(project));
}

/** As the frame itself will decide it. */
function isDark() {
  const asked = new URL(location.href).searchParams.get("__theme");
  return asked === "dark" || (asked !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
}
