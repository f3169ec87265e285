// After a stage of work: where the programme stands, and the one next step, with its button and its reason. Never a countdown.
// Enter: the header's view (`next`: sentence, label, action, why). Leave: a calm strip below the header; closed, it stays closed for that step.

import { clear, h, own } from "./dom.js";
import { perform } from "./desk/commands.js";
import { openTab } from "./tabs.js";
import { words } from "./words.js";

const CLOSED = "lipline.closed";

export class Checkpoint {
  #shown = "";

  constructor({ start }) {
    this.start = start;
    this.element = h("section.checkpoint", { "aria-label": "Next step", hidden: true });
  }

  paint(view) {
    const next = view.next ?? null;
    const key = next ? `${view.project_id} ${next.step}` : "";
    const isHidden = !next || sessionStorage.getItem(CLOSED) === key;
    if (this.element.hidden !== isHidden) this.element.hidden = isHidden;
    document.documentElement.classList.toggle("has-checkpoint", !isHidden);
    const shown = next ? JSON.stringify([key, next.sentence, next.label]) : "";
    if (shown === this.#shown) return;
    this.#shown = shown;
    if (next) this.#lay(next, key);
  }

  #lay(next, key) {
    const why = h("span.why", { id: "checkpoint-why", hidden: true }, next.why);
    const ask = h("button.plain", { "aria-expanded": "false", "aria-controls": "checkpoint-why" }, "Why?");
    ask.addEventListener("click", () => {
      why.hidden = !why.hidden;
      ask.setAttribute("aria-expanded", String(!why.hidden));
    });
    const close = () => {
      sessionStorage.setItem(CLOSED, key);
      this.element.hidden = true;
      document.documentElement.classList.remove("has-checkpoint");
    };
    clear(
      this.element,
      h("span.standing", { role: "status" }, own([next.sentence, next.ask].map(words).join(" "))),
      h("button.btn.small", { onclick: () => this.#do(next) }, next.label),
      ask,
      why,
      h("span.grow"),
      h("button.plain", { "aria-label": "Hide this step", title: "Hide this step", onclick: close }, own("✕")),
    );
  }

  #do({ kind, tab, command }) {
    if (kind) return this.start(kind);
    openTab(tab, { takesFocus: true });
    if (command) requestAnimationFrame(() => requestAnimationFrame(() => perform(command)));
  }
}
