// Widgets that are not painted by our own modules (labels, help, buttons, figures) in the language of the page.
// Texts the catalogue knows are exchanged where they stand; everything else, and whatever our own islands paint, is left alone.

import { language, words } from "./words.js";

const OURS = ".island, dialog, .toasts, script, style, textarea, [contenteditable]";
const SPOKEN = ["title", "aria-label", "placeholder", "alt"];

export function translatePage() {
  if (language() === "en") return;
  const work = new Set();
  let timer = 0;
  const paint = () => {
    timer = 0;
    const roots = [...work];
    work.clear();
    roots.forEach(paintTree);
  };
  const look = (records) => {
    for (const { target, type, addedNodes } of records) {
      const element = target instanceof Element ? target : target.parentElement;
      if (!element || element.closest(OURS)) continue;
      if (type === "childList") addedNodes.forEach((node) => work.add(node));
      else work.add(target);
    }
    if (work.size) timer ||= requestAnimationFrame(paint);
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true, attributeFilter: SPOKEN });
  paintTree(document.body);
}

function paintTree(root) {
  if (root instanceof Text) return paintText(root);
  if (!(root instanceof Element) || !root.isConnected || root.closest(OURS)) return;
  paintAttributes(root);
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT, (node) => (node instanceof Element && node.matches(OURS) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT));
  while (walker.nextNode()) walker.currentNode instanceof Text ? paintText(walker.currentNode) : paintAttributes(walker.currentNode);
}

/** Only what changes is written: writing is seen by the observer again. */
function paintText(node) {
  if (!node.parentElement || node.parentElement.closest(OURS)) return;
  const said = words(node.data);
  if (said !== node.data) node.data = said;
}

function paintAttributes(element) {
  for (const name of SPOKEN) {
    const text = element.getAttribute(name);
    if (!text) continue;
    const said = words(text);
    if (said !== text) element.setAttribute(name, said);
  }
}
