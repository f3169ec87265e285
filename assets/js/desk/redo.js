// What regenerating and voicing again would redo, said before anybody asks for it: one sentence under each of the two buttons.
// The studio counts it from the fingerprints of what is there; asked for a moment after the selection rests.

import { quietly, read } from "../api.js";
import { h } from "../dom.js";
import { lines } from "../lines.js";
import { words } from "../words.js";

const REST_MS = 450;
const MOST_LINES = 400; // of more lines only the job itself counts

export class Redo {
  #timer = 0;
  #asked = 0;
  #key = "";

  constructor(selection) {
    this.selection = selection;
    this.wordings = h("p.redo", { "aria-live": "polite" });
    this.takes = h("p.redo", { "aria-live": "polite" });
    selection.watch(() => this.look());
    lines.watch((changed) => (changed === null || [...changed].some((id) => selection.ids.has(id))) && this.look());
  }

  look() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), REST_MS);
  }

  async #ask() {
    const mine = (this.#asked += 1);
    const line_ids = this.selection.inOrder(lines.order);
    const key = JSON.stringify([lines.desk.project_id, line_ids.map((id) => lines.rows.get(id))]);
    if (key === this.#key) return;
    const isAskable = line_ids.length > 0 && line_ids.length <= MOST_LINES && lines.desk.project_id;
    const plans = isAskable ? await Promise.all([true, false].map((asks) => quietly(read(lines.desk.project_id, "regenerate_plan", { line_ids, words: asks })))) : [null, null];
    if (mine !== this.#asked) return;
    this.#key = plans[0] ? key : "";
    this.wordings.textContent = words(plans[0]?.sentence ?? "");
    this.takes.textContent = words(plans[1]?.sentence ?? "");
  }
}
