// The heads of the list's columns: a press sorts up, down, and back to the order of time. At their end the menu of columns.

import { clear, h, icon, own } from "../dom.js";
import { kindOf } from "./cells.js";
import { openMenu } from "./menu.js";

const SAID = { ascending: "sorted up", descending: "sorted down" };

const EXPLAINED = { bar: "budget", delta: "delta", p: "p", rate: "rate", pace: "cps", lips: "lips", screen: "presence" };

export class Heads {
  #buttons = new Map(); // key → its button

  constructor(sieve, columns) {
    [this.sieve, this.columns] = [sieve, columns];
    this.row = h("div.row.head", { role: "row", "aria-rowindex": "1" });
    this.menu = h("button.plain.columns", { "aria-label": "Columns", title: "Which columns are shown", "aria-haspopup": "menu", onclick: () => this.open() }, icon("more"));
    this.element = h("div.heads", { role: "rowgroup" }, this.row);
    this.row.addEventListener("keydown", (event) => this.#key(event));
  }

  paint(columns) {
    const held = document.activeElement?.dataset?.column;
    this.#buttons = new Map(columns.map((column) => [column.key, this.#button(column)]));
    clear(this.row, columns.map(({ key }, at) => h(`span.${kindOf(key)}`, { role: "columnheader", "aria-colindex": String(at + 1) }, this.#buttons.get(key))));
    [...this.#buttons.values()].forEach((button, at) => (button.tabIndex = at ? -1 : 0));
    this.paintSort();
    if (held) this.#buttons.get(held)?.focus();
  }

  #button({ key, head, name }) {
    return h("button", { "data-column": key, "data-explain": EXPLAINED[key], title: `Sort by ${name}`, "aria-label": `Sort by ${name}`, onclick: () => this.sieve.sortBy(key) }, key === "n" ? own("#") : head);
  }

  paintSort() {
    for (const [key, button] of this.#buttons) {
      const way = this.sieve.sort?.key === key ? (this.sieve.sort.isDown ? "descending" : "ascending") : "none";
      button.parentElement?.setAttribute("aria-sort", way);
      button.dataset.sort = SAID[way] ? way : "";
    }
  }

  /** One stop for Tab; the arrows go from head to head. */
  #key(event) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const all = [...this.#buttons.values()];
    const at = all.indexOf(event.target);
    if (!by || at < 0) return;
    event.preventDefault();
    event.stopPropagation();
    const next = all[(at + by + all.length) % all.length];
    all.forEach((button) => (button.tabIndex = button === next ? 0 : -1));
    next.focus();
  }

  open() {
    const { columns } = this;
    const entry = ({ key, name }) => {
      const isOn = !columns.canLeave(key) || columns.chosen.has(key);
      const aside = isOn && !this.#buttons.has(key) && key !== "src" ? "no room now" : "";
      return { label: name, isOn, aside, isOff: !columns.canLeave(key), stays: true, run: () => columns.toggle(key) };
    };
    openMenu(this.menu, "Columns", () => [...columns.possible.map(entry), null, { label: "As they were at first", run: () => columns.restore() }]);
  }
}
