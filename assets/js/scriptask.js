// A script that was dropped and waits for an answer: what it would change, line by line, or why it seems to be another video's.
// Enter: the studio's view, a new `ask` with every question. Leave: "taken" or "left"; nothing is done before one of them.

import { diff } from "./desk/diff.js";
import { clear, h, own } from "./dom.js";
import { count } from "./format.js";

const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u;
const TEXTS = new Set(["source", "translation", "notes"]);
const STATES = { draft: "draft", adapted: "adapted", approved: "approved", locked: "locked" };

export function mount({ element, props, trigger, watch }) {
  let asked = "";
  element.className = "island scriptask";
  clear(element);
  const paint = () => {
    const view = props.value;
    if (!view?.ask || view.ask === asked) return;
    asked = view.ask;
    new Question(view, trigger).open();
  };
  watch("value", paint);
  paint();
}

class Question {
  #answer = "left";

  constructor(view, trigger) {
    [this.view, this.trigger] = [view, trigger];
    this.isUpdate = view.mode === "update";
    const isEmpty = this.isUpdate && !view.changed && !view.added;
    const cancel = h("button.btn", { onclick: () => this.dialog.close() }, isEmpty ? "Close" : "Cancel");
    const isGrave = view.doubts.length > 0 || view.replaces > 0;
    const go = isEmpty ? null : h(`button.btn${isGrave ? "" : ".primary"}`, { onclick: () => this.#take() }, this.#does());
    this.dialog = h("dialog.script-ask", { "aria-labelledby": "script-ask-title" }, h("h2", { id: "script-ask-title" }, this.#title()), this.#body(isEmpty), h("div.end", {}, h("span.grow"), cancel, go));
    this.first = isGrave || isEmpty ? cancel : go;
    this.dialog.addEventListener("close", () => this.#close());
  }

  open() {
    (document.querySelector(".gradio-container") ?? document.body).append(this.dialog); // where the page has its letters
    this.dialog.showModal();
    this.first.focus();
  }

  #take() {
    this.#answer = "taken";
    this.dialog.close();
  }

  #close() {
    this.dialog.remove();
    this.trigger(this.#answer, { ask: this.view.ask, mark: this.view.mark });
  }

  #title() {
    const name = own(`“${this.view.name}”`);
    if (this.view.replaces) return [h("span", {}, "Replace the lines by"), own(" "), name];
    return this.isUpdate ? [h("span", {}, "Update the lines from"), own(" "), name] : [name, own(" "), h("span", {}, "seems to be for another video")];
  }

  /** What the button does, doubts and all. */
  #does() {
    const { changed, added, doubts, replaces } = this.view;
    if (replaces) return `Replace ${count(replaces, "line")}`;
    if (!this.isUpdate) return "Take it anyway";
    const parts = [changed ? `Update ${count(changed, "line")}` : "", added ? `${changed ? "add" : "Add"} ${count(added, "line")}` : ""].filter(Boolean);
    const does = parts.flatMap((part, at) => (at ? [own(", "), h("span", {}, part)] : [h("span", {}, part)]));
    return doubts.length ? [...does, h("span", {}, "anyway")] : does;
  }

  #body(isEmpty) {
    const { doubts, notice } = this.view;
    const doubting = doubts.length ? h("div.doubts", { role: "alert" }, this.isUpdate || this.view.replaces ? h("b", {}, "It seems to be for another video.") : null, h("ul", {}, doubts.map((doubt) => h("li", {}, doubt)))) : null;
    if (this.view.replaces) return [doubting, this.#goes()];
    if (!this.isUpdate) return [doubting, h("p.dim", {}, "Nothing was changed.")];
    return [
      notice ? h("p", { role: "status" }, notice) : null,
      doubting,
      this.#counts(),
      isEmpty ? h("p", {}, "There is nothing to change.") : h("p.dim", {}, "It happens as one action, which undo takes back."),
      this.#table(),
      this.#more("New lines", this.view.new, this.view.added),
      this.#more("Locked, left alone", this.view.left_alone, this.view.locked),
      this.#more("Not in the script, kept", this.view.missing, this.view.unmatched),
    ];
  }

  /** What a script that becomes the lines puts away. */
  #goes() {
    const { replaces, closed } = this.view;
    const many = `${count(replaces, "line")} of this project give way to those of the script, with their translations${closed ? `; ${closed} of them are approved or locked` : ""}.`;
    return [h("p", {}, many), h("p.dim", {}, "To keep them and change only what differs, cancel, and choose “updates the lines it knows”. It happens as one action, which undo takes back.")];
  }

  #counts() {
    const { changed, added, locked, unmatched, same } = this.view;
    const one = (many, label) => h(`div${many ? "" : ".none"}`, {}, h("dt", {}, label), h("dd", {}, own(String(many))));
    return h("dl.counts", {}, one(changed, "changed"), one(added, "new"), one(locked, "locked"), one(unmatched, "not in the script"), one(same, "the same"));
  }

  #table() {
    const { rows, more_rows } = this.view;
    if (!rows.length) return null;
    const head = h("thead", {}, h("tr", {}, ["Line", "What", "Before", "After"].map((title) => h("th", { scope: "col" }, title))));
    const body = rows.map((row, at) => {
      const [before, after] = sides(row);
      const isFirst = rows[at - 1]?.number !== row.number;
      return h(`tr${isFirst ? ".first" : ""}`, {}, h("td.n", {}, own(isFirst ? String(row.number) : "")), h("td.what", {}, row.field), h("td", { dir: "auto" }, before), h("td", { dir: "auto" }, after));
    });
    const more = more_rows ? h("p.dim", {}, `${more_rows} more changes are not shown here.`) : null;
    return [h("div.changes", { tabindex: "0", role: "region", "aria-label": "What would change" }, h("table", {}, head, h("tbody", {}, body))), more];
  }

  #more(title, shown, many) {
    if (!many) return null;
    const rest = many - shown.length;
    return h("details", {}, h("summary", {}, h("span", {}, title), own(` ${many}`)), h("ul", {}, shown.map((item) => h("li", { dir: "auto" }, own(item))), rest ? h("li.dim", {}, `and ${rest} more`) : null));
  }
}

/** Before and after; of texts, the words that go and come are marked. */
function sides({ field, before, after }) {
  if (!TEXTS.has(field)) return [said(field, before), said(field, after)];
  const parts = diff(before, after, UNSPACED.test(before + after) ? "zh" : "en");
  const side = (kind, tag, text) => (text ? parts.filter((part) => part.kind === "same" || part.kind === kind).map((part) => (part.kind === kind ? h(tag, {}, own(part.text)) : own(part.text))) : [h("span.dim", {}, "nothing")]);
  return [side("out", "del", before), side("in", "ins", after)];
}

const said = (field, text) => (field === "status" ? h("span", {}, STATES[text] ?? text) : text ? own(text) : h("span.dim", {}, "nothing"));
