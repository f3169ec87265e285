// The line list. Lines live in chunks of 40; a chunk has its rows in the document only while it is near the view.

import { throttle, clear, h } from "../dom.js";
import { budgetScale } from "../budget.js";
import { remember, remembered } from "../address.js";
import { lines } from "../lines.js";
import { RowView } from "./row.js";

const CHUNK_LINES = 40;
const ROW_PX = 54;

export class LineList {
  #shown = []; // ids that pass the filter, in order
  #chunks = [];
  #views = new Map(); // id → RowView, only for rows in the document
  #scale_ms = 4000;
  #wanted = remembered("line"); // where the page was before it was loaded anew

  constructor(selection, filter, actions) {
    [this.selection, this.filter, this.actions] = [selection, filter, actions];
    this.body = h("div.rows", { role: "rowgroup" });
    this.scroller = h("div.scroller", { tabindex: "-1" }, head(), this.body);
    this.element = h("div.list", { role: "grid", "aria-label": "Lines", "aria-multiselectable": "true" }, this.scroller);
    this.observer = new IntersectionObserver((seen) => seen.forEach((entry) => this.#turn(entry.target.chunk, entry.isIntersecting)), { root: this.scroller, rootMargin: "900px 0px" });
    selection.watch((change) => this.#paintSelection(change));
    selection.watch(() => selection.active && remember("line", selection.active));
    filter.onChange = () => this.#build();
    lines.watch((changed) => this.#take(changed));
    new ResizeObserver(throttle(120, () => this.#chunks.forEach((chunk) => chunk.isFilled || (chunk.px = 0)))).observe(this.scroller);
  }

  get order() {
    return this.#shown;
  }

  #take(changed) {
    if (changed === null) {
      this.#scale_ms = budgetScale(lines.list);
      this.selection.keep(lines.order);
      this.#build();
      if (!this.selection.active && this.#shown.length) this.#start();
      return;
    }
    for (const id of changed) this.#views.get(id)?.paint(lines.rows.get(id), this.#scale_ms);
    if (changed.size) this.filter.paintCounts();
  }

  /** The first line, or after a reload the one that was selected then. */
  #start() {
    const id = this.#shown.includes(this.#wanted) ? this.#wanted : this.#shown[0];
    this.#wanted = "";
    this.selection.only(id);
    this.reveal(id);
  }

  #build() {
    const anchor = this.scroller.scrollTop;
    const draft = [...this.#views.values()].map((view) => view.draft).find(Boolean);
    this.#shown = this.filter.arrange(lines.order.filter((id) => id === draft?.id || this.filter.passes(lines.rows.get(id))));
    this.element.classList.toggle("no-picture", !lines.desk.has_picture);
    this.observer.disconnect();
    this.#views.clear();
    this.#chunks = [];
    for (let at = 0; at < this.#shown.length; at += CHUNK_LINES) this.#chunks.push(this.#chunk(this.#shown.slice(at, at + CHUNK_LINES)));
    clear(this.body, this.#chunks.map((chunk) => chunk.element));
    if (!this.#shown.length) clear(this.body, this.#empty());
    this.#chunks.forEach((chunk) => this.observer.observe(chunk.element));
    this.scroller.scrollTop = anchor;
    if (draft) this.reveal(draft.id)?.resume(draft);
    this.filter.paintCounts();
  }

  #chunk(ids) {
    const element = h("div.chunk", { style: `height:${ids.length * ROW_PX}px` });
    const chunk = { ids, element, isFilled: false, px: 0 };
    element.chunk = chunk;
    return chunk;
  }

  #turn(chunk, isNear) {
    if (isNear && !chunk.isFilled) this.#fill(chunk);
    else if (!isNear && chunk.isFilled && !chunk.element.contains(document.activeElement)) this.#drain(chunk);
  }

  #fill(chunk) {
    chunk.isFilled = true;
    chunk.element.style.height = "";
    clear(
      chunk.element,
      chunk.ids.map((id) => {
        const view = new RowView(id, this);
        this.#views.set(id, view);
        view.paint(lines.rows.get(id), this.#scale_ms);
        view.select(this.selection.ids.has(id), this.selection.active === id);
        return view.element;
      }),
    );
  }

  #drain(chunk) {
    if (chunk.element.offsetHeight) chunk.element.style.height = `${chunk.element.offsetHeight}px`;
    chunk.isFilled = false;
    for (const id of chunk.ids) this.#views.delete(id);
    clear(chunk.element);
  }

  #paintSelection({ before, was }) {
    for (const id of new Set([...before, ...this.selection.ids, was, this.selection.active])) {
      this.#views.get(id)?.select(this.selection.ids.has(id), this.selection.active === id);
    }
  }

  /** Bring a line into view; its chunk is filled first if need be. */
  reveal(id) {
    const chunk = this.#chunks.find((one) => one.ids.includes(id));
    if (!chunk) return null;
    if (!chunk.isFilled) {
      chunk.element.scrollIntoView({ block: "nearest" });
      this.#fill(chunk);
    }
    const view = this.#views.get(id);
    view.element.scrollIntoView({ block: "nearest" });
    return view;
  }

  edit(id) {
    this.selection.only(id);
    this.reveal(id)?.edit();
  }

  /** Select the line `by` places further, and show it. */
  step(by) {
    const at = this.#shown.indexOf(this.selection.active);
    const id = this.#shown[Math.max(0, Math.min(this.#shown.length - 1, at + by))];
    if (!id) return;
    this.selection.only(id);
    this.reveal(id);
  }

  /** The next line that needs work: over budget, empty, or not voiced to its text; goes round at the end. */
  nextUnfit() {
    const from = lines.order.indexOf(this.selection.active);
    const turn = [...lines.order.slice(from + 1), ...lines.order.slice(0, Math.max(0, from))];
    const id = turn.find((one) => ["over", "empty"].includes(lines.rows.get(one).fit?.fit ?? "empty"));
    if (!id) return false;
    if (!this.#shown.includes(id)) this.filter.reset();
    this.selection.only(id);
    this.reveal(id);
    return true;
  }

  /** Come from elsewhere on the page: whatever is filtered or searched for gives way. */
  jump(id) {
    if (!lines.rows.has(id)) return;
    if (!this.#shown.includes(id)) this.filter.reset();
    this.selection.only(id);
    this.reveal(id);
  }

  click(event, id) {
    if (event.shiftKey) this.selection.range(id, this.#shown);
    else if (event.ctrlKey || event.metaKey) this.selection.toggle(id);
    else this.selection.only(id);
  }

  #empty() {
    if (lines.isLoading) return h("div.empty", {}, h("p", {}, "Loading the lines…"));
    if (!lines.desk.project_id) return h("div.empty", {}, h("h3", {}, "No project is open"), h("p", {}, "Open one on the Projects tab, or drop a video on the Upload tab."));
    if (lines.order.length) return h("div.empty", {}, h("h3", {}, "No line matches"), h("p", {}, "Take another filter above, or empty the search."));
    const step = lines.desk.has_media ? "Press “Find lines” on the Upload tab, upload a script there, or add lines by hand." : "Upload a video or a script on the Upload tab first.";
    return h("div.empty", {}, h("h3", {}, "No lines yet"), h("p", {}, step));
  }
}

const HEADS = [["", "n"], ["Speaker · in", "who"], ["Source", "src"], ["Translation", "tgt"], ["Budget", "bar"], ["Δ s", "num"], ["P", "num p"], ["Lips", "lips"], ["Status", "st"]];
const head = () => h("div.row.head", { role: "row" }, HEADS.map(([text, kind]) => h(`span.${kind.replace(" ", ".")}`, { role: "columnheader" }, text)));
