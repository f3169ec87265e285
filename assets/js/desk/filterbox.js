// The filter box: one line of the filter language (filter.js), how many lines it leaves, a sentence for what it does not
// understand, and the builder that writes the line by presses.

import { clear, h, icon, throttle } from "../dom.js";
import { lines } from "../lines.js";
import { openBuilder } from "./builder.js";

const TYPING_MS = 90;

export class FilterBox {
  onLeave = () => {}; // Enter goes on to the lines

  constructor(sieve) {
    this.sieve = sieve;
    this.input = h("input.search", { type: "search", placeholder: "Search or filter", title: "Words, or filters such as over screen:on rate>1.1", "aria-label": "Search and filter lines", spellcheck: "false", autocomplete: "off", maxlength: "400" });
    this.input.value = sieve.text;
    this.many = h("small.matched", { "aria-live": "polite" });
    this.opener = h("button.plain.opener", { "aria-label": "Build a filter", title: "Build a filter, saved filters", "aria-haspopup": "dialog", onclick: () => this.build() }, icon("filter"));
    this.element = h("div.filterbox", {}, this.input, this.many, this.opener);
    this.problems = h("div.problems", { role: "status", hidden: true });
    const soon = throttle(TYPING_MS, () => this.#apply());
    this.input.addEventListener("input", () => ((this.#isTyped = true), soon()));
    this.input.addEventListener("blur", () => this.#apply()); // a chip pressed at once joins what stands in the box
    this.input.addEventListener("keydown", (event) => this.#key(event));
  }

  #isTyped = false; // something was typed that the list has not followed yet

  #apply() {
    if (!this.#isTyped) return;
    this.#isTyped = false;
    this.sieve.set(this.input.value);
  }

  /** Begin to type here. */
  take() {
    this.input.focus();
    this.input.select();
  }

  build() {
    openBuilder(this.opener, this.sieve);
  }

  #key(event) {
    if (event.key === "Escape" && !this.input.value) this.input.blur();
    else if (event.key === "Escape") this.#empty();
    else if (event.key === "ArrowDown" && event.altKey) this.build();
    else if (event.key === "Enter" || event.key === "ArrowDown") this.onLeave();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #empty() {
    this.#isTyped = false;
    this.sieve.reset();
  }

  paint() {
    const { text, problems, matched, isOn } = this.sieve;
    const isTheirs = this.#isTyped || (document.activeElement === this.input && this.input.value.trim() && text); // what is being typed is never painted over
    if (!isTheirs) this.input.value = text;
    this.many.textContent = isOn ? `${matched} / ${lines.order.length}` : "";
    this.problems.hidden = !problems.length;
    clear(this.problems, problems.map((problem) => h("p", {}, problem)));
  }
}

