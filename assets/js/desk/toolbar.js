// Above the list: chips that narrow it, the filter box, and what can be done with all or with the selected lines.
// A chip is a term of the filter line: pressing several narrows further, pressing one again widens.

import { clear, h, own, tell, throttle } from "../dom.js";
import { count } from "../format.js";
import { lines } from "../lines.js";
import { areOff, isSeen } from "../lips.js";
import { FilterBox } from "./filterbox.js";
import { openBulk } from "./bulk.js";
import { openMenu } from "./menu.js";
import { notesOn, watchNotes } from "./notecount.js";
import { openReplace } from "./replace.js";
import { openSpeakers } from "./speakers.js";

const SURE_MS = 4000;
const COUNT_MS = 60;
const CHIPS = [
  ["over", "Over budget", (row) => row.fit?.fit === "over"],
  ["screen:on", "On screen", isSeen],
  ["lips:off", "Lips off", areOff],
  ["open", "To approve", (row) => !["approved", "locked"].includes(row.status)],
  ["noted", "Notes", (row) => notesOn(row.id) > 0],
  ["flagged", "Flags", (row) => row.flags.length > 0],
  ["unvoiced", "Unvoiced", (row) => row.target.trim() !== "" && row.voiced !== "voiced"],
  ["empty", "Empty", (row) => !row.target.trim()],
  ["short", "Short", (row) => row.is_short],
];
const ALWAYS = new Set(["over", "open"]); // the others only where there is such a line
const WARNS = new Set(["over"]);

export class Toolbar {
  constructor(selection, sieve, actions) {
    [this.selection, this.sieve, this.actions] = [selection, sieve, actions];
    this.chips = h("div.chips", { role: "group", "aria-label": "Filter" });
    this.box = new FilterBox(sieve);
    this.buttons = h("div.buttons", { role: "group", "aria-label": "Actions" });
    this.rest = h("button.btn.small.rest", { hidden: true, "aria-haspopup": "menu", onclick: () => this.#openRest() }, "More");
    this.element = h("div.toolbar", {}, h("div.bar", {}, this.chips, this.box.element), this.box.problems, h("div.bar.acts", {}, this.buttons, this.rest));
    selection.watch(() => this.#paintSoon());
    lines.watch(() => this.paintCounts());
    watchNotes(() => this.paintCounts());
    this.#paintButtons();
    new ResizeObserver(throttle(COUNT_MS, this.#tuck)).observe(this.element);
  }

  /** Counting five thousand lines is cheap once, not once per row. */
  paintCounts = throttle(COUNT_MS, () => {
    this.#paintChips();
    this.#paintButtons();
  });

  #paintSoon = throttle(0, () => this.#paintButtons());

  #paintChips() {
    const rows = lines.list;
    const held = document.activeElement?.dataset?.term;
    const chip = (term, label, many) => {
      const isOn = term ? this.sieve.has(term) : !this.sieve.isOn;
      const press = () => (term ? this.sieve.toggle(term) : this.sieve.reset());
      return h(`button.chip${isOn ? ".on" : ""}`, { "aria-pressed": String(isOn), "data-term": term, onclick: press }, label, own(" "), h(`b${WARNS.has(term) && many ? ".bad" : ""}`, {}, own(String(many))));
    };
    const narrowing = CHIPS.map(([term, label, test]) => [term, label, rows.reduce((sum, row) => sum + (test(row) ? 1 : 0), 0)]);
    clear(this.chips, chip("", "All", rows.length), narrowing.filter(([term, , many]) => many || ALWAYS.has(term) || this.sieve.has(term)).map((one) => chip(...one)));
    tuck([...this.chips.children], (chip) => !chip.classList.contains("on"));
    if (held !== undefined) [...this.chips.children].find((one) => one.dataset.term === held)?.focus();
    this.box.paint();
  }

  /** Chips stay on one line; the builder has them all, and pressed ones never go. */
  #tuck = () => {
    tuck([...this.chips.children], (chip) => !chip.classList.contains("on"));
    this.#paintButtons();
  };

  /** What found no room in the bar. */
  #openRest() {
    const hidden = [...this.buttons.children].filter((one) => one.hidden && one.tagName === "BUTTON");
    openMenu(this.rest, "More", () => hidden.map((one) => ({ label: one.textContent, isOff: one.disabled, isData: true, run: () => one.click() })));
  }

  #paintButtons() {
    const { actions, selection } = this;
    const ids = selection.inOrder(lines.order);
    const over = lines.list.filter((row) => row.fit?.fit === "over" && !["approved", "locked"].includes(row.status)).length;
    const has = lines.order.length > 0;
    const held = this.buttons.contains(document.activeElement) ? [...this.buttons.children].indexOf(document.activeElement) : -1;
    const button = (label, does, isOn, title = "") => h("button.btn.small", { disabled: !isOn, onclick: does, title }, label);
    clear(
      this.buttons,
      button("Translate all", () => actions.submit("translate"), has, "Wordings for every line that has none"),
      button("Voice all", () => actions.submit("voice"), has, "Takes for every line whose take is missing or old"),
      button(`Regenerate over budget${over ? ` (${over})` : ""}`, () => actions.regenerateOver(), over > 0, "New wordings and takes for every line that cannot fit"),
      h("span.sep"),
      button(ids.length > 1 ? `Regenerate ${ids.length}` : "Regenerate", () => actions.regenerate(ids), ids.length > 0, "New wordings and takes for the selected lines (R)"),
      button(ids.length > 1 ? `Approve ${ids.length}` : "Approve", () => actions.approve(ids), ids.length > 0, "The selected lines are done (A)"),
      button(ids.length > 1 ? `Change ${ids.length}…` : "Change…", (event) => openBulk(event.currentTarget, selection, actions), ids.length > 0, "Status, speaker, voice, scales and times of the selected lines"),
      h("span.sep"),
      button("Add", () => actions.add(), Boolean(lines.desk.project_id), "A new line after the selected one"),
      button("Split", () => this.#split(ids[0]), ids.length === 1, "Cut the selected line in two"),
      button("Merge", () => actions.merge(ids), ids.length > 1, "Join the selected lines into one"),
      button("Delete", (event) => this.#remove(event.currentTarget, ids), ids.length > 0, "Remove the selected lines"),
      h("span.sep"),
      button("Replace…", () => openReplace(selection, actions), has, "Search and replace, with a look at every place first"),
      button("Speakers…", () => openSpeakers(this.selection, this.actions), has, "Names and voices; merge and split"),
    );
    tuck([...this.buttons.children], () => true);
    this.rest.hidden = ![...this.buttons.children].some((one) => one.hidden && one.tagName === "BUTTON");
    if (held >= 0) this.buttons.children[held]?.focus();
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
    tell(button, `Delete ${count(ids.length, "line")}?`);
    button.classList.add("danger");
    setTimeout(() => button.isConnected && this.#paintButtons(), SURE_MS);
  }
}

/** Keep a bar on one line: the last parts that find no room and `may` go are hidden. */
function tuck(parts, may) {
  parts.forEach((part) => (part.hidden = false));
  const isOut = () => parts.some((part) => !part.hidden && part.offsetTop > parts[0].offsetTop + 8);
  for (const part of [...parts].reverse()) {
    if (!isOut()) return;
    part.hidden = may(part);
  }
}
