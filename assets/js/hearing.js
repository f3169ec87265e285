// When the frame asks for its news: at once when the pulse tells of other work, stages or settings than are shown (how far the work is comes with
// the pulse itself), less often for edits; besides that only with the page's slow clock. One answer of the frame costs the studio many
// pulses; while one is on its way Gradio begins no second.

import { remembered } from "./address.js";
import { lines } from "./lines.js";
import { work } from "./work.js";

const EDITED_MS = 12_000;
const EDITING_MS = 30_000; // while the lines are in front, which show edits themselves
const AGAIN_MS = 5_000; // for the same news, which the answer did not bring

export class Hearing {
  #shown = { project: "", frame_mark: "" };
  #heard = ""; // the frame's mark in the last pulse
  #asked = { frame_mark: "", mark: null, at_ms: -AGAIN_MS }; // `mark` null: that of the next pulse

  constructor(ask) {
    this.ask = ask;
    lines.onPulse((project, pulse) => this.#hear(project, pulse));
  }

  /** What the frame shows now. Of the same job in the same stage the pulse knows better how far it is. */
  shows({ project_id = "", frame_mark = "", job = null }) {
    const isOther = project_id !== this.#shown.project;
    if (isOther) this.#asked.mark = null;
    this.#shown = { project: project_id, frame_mark };
    lines.opened(project_id);
    if (isOther || frame_mark !== this.#heard) work.told(project_id, job);
  }

  #hear(project, { mark = "", frame_mark = "gone", job = null, isGone = false }) {
    if (project !== this.#shown.project) return;
    if (!isGone) work.told(project, job);
    this.#heard = frame_mark;
    this.#asked.mark ??= mark;
    const since_ms = performance.now() - this.#asked.at_ms;
    const isOther = frame_mark !== this.#shown.frame_mark && (frame_mark !== this.#asked.frame_mark || since_ms > AGAIN_MS);
    const isEdit = mark !== this.#asked.mark && since_ms > (remembered("tab") === "lines" ? EDITING_MS : EDITED_MS);
    if (!isOther && !isEdit) return;
    this.#asked = { frame_mark, mark, at_ms: performance.now() };
    this.ask();
  }
}
