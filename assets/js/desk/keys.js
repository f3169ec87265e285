// Keys of the desk. Nothing fires while a person types, while a dialog is open, or on another tab.

import { isShown, isTyping } from "../dom.js";

export function bindKeys(desk, { selection, list, panel, actions }) {
  const doing = {
    " ": () => panel.player.toggle(),
    n: () => list.nextUnfit() || panel.say("Every line fits."),
    a: () => selection.ids.size && actions.approve([...selection.ids]),
    r: () => selection.ids.size && actions.regenerate(selection.inOrder(list.order)),
    Enter: () => selection.active && list.edit(selection.active),
    ArrowDown: () => list.step(1),
    ArrowUp: () => list.step(-1),
    j: () => list.step(1),
    k: () => list.step(-1),
    Escape: () => selection.only(selection.active),
  };
  document.addEventListener("keydown", (event) => {
    if (!isShown(desk) || isTyping(event.target) || document.querySelector("dialog[open]")) return;
    if (event.altKey || event.isComposing) return;
    if (event.ctrlKey || event.metaKey) return void (event.key.toLowerCase() === "a" && (event.preventDefault(), selection.all(list.order)));
    if (isControl(event.target) && [" ", "Enter"].includes(event.key)) return;
    const pick = /^[1-9]$/.test(event.key) ? () => panel.pick(Number(event.key)) : doing[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!pick) return;
    event.preventDefault();
    pick();
  });
}

/** Space and Enter belong to a focused button, link or tab first. */
const isControl = (target) => target instanceof HTMLElement && Boolean(target.closest("button, a, summary, [role=tab], [role=slider], audio, video"));
