// Above the list: filters with counts, search, and what can be done with all or with the selected lines.

import { clear, h } from "../dom.js";
import { count } from "../format.js";
import { lines } from "../lines.js";
import { areOff, isSeen, worstFirst } from "../lips.js";
import { openSpeakers } from "./speakers.js";

const SURE_MS = 4000;
const RARE = new Set(["short", "seen", "lips"]); // shown only where there is such a line
const FILTERS = [
  ["all", "All", () => true],
  ["over", "Over budget", (row) => row.fit?.fit === "over"],
  ["short", "Short", (row) => row.is_short],
  ["seen", "On screen", isSeen],
  ["lips", "Lips off", areOff],
  ["empty", "Empty", (row) => !row.target.trim()],
  ["mute", "Not voiced", (row) => row.target.trim() && row.voiced !== "voiced"],
  ["open", "To approve", (row) => !["approved", "locked"].includes(row.status)],
];

export class Toolbar {
  onChange = () => {};
  #filter = "all";
  #words = "";

  constructor(selection, actions) {
    [this.selection, this.actions] = [selection, actions];
    this.chips = h("div.chips", { role: "group", "aria-label": "Filter" });
    this.search = h("input.search", { type: "search", placeholder: "Search source, text, speaker", "aria-label": "Search lines" });
    this.buttons = h("div.buttons", { role: "group", "aria-label": "Actions" });
    this.element = h("div.toolbar", {}, h("div.bar", {}, this.chips, this.search), h("div.bar", {}, this.buttons));
    this.search.addEventListener("input", () => ((this.#words = this.search.value.trim().toLowerCase()), this.onChange()));
    selection.watch(() => this.#paintButtons());
    this.#paintButtons();
  }

  passes(row) {
    const [, , test] = FILTERS.find(([name]) => name === this.#filter);
    return test(row) && (!this.#words || `${row.source}\n${row.target}\n${row.speaker}\n${row.number}`.toLowerCase().includes(this.#words));
  }

  /** Timeline order, but lines whose lips are off stand worst first. */
  arrange(ids) {
    return this.#filter === "lips" ? worstFirst(ids.map((id) => lines.rows.get(id))).map((row) => row.id) : ids;
  }

  reset() {
    this.#filter = "all";
    this.search.value = this.#words = "";
    this.onChange();
  }

  paintCounts() {
    const rows = lines.list;
    clear(
      this.chips,
      FILTERS.map(([name, label, test]) => {
        const many = rows.filter(test).length;
        if (RARE.has(name) && !many && name !== this.#filter) return null;
        return h(
          `button.chip${name === this.#filter ? ".on" : ""}`,
          { "aria-pressed": String(name === this.#filter), onclick: () => ((this.#filter = name), this.onChange()) },
          `${label} `,
          h(`b${name === "over" && many ? ".bad" : ""}`, {}, String(many)),
        );
      }),
    );
    this.#paintButtons();
  }

  #paintButtons() {
    const { actions, selection } = this;
    const ids = selection.inOrder(lines.order);
    const over = lines.list.filter((row) => row.fit?.fit === "over" && !["approved", "locked"].includes(row.status)).length;
    const has = lines.order.length > 0;
    const button = (label, does, isOn, title = "") => h("button.btn.small", { disabled: !isOn, onclick: does, title }, label);
    clear(
      this.buttons,
      button("Translate all", () => actions.submit("translate"), has, "Wordings for every line that has none"),
      button("Voice all", () => actions.submit("voice"), has, "Takes for every line whose take is missing or old"),
      button(`Regenerate over budget${over ? ` (${over})` : ""}`, () => actions.regenerateOver(), over > 0, "New wordings and takes for every line that cannot fit"),
      h("span.sep"),
      button(ids.length > 1 ? `Regenerate ${ids.length}` : "Regenerate", () => actions.regenerate(ids), ids.length > 0, "New wordings and takes for the selected lines (R)"),
      button(ids.length > 1 ? `Approve ${ids.length}` : "Approve", () => actions.approve(ids), ids.length > 0, "The selected lines are done (A)"),
      h("span.sep"),
      button("Add", () => actions.add(), Boolean(lines.desk.project_id), "A new line after the selected one"),
      button("Split", () => this.#split(ids[0]), ids.length === 1, "Cut the selected line in two"),
      button("Merge", () => actions.merge(ids), ids.length > 1, "Join the selected lines into one"),
      button("Delete", (event) => this.#remove(event.currentTarget, ids), ids.length > 0, "Remove the selected lines"),
      h("span.sep"),
      button("Speakers…", () => openSpeakers(this.selection, this.actions), has, "Names and voices; merge and split"),
    );
  }

  /** In the middle, or where the player stands when it stands inside the line. */
  #split(id) {
    const row = lines.rows.get(id);
    const at = document.querySelector(".desk video")?.currentTime * 1000;
    const isInside = at > row.start_ms + 100 && at < row.end_ms - 100;
    this.actions.split(id, Math.round(isInside ? at : (row.start_ms + row.end_ms) / 2));
  }

  /** Deleting takes two presses; the second says what goes. After a while, or when the selection moves, it asks anew. */
  #remove(button, ids) {
    if (button.dataset.sure) return void this.actions.remove(ids);
    button.dataset.sure = "yes";
    button.textContent = `Delete ${count(ids.length, "line")}?`;
    button.classList.add("danger");
    setTimeout(() => button.isConnected && this.#paintButtons(), SURE_MS);
  }
}
