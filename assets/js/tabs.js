// The tabs of the page, by their ids: bring one to the front, know which one is there, reach them by key.

import { remember, remembered } from "./address.js";
import { command } from "./desk/commands.js";

const all = () => [...document.querySelectorAll('#tabs [role="tab"]')];
const idOf = (tab) => tab.dataset.tabId || tab.textContent.trim().toLowerCase();

export const openTabId = () => idOf(all().find((tab) => tab.getAttribute("aria-selected") === "true") ?? document.body);

/** Bring a tab to the front; with `takesFocus` the keyboard goes along: to the list of lines, or to the tab itself. */
export function openTab(id, { takesFocus = false } = {}) {
  const tab = all().find((one) => idOf(one) === id);
  if (!tab) return;
  tab.click();
  if (takesFocus) requestAnimationFrame(() => (id === "lines" && focusList()) || tab.focus());
}

export function focusList() {
  const scroller = document.querySelector(".desk .scroller");
  if (!scroller?.offsetParent) return false;
  scroller.focus({ preventScroll: true });
  return true;
}

/** Alt and a number for each tab there is, in order; the open tab goes into the address. */
export function watchTabs() {
  const strip = document.querySelector("#tabs");
  if (!strip) return;
  let known = "";
  // Until the tab that the address asks for has come to the front, the address is the page's wish and not its state.
  let isSettled = !remembered("tab");
  for (const kind of ["pointerdown", "keydown"]) strip.addEventListener(kind, () => (isSettled = true), { capture: true, once: true });
  const look = () => {
    const ids = all().map(idOf);
    if (ids.join() !== known) {
      known = ids.join();
      all().forEach((tab, at) => {
        const run = () => openTab(idOf(tab), { takesFocus: true });
        command(`tab-${at + 1}`, { title: `Tab “${tab.textContent.trim()}”`, group: "Page", keys: [`Alt+${at + 1}`], place: "page", run });
      });
    }
    const open = all().find((tab) => tab.getAttribute("aria-selected") === "true");
    isSettled ||= Boolean(open) && idOf(open) === remembered("tab");
    if (open && isSettled) remember("tab", idOf(open));
  };
  new MutationObserver(look).observe(strip.querySelector(".tab-wrapper") ?? strip, { subtree: true, childList: true, attributeFilter: ["aria-selected"] });
  look();
}

/** Arrows, Home and End move between tabs, as in any strip of tabs. */
export function moveBetweenTabs(event) {
  const tab = event.target.closest?.('#tabs [role="tab"]');
  const by = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity }[event.key];
  if (!tab || by === undefined) return;
  event.preventDefault();
  const tabs = all();
  const at = Math.max(0, Math.min(tabs.length - 1, tabs.indexOf(tab) + by));
  tabs[at].click();
  tabs[at].focus();
}
