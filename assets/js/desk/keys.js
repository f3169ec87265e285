// Keys of the page: a pressed key becomes a command of commands.js. Nothing fires while a dialog is open; while a person types,
// only what is meant for typing. The commands of the list itself are registered here; other modules register their own.

import { isShown, isTyping } from "../dom.js";
import { command, commandFor, keyName } from "./commands.js";

let desk = null;
let isListening = false;

export function bindKeys(element, parts) {
  desk = element;
  registerList(parts);
  listen();
}

/** Begin to answer keys; called by whatever part of the page is there first. */
export function listen() {
  if (isListening) return;
  isListening = true;
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
    const key = keyName(event);
    if (!key || belongsToControl(key, event.target)) return;
    const found = commandFor(key, placesOf(event.target));
    if (!found) return;
    event.preventDefault();
    if (!event.repeat || found.repeats) found.run(event);
  });
}

/** Where a key was pressed: what may answer it. A chord with Ctrl or Alt reaches the page's own commands from within a text too. */
function placesOf(target) {
  const isOnDesk = desk !== null && isShown(desk);
  if (isTyping(target)) return isOnDesk && desk.contains(target) ? ["typing"] : [];
  return isOnDesk ? ["lines", "typing", "page"] : ["page"];
}

const PRESSED = 'button, a[href], summary, [role="tab"], [role="button"], [role="menuitem"], [role="option"], [role="switch"], [role="checkbox"], input, select, audio, video';
const MOVED = '[role="tablist"], [role="slider"], [role="separator"], [role="menu"], [role="listbox"], [role="radiogroup"], input[type="range"], input[type="radio"], select, audio, video';

/** Space and Enter belong to a focused button first, arrows to whatever is moved by arrows. */
function belongsToControl(key, target) {
  if (!(target instanceof Element)) return false;
  if (["Space", "Enter"].includes(key)) return target.closest(PRESSED) !== null;
  return /^(?:Shift\+)?(?:Arrow|Home|End|Page)/.test(key) && target.closest(MOVED) !== null;
}

function registerList({ selection, list, panel, actions }) {
  const some = () => selection.ids.size > 0;
  const add = (id, title, keys, run, more = {}) => command(id, { title, group: "Lines", keys, run, ...more });
  add("line-down", "Next line", ["ArrowDown"], () => list.step(1), { repeats: true, footer: "move" });
  add("line-up", "Previous line", ["ArrowUp"], () => list.step(-1), { repeats: true, footer: "move" });
  add("next-unfit", "Next line that does not fit", ["N"], () => list.nextUnfit() || panel.say("Every line fits."), { repeats: true, footer: "next unfit" });
  add("previous-unfit", "Previous line that does not fit", ["Shift+N"], () => list.nextUnfit(-1) || panel.say("Every line fits."), { repeats: true });
  add("edit", "Edit the translation", ["Enter"], () => list.edit(selection.active), { when: () => Boolean(selection.active), footer: "edit" });
  add("approve", "Approve the selected lines, or take that back", ["A"], () => actions.approve([...selection.ids]), { when: some, footer: "approve" });
  add("regenerate", "New wordings and takes for the selected lines", ["R"], () => actions.regenerate(selection.inOrder(list.order)), { when: some, footer: "regenerate" });
  add("select-all", "Select every line shown", ["Ctrl+A"], () => selection.all(list.order));
  add("select-one", "Select only this line", ["Escape"], () => selection.only(selection.active));
  command("play", { title: "Play the line, or stop", group: "Player", keys: ["Space"], run: () => panel.player.toggle(), footer: "play" });
  for (let number = 1; number <= 9; number += 1) {
    command(`pick-${number}`, { title: `Take wording ${number}`, group: "Wordings", keys: [String(number)], run: () => panel.pick(number), footer: "wording" });
  }
}
