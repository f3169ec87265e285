// Above the list: chips that narrow it, the filter box, and what can be done with all or with the selected lines.
// A chip is a term of the filter line: pressing several narrows further, pressing one again widens.

import { clear, h, own, tell, throttle } from "../dom.js";
import { count } from "../format.js";
import { lines } from "../lines.js";
import { areOff, isSeen } from "../lips.js";
import { FilterBox } from "./filterbox.js";
import { openBulk } from "./bulk.js";
import { perform } from "./commands.js";
import { openMenu } from "./menu.js";
import { notesOn, watchNotes } from "./notecount.js";
import { openReplace } from "./replace.js";
import { openSpeakers } from "./speakers.js";
import { toast } from "../toast.js";

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
const NARROW = "(max-width: 1000px)"; // there the chips take as many lines as they need
const WARNS = new Set(["over"]);

export class Toolbar {
  #made = new Map(); // what it does → its button
  #chips = new Map(); // term → its chip

  constructor(selection, sieve, actions) {
    [this.selection, this.sieve, this.actions] = [selection, sieve, actions];
    this.chips = h("div.chips", { role: "group", "aria-label": "Filter" });
    this.box = new FilterBox(sieve);
    this.buttons = h("div.buttons", { role: "group", "aria-label": "Actions" });
    this.further = h("button.btn.small.further", { hidden: true, "aria-haspopup": "menu", onclick: () => this.#openFurther() }, "More");
    this.element = h("div.toolbar", {}, h("div.bar", {}, this.chips, this.box.element), this.box.problems, h("div.bar.acts", {}, this.buttons, this.further));
    this.#makeButtons();
    selection.watch(() => this.#paintSoon());
    lines.watch(() => this.paintCounts());
    watchNotes(() => this.paintCounts());
    this.#paintButtons();
    new ResizeObserver(throttle(COUNT_MS, this.#tuck)).observe(this.element);
  }

  buttonOf(key) {
    const button = this.#made.get(key);
    return button.hidden ? this.further : button;
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
    const chip = (term, label, many) => this.#chip(term, label, many);
    const narrowing = CHIPS.map(([term, label, test]) => [term, label, rows.reduce((sum, row) => sum + (test(row) ? 1 : 0), 0)]);
    const shown = [chip("", "All", rows.length), ...narrowing.filter(([term, , many]) => many || ALWAYS.has(term) || this.sieve.has(term)).map((one) => chip(...one))];
    if (shown.length !== this.chips.children.length || shown.some((one, at) => one !== this.chips.children[at])) this.chips.replaceChildren(...shown);
    this.#tuckChips();
    if (held !== undefined) [...this.chips.children].find((one) => one.dataset.term === held)?.focus();
    this.box.paint();
  }

  /** Made once and repainted in place: one that is replaced between press and release would never be pressed. */
  #chip(term, label, many) {
    if (!this.#chips.has(term)) this.#chips.set(term, h("button.chip", { "data-term": term, onclick: () => (term ? this.sieve.toggle(term) : this.sieve.reset(), this.box.paint()) }, label, own(" "), h("b")));
    const made = this.#chips.get(term);
    const isOn = term ? this.sieve.has(term) : !this.sieve.isOn;
    made.classList.toggle("on", isOn);
    made.setAttribute("aria-pressed", String(isOn));
    const count = made.lastElementChild;
    count.classList.toggle("bad", WARNS.has(term) && many > 0);
    if (count.textContent !== String(many)) count.replaceChildren(own(String(many)));
    return made;
  }

  /** Chips stay on one line; the builder has them all, and pressed ones never go. */
  #tuck = () => {
    this.#tuckChips();
    this.#paintButtons();
  };

  #tuckChips() {
    tuck(matchMedia(NARROW).matches ? [] : [...this.chips.children], (chip) => !chip.classList.contains("on"));
  }

  /** What found no room in the bar. */
  #openFurther() {
    const hidden = [...this.buttons.children].filter((one) => one.hidden && one.tagName === "BUTTON");
    openMenu(this.further, "More", () => hidden.map((one) => ({ label: one.textContent, isOff: one.disabled, isData: true, run: () => one.click() })));
  }

  /** The buttons are made once and say anew what they would do: none is lost under the keyboard. */
  #makeButtons() {
    const { actions, selection } = this;
    const chosen = () => selection.inOrder(lines.order);
    const add = (key, does, title) => this.#made.set(key, h("button.btn.small", { onclick: does, title }));
    add("translate", () => actions.submit("translate"), "Wordings for every line that has none");
    add("voice", () => actions.submit("voice"), "Takes for every line whose take is missing or old");
    add("over", () => actions.regenerateOver(), "New wordings and takes for every line that cannot fit");
    add("regenerate", () => actions.regenerate(chosen()), "New wordings and takes for the selected lines (R)");
    add("approve", () => actions.approve(chosen()), "The selected lines are done (A)");
    add("change", () => openBulk(this.#made.get("change"), selection, actions), "Status, speaker, voice, scales and times of the selected lines");
    add("add", () => actions.add(), "A new line after the selected one");
    add("split", () => this.#split(selection.active), "Cut the selected line in two");
    add("merge", () => actions.merge(chosen()), "Join the selected lines into one");
    add("delete", () => this.#remove(this.#made.get("delete"), chosen()), "Remove the selected lines");
    add("replace", () => openReplace(selection, actions), "Search and replace, with a look at every place first");
    add("speakers", () => openSpeakers(selection, actions), "Names and voices; merge and split");
    add("sign-off", () => perform("sign-off"), "Approve a speaker, a scene or everything, after a look at what that takes in");
    add("share-review", () => perform("share"), "A link to watch and comment, without an account and without the right to edit");
    const parts = [...this.#made].flatMap(([key, button]) => (["regenerate", "add", "replace", "sign-off"].includes(key) ? [h("span.sep"), button] : [button]));
    this.buttons.replaceChildren(...parts);
  }

  #paintButtons() {
    const many = this.selection.ids.size;
    const over = lines.list.filter((row) => row.fit?.fit === "over" && !["approved", "locked"].includes(row.status)).length;
    const has = lines.order.length > 0;
    const say = (key, label, isOn) => {
      const button = this.#made.get(key);
      if (key === "delete" && isOn && button.dataset.sure === this.selection.inOrder(lines.order).join()) return; // it waits for its second press
      if (button.dataset.label !== label || button.dataset.sure) clear(button, label);
      delete button.dataset.sure;
      button.classList.remove("danger");
      button.dataset.label = label;
      button.disabled = !isOn;
    };
    const some = (label, dots = "") => (many > 1 ? `${label} ${many}${dots}` : `${label}${dots}`);
    say("translate", "Translate all", has);
    say("voice", "Voice all", has);
    say("over", `Regenerate over budget${over ? ` (${over})` : ""}`, over > 0);
    say("regenerate", some("Regenerate"), many > 0);
    say("approve", some("Approve"), many > 0);
    say("change", some("Change", "…"), many > 0);
    say("add", "Add", Boolean(lines.desk.project_id));
    say("split", "Split", many === 1);
    say("merge", "Merge", many > 1);
    say("delete", "Delete", many > 0);
    say("replace", "Replace…", has);
    say("speakers", "Speakers…", has);
    say("sign-off", "Sign off…", has);
    say("share-review", "Share for review…", Boolean(lines.desk.project_id));
    tuck([...this.buttons.children], () => true);
    this.further.hidden = ![...this.buttons.children].some((one) => one.hidden && one.tagName === "BUTTON");
  }

  /** In the middle, or where the player stands when it stands inside the line. */
  #split(id) {
    const row = lines.rows.get(id);
    const at = document.querySelector(".desk video")?.currentTime * 1000;
    const isInside = at > row.start_ms + 100 && at < row.end_ms - 100;
    this.actions.split(id, Math.round(isInside ? at : (row.start_ms + row.end_ms) / 2));
  }

  /** Deleting takes two presses; the second says what goes. After a while, or when the selection moves, it asks anew. Under More it was
   *  looked for, and is told with the way back. */
  #remove(button, ids) {
    if (button.dataset.sure) return void this.actions.remove(ids);
    if (button.hidden) {
      this.actions.remove(ids);
      return toast(ids.length === 1 ? "The line is deleted; undo brings it back." : `${ids.length} lines are deleted; undo brings them back.`);
    }
    button.dataset.sure = ids.join();
    tell(button, `Delete ${count(ids.length, "line")}?`);
    button.classList.add("danger");
    setTimeout(() => button.dataset.sure && ((button.dataset.sure = "no more"), this.#paintButtons()), SURE_MS);
  }
}

/** Keep a bar on one line: the last parts that find no room and `may` go are hidden. */
function tuck(parts, may) {
  parts.forEach((part) => (part.hidden = false));
  if (!parts.length || !parts[0].offsetParent) return;
  const isOut = () => parts.some((part) => !part.hidden && part.offsetTop > parts[0].offsetTop + 8);
  for (const part of [...parts].reverse()) {
    if (!isOut()) return;
    part.hidden = may(part);
  }
}
