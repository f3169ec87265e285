// A menu under a button: entries {label, run, isOn, aside, isOff, stays} or null for a rule. Arrows move, Enter does, Escape closes.
// `stays` leaves it open after a press; entries that are on or off show a tick. Also opens any panel the same way.

import { clear, h, icon, own } from "../dom.js";

/** Open `element` beside `button`; closes on Escape, on a press elsewhere, and gives the keyboard back. */
export function openBeside(button, element, { onClose = () => {} } = {}) {
  element.setAttribute("popover", "auto");
  (button.closest(".desk") ?? document.body).append(element);
  button.setAttribute("aria-expanded", "true");
  element.addEventListener("toggle", (event) => {
    if (event.newState === "open") return;
    const hadKeyboard = element.contains(document.activeElement) || document.activeElement === document.body;
    button.setAttribute("aria-expanded", "false");
    document.removeEventListener("keydown", escape, true);
    element.remove();
    onClose();
    if (hadKeyboard) button.focus();
  });
  const escape = (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    event.stopPropagation();
    element.hidePopover();
  };
  document.addEventListener("keydown", escape, true); // before the desk's own keys
  element.addEventListener("keydown", (event) => event.stopPropagation());
  element.showPopover();
  place(button, element);
}

function place(button, element) {
  const at = button.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = element;
  const left = Math.max(6, Math.min(at.right - width, innerWidth - width - 6));
  const below = at.bottom + 4;
  const top = below + height > innerHeight - 6 && at.top > height + 8 ? at.top - height - 4 : Math.min(below, Math.max(6, innerHeight - height - 6));
  element.style.left = `${left}px`;
  element.style.top = `${top}px`;
}

/** `entries()` is asked anew after each press of an entry that stays. */
export function openMenu(button, label, entries) {
  const menu = h("div.menu", { role: "menu", "aria-label": label });
  const paint = (focused = 0) => {
    clear(menu, entries().map((entry) => (entry ? itemOf(entry, menu, paint) : h("hr", { role: "separator" }))));
    const items = [...menu.querySelectorAll("button:not(:disabled)")];
    (items[focused] ?? items[0])?.focus();
  };
  menu.addEventListener("keydown", (event) => move(event, menu));
  openBeside(button, menu);
  paint();
  place(button, menu);
}

function itemOf({ label, run, isOn, aside = "", isOff = false, stays = false, isData = false }, menu, paint) {
  const has = isOn !== undefined;
  const role = has ? { role: "menuitemcheckbox", "aria-checked": String(isOn) } : { role: "menuitem" };
  const press = () => {
    const at = [...menu.querySelectorAll("button:not(:disabled)")].indexOf(item);
    if (!stays) menu.hidePopover();
    run();
    if (stays) paint(at);
  };
  const item = h("button", { ...role, disabled: isOff, tabindex: "-1", onclick: press }, h("span.tick", {}, isOn ? icon("check") : null), h("span", {}, isData ? own(label) : label), aside ? h("small", {}, aside) : null);
  return item;
}

function move(event, menu) {
  const items = [...menu.querySelectorAll("button:not(:disabled)")];
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  items[(to + items.length) % items.length]?.focus();
}
