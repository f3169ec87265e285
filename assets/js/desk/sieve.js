// Which lines the list shows, and in what order: one filter line and one sorted column, kept in the page's address.
// Chips, the box, the builder and the column heads all write here; the list asks `shown`.

import { remember, remembered } from "../address.js";
import { lines } from "../lines.js";
import { worstFirst } from "../lips.js";
import { columnOf } from "./columns.js";
import { hasTerm, readFilter, toggled } from "./filter.js";

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

export class Sieve {
  text = remembered("filter");
  sort = readSort(remembered("sort")); // {key, isDown}, or null for the order of time
  problems = [];
  matched = 0;
  #watchers = new Set();
  #project = "";

  /** `watcher()`: another filter or order; the list is laid out anew. */
  watch(watcher) {
    this.#watchers.add(watcher);
  }

  get isOn() {
    return this.text.trim() !== "";
  }

  set(text) {
    if (text === this.text) return;
    this.text = text;
    remember("filter", text.trim());
    this.#tell();
  }

  has(term) {
    return hasTerm(this.text, term);
  }

  toggle(term) {
    this.set(toggled(this.text.trim(), term));
  }

  /** Show everything; the order stays. */
  reset() {
    this.set("");
  }

  /** Up, down, and back to the order of time. */
  sortBy(key) {
    const { key: before, isDown } = this.sort ?? {};
    this.sortAs(before !== key ? { key, isDown: false } : isDown ? null : { key, isDown: true });
  }

  sortAs(sort) {
    this.sort = sort;
    remember("sort", sort ? `${sort.isDown ? "-" : ""}${sort.key}` : "");
    this.#tell();
  }

  /** The ids to show of `order`, in the order to show them; `kept` is shown whatever it is like, because somebody types in it. */
  shown(order, kept = "") {
    this.#follow(lines.desk.project_id);
    const { test, problems } = readFilter(this.text, lines.desk.fps);
    this.problems = problems;
    const rows = order.map((id) => lines.rows.get(id)).filter((row) => row && (row.id === kept || test(row)));
    this.matched = rows.length;
    return this.#ordered(rows).map((row) => row.id);
  }

  /** Another project begins with all its lines. */
  #follow(project) {
    if (this.#project && project && project !== this.#project) [this.text, this.sort] = ["", null], remember("filter", ""), remember("sort", "");
    this.#project = project || this.#project;
  }

  #ordered(rows) {
    if (!this.sort) return this.has("lips:off") ? worstFirst(rows) : rows;
    const { value } = columnOf(this.sort.key);
    const turn = this.sort.isDown ? -1 : 1;
    const keyed = rows.map((row, at) => ({ row, at, by: value(row) }));
    keyed.sort((a, b) => (a.by === null) - (b.by === null) || (a.by === null ? 0 : turn * compare(a.by, b.by)) || a.at - b.at);
    return keyed.map(({ row }) => row);
  }

  #tell() {
    for (const watcher of this.#watchers) watcher();
  }
}

const compare = (a, b) => (typeof a === "string" ? collator.compare(a, b) : a - b);

function readSort(text) {
  const key = text.replace(/^-/, "");
  return columnOf(key) ? { key, isDown: text.startsWith("-") } : null;
}
