// The line list: an ARIA grid. Lines live in chunks; a chunk has its rows in the document only while it is near the view, and
// rows say their place among all lines. The active line alone can be reached with Tab; laying out anew never loses the keyboard.

import { throttle, clear, h } from "../dom.js";
import { budgetScale } from "../budget.js";
import { remember, rememberSoon, remembered } from "../address.js";
import { refusal } from "../api.js";
import { lines } from "../lines.js";
import { toast } from "../toast.js";
import { template, textColumn } from "./columns.js";
import { Heads } from "./heads.js";
import { keptTexts } from "./kept.js";
import { watchNotes } from "./notecount.js";
import { RowView } from "./row.js";

const CHUNK_LINES = 16;
const ROW_PX = 54;
const GAP_PX = 10;
const ADDRESS_MS = 300; // browsers take the address amiss when it changes with every key

export class LineList {
  kept = new Map(); // line → {text, why}: typed, but refused by the studio
  #shown = []; // ids that pass the filter, in order
  #places = new Map(); // id → its place among them
  #chunks = [];
  #views = new Map(); // id → RowView, only for rows in the document
  #scale_ms = 4000;
  #fitted = { columns: [], isStacked: false };
  #wanted = remembered("line"); // where the page was before it was loaded anew

  constructor(selection, sieve, actions, columns) {
    [this.selection, this.sieve, this.actions, this.columns] = [selection, sieve, actions, columns];
    this.heads = new Heads(sieve, columns);
    this.body = h("div.rows", { role: "rowgroup" });
    this.scroller = h("div.scroller", { tabindex: "-1", role: "grid", "aria-label": "Lines", "aria-multiselectable": "true" }, this.heads.element, this.body);
    this.element = h("div.list", {}, this.scroller, this.heads.menu);
    this.observer = new IntersectionObserver((seen) => seen.forEach((entry) => this.#turn(entry.target.chunk, entry.isIntersecting)), { root: this.scroller, rootMargin: "700px 0px" });
    selection.watch((change) => this.#paintSelection(change));
    const rememberLine = throttle(ADDRESS_MS, () => selection.active && remember("line", selection.active));
    selection.watch(() => {
      if (selection.active) rememberSoon("line", selection.active);
      rememberLine();
    });
    sieve.watch(() => this.#build({ isNewShape: true }));
    columns.onChange = () => this.#fit({ isForced: true });
    lines.watch((changed) => this.#take(changed));
    refusal.isOpen = () => [...this.kept.keys()].some((id) => lines.rows.has(id));
    refusal.onRefused = (project, { line_id, target }, why) => this.#keepLate(project, line_id, { text: target, why });
    watchNotes((ids) => this.#take(new Set(ids)));
    this.scroller.addEventListener("focus", () => this.#focusActive());
    new ResizeObserver(throttle(120, () => this.#fit())).observe(this.scroller);
  }

  get order() {
    return this.#shown;
  }

  #take(changed) {
    if (changed === null) {
      this.kept = keptTexts(lines.desk.project_id);
      refusal.settled();
      this.#scale_ms = budgetScale(lines.list);
      this.selection.keep(lines.order);
      this.#fit({ isForced: true });
      if (!this.selection.active && this.#shown.length) this.#start();
      return;
    }
    for (const id of changed) if (lines.rows.has(id)) this.#views.get(id)?.paint(lines.rows.get(id), this.#scale_ms);
  }

  /** The first line, or after a reload the one that was selected then. */
  #start() {
    const id = this.#places.has(this.#wanted) ? this.#wanted : this.#shown[0];
    this.#wanted = "";
    this.selection.only(id);
    this.reveal(id);
  }

  /** Choose the columns there is room for; another set of columns lays the list out anew. */
  #fit({ isForced = false } = {}) {
    const fitted = this.columns.fitted(this.scroller.clientWidth || 900, GAP_PX);
    const keys = ({ columns, isStacked }) => `${isStacked}${columns.map((column) => column.key)}`;
    const isSame = keys(fitted) === keys(this.#fitted);
    this.#fitted = fitted;
    this.element.style.setProperty("--cols", template(fitted));
    this.element.style.setProperty("--text-col", String(textColumn(fitted)));
    this.element.classList.toggle("stacked", fitted.isStacked);
    this.scroller.setAttribute("aria-colcount", String(fitted.columns.length));
    if (!isSame) this.heads.paint(fitted.columns);
    if (!isSame || isForced) this.#build();
  }

  #build({ isNewShape = false } = {}) {
    const anchor = this.scroller.scrollTop;
    const draft = [...this.#views.values()].map((view) => view.draft).find(Boolean);
    const hadKeyboard = this.body.contains(document.activeElement);
    this.#shown = this.sieve.shown(lines.order, draft?.id);
    this.#places = new Map(this.#shown.map((id, at) => [id, at]));
    this.scroller.setAttribute("aria-rowcount", String(this.#shown.length + 1));
    this.observer.disconnect();
    this.#views.clear();
    this.#chunks = [];
    for (let at = 0; at < this.#shown.length; at += CHUNK_LINES) this.#chunks.push(this.#chunk(at));
    clear(this.body, this.#shown.length ? this.#chunks.map((chunk) => chunk.element) : this.#empty());
    this.#fillView(anchor);
    this.#chunks.forEach((chunk) => this.observer.observe(chunk.element));
    this.heads.paintSort();
    this.onBuilt();
    this.scroller.scrollTop = anchor;
    if (isNewShape && !draft) this.#keepPlace();
    if (draft) this.reveal(draft.id)?.resume(draft);
    else if (hadKeyboard) this.#focusActive();
    this.#paintTabStop();
  }

  onBuilt = () => {};

  /** Under another filter or order: stay with the active line where it is shown, else begin at the top. */
  #keepPlace() {
    if (this.#places.has(this.selection.active)) this.reveal(this.selection.active, "center");
    else this.scroller.scrollTop = 0;
  }

  #chunk(from) {
    const ids = this.#shown.slice(from, from + CHUNK_LINES);
    const element = h("div.chunk", { role: "presentation", style: `height:${ids.length * ROW_PX}px` });
    const chunk = { ids, from, element, isFilled: false };
    element.chunk = chunk;
    return chunk;
  }

  /** About what is in view, at once: no frame is without lines. The observer sees to the rest. */
  #fillView(top_px) {
    const first = Math.floor(top_px / (CHUNK_LINES * ROW_PX));
    for (const chunk of this.#chunks.slice(first, first + 2)) this.#fill(chunk);
  }

  #turn(chunk, isNear) {
    if (isNear && !chunk.isFilled) this.#fill(chunk);
    else if (!isNear && chunk.isFilled && !chunk.element.contains(document.activeElement)) this.#drain(chunk);
  }

  #fill(chunk) {
    chunk.isFilled = true;
    chunk.element.style.height = "";
    const rows = chunk.ids.map((id, at) => {
      const view = new RowView(id, this, this.#fitted.columns);
      this.#views.set(id, view);
      view.paint(lines.rows.get(id), this.#scale_ms);
      view.place(chunk.from + at + 2);
      view.select(this.selection.ids.has(id), this.selection.active === id);
      return view.element;
    });
    clear(chunk.element, rows);
    if (chunk.ids.includes(this.selection.active)) this.#paintTabStop();
  }

  #drain(chunk) {
    if (chunk.element.offsetHeight) chunk.element.style.height = `${chunk.element.offsetHeight}px`;
    chunk.isFilled = false;
    for (const id of chunk.ids) this.#views.delete(id);
    clear(chunk.element);
    this.#paintTabStop();
  }

  #paintSelection({ before, was }) {
    for (const [id, view] of this.#views) {
      if (before.has(id) || this.selection.ids.has(id) || id === was || id === this.selection.active) view.select(this.selection.ids.has(id), this.selection.active === id);
    }
    this.#paintTabStop();
  }

  /** While the active line is out of the document, Tab reaches the scroller, which brings it back. */
  #paintTabStop() {
    this.scroller.tabIndex = this.#views.has(this.selection.active) || !this.#shown.length ? -1 : 0;
  }

  #focusActive() {
    const view = this.#places.has(this.selection.active) ? this.reveal(this.selection.active) : this.#views.get(this.#shown[0]);
    (view?.element ?? this.scroller.querySelector("[role=columnheader] button") ?? this.scroller).focus({ preventScroll: true });
  }

  /** Bring a line into view; its chunk is filled first if need be. */
  reveal(id, block = "nearest") {
    const chunk = this.#chunks[Math.floor((this.#places.get(id) ?? -1) / CHUNK_LINES)];
    if (!chunk) return null;
    if (!chunk.isFilled) {
      chunk.element.scrollIntoView({ block: "nearest" });
      this.#fill(chunk);
    }
    const view = this.#views.get(id);
    view.element.scrollIntoView({ block });
    return view;
  }

  /** The keyboard goes to the lines: to the active one where it is shown, else to the first. */
  enter() {
    if (!this.#places.has(this.selection.active) && this.#shown.length) this.selection.only(this.#shown[0]);
    this.#focusActive();
  }

  edit(id) {
    this.selection.only(id);
    this.reveal(id)?.edit();
  }

  /** Select the line `by` places further, and show it; with `isAdding` what was selected stays so. */
  step(by, isAdding = false) {
    const at = this.#places.get(this.selection.active) ?? -1;
    const id = this.#shown[Math.max(0, Math.min(this.#shown.length - 1, at + by))];
    if (!id) return;
    isAdding ? this.selection.extend(id, this.#shown) : this.selection.only(id);
    this.#go(id);
  }

  stepPage(by) {
    const row = this.#views.get(this.selection.active)?.element.offsetHeight || ROW_PX;
    this.step(by * Math.max(1, Math.floor(this.scroller.clientHeight / row) - 1));
  }

  #go(id) {
    const view = this.reveal(id);
    const at = document.activeElement;
    if (at === document.body || this.element.contains(at)) view?.element.focus({ preventScroll: true });
  }

  /** The next line that needs work: over budget, empty, or not voiced to its text; goes round at the end. */
  nextUnfit(by = 1) {
    const from = lines.order.indexOf(this.selection.active);
    const turn = [...lines.order.slice(from + 1), ...lines.order.slice(0, Math.max(0, from))];
    if (by < 0) turn.reverse();
    const id = turn.find((one) => ["over", "empty"].includes(lines.rows.get(one).fit?.fit ?? "empty"));
    if (id) this.jump(id);
    return Boolean(id);
  }

  /** Come from elsewhere on the page: whatever is filtered or searched for gives way. */
  jump(id) {
    if (!lines.rows.has(id)) return;
    if (!this.#places.has(id)) this.sieve.reset();
    this.selection.only(id);
    this.#go(id);
  }

  click(event, id) {
    if (event.shiftKey) this.selection.range(id, this.#shown);
    else if (event.ctrlKey || event.metaKey) this.selection.toggle(id);
    else this.selection.only(id);
  }

  /** Hold a refused text, or let it go. */
  keep(id, value) {
    value ? this.kept.set(id, value) : this.kept.delete(id);
    keptTexts(lines.desk.project_id, this.kept);
    refusal.settled();
  }

  /** Refused long after it was typed, when the studio answered again: it waits on its line all the same. */
  #keepLate(project, id, value) {
    if (project === lines.desk.project_id) {
      this.keep(id, value);
      if (lines.rows.has(id)) this.#views.get(id)?.paint(lines.rows.get(id), this.#scale_ms);
    } else keptTexts(project, keptTexts(project).set(id, value));
  }

  /** Enter had gone on to the next line before the studio refused: back to the text, unless something is being typed elsewhere. */
  comeBack(id) {
    const at = document.activeElement;
    if (at !== document.body && (!this.element.contains(at) || at.matches("input, textarea"))) return;
    if (this.#places.has(id)) this.edit(id);
  }

  say(sentence) {
    toast(sentence);
  }

  #empty() {
    return h("div.empty", { role: "row" }, h("div", { role: "gridcell" }, this.#whyEmpty()));
  }

  #whyEmpty() {
    if (lines.isLoading) return h("p", {}, "Loading the lines…");
    if (!lines.desk.project_id) return [h("h3", {}, "No project is open"), h("p", {}, "Open one on the Projects tab, or drop a video on the Upload tab.")];
    if (lines.order.length) return [h("h3", {}, "No line matches"), h("p", {}, "Take another filter above, or empty the search."), h("button.btn", { onclick: () => this.sieve.reset() }, "Show all lines")];
    const step = lines.desk.has_media ? "Press “Find lines” on the Upload tab, upload a script there, or add lines by hand." : "Upload a video or a script on the Upload tab first.";
    return [h("h3", {}, "No lines yet"), h("p", {}, step)];
  }
}
