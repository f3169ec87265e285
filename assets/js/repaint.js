// Painting anew what somebody may be in. News never takes words being typed, a list that stands open, a press half made, a question that waits
// for its second press, or the keyboard's place: such a part waits until the person is through, and is painted as the latest news has it.

const ASKING_MS = 1000;
const OPENS = new Set([" ", "Enter", "F4"]);
const REACHED = "button, input, select, textarea, a[href], summary, [tabindex]";

const waiting = new Map(); // part → how to paint it
const hand = { typing: null, choosing: null, pressing: null }; // where the person is
let asking = 0;

/** Paint `part` by `paint()`, now or as soon as nobody is in the middle of something in it. What is asked for last is what is painted. */
export function repaint(part, paint) {
  if (isInHand(part)) return void waiting.set(part, paint);
  waiting.delete(part);
  const back = part.contains(document.activeElement) ? wayBack(part, document.activeElement) : null;
  const now = paint();
  back?.(now instanceof Element ? now : part);
}

/** Put what `make` makes in the place of `before`, in the same way. */
export const exchange = (before, make) =>
  repaint(before, () => {
    const after = make();
    before.replaceWith(after);
    return after;
  });

function isInHand(part) {
  if (Object.values(hand).some((node) => node && part.contains(node))) return true;
  const isAsking = part.querySelector("[data-sure]") !== null;
  if (isAsking) asking ||= setTimeout(() => ((asking = 0), settle()), ASKING_MS);
  return isAsking;
}

function settle() {
  for (const [part, paint] of [...waiting]) part.isConnected ? repaint(part, paint) : waiting.delete(part);
}

/** Brings the keyboard back to the same control, or to what stands in its place; a caret to where it was. */
function wayBack(part, active) {
  const reached = (within) => [...within.querySelectorAll(REACHED)];
  const key = keyOf(active);
  const before = reached(part);
  const [at, rank] = [before.indexOf(active), before.filter((one) => keyOf(one) === key).indexOf(active)];
  const caret = [active.selectionStart, active.selectionEnd, active.selectionDirection];
  return (now) => {
    if (now.contains(active)) return active === document.activeElement || active.focus({ preventScroll: true });
    const after = [...(now.matches(REACHED) ? [now] : []), ...reached(now)];
    const same = after.filter((one) => keyOf(one) === key);
    const found = same[rank] ?? after[Math.min(at, after.length - 1)];
    found?.focus({ preventScroll: true });
    if (found && Number.isInteger(caret[0]) && found.selectionStart !== null) found.setSelectionRange?.(...caret);
  };
}

const keyOf = (node) => node.id || node.dataset.at || node.dataset.act || `${node.tagName} ${node.getAttribute("aria-label") ?? node.name ?? ""} ${node.matches("button, summary, a") ? node.textContent : ""}`;

const soon = () => setTimeout(settle);

/** Who only went to another window comes back to what they typed. */
function through(name, node = null) {
  if (!hand[name] || (node && hand[name] !== node) || (name === "typing" && !document.hasFocus())) return;
  hand[name] = null;
  soon();
}

if (typeof document !== "undefined") {
  const on = (name, work) => document.addEventListener(name, work, true);
  const types = ({ target }) => target.matches?.("textarea, input:not([type=checkbox], [type=radio], [type=range])") && (hand.typing = target);
  on("input", types);
  on("compositionstart", types);
  on("change", ({ target }) => (through("typing", target), through("choosing", target)));
  on("focusout", ({ target }) => (through("typing", target), through("choosing", target)));
  on("pointerdown", ({ target }) => ((hand.pressing = target), (hand.choosing = target.closest?.("select") ?? hand.choosing)));
  for (const name of ["pointerup", "pointercancel", "keyup"]) on(name, () => through("pressing"));
  on("keydown", ({ target, key, altKey, isComposing }) => {
    through("pressing"); // a list that opens under the pointer may keep its release
    if (key === " " && target.matches?.("button, summary, [type=checkbox], [type=radio]")) hand.pressing = target;
    if (key === "Escape") through("choosing");
    else if (key === "Enter" && target.tagName === "INPUT" && !isComposing) through("typing", target); // what Enter does with it is shown at once
    else if (target.tagName === "SELECT" && (OPENS.has(key) || (altKey && /^Arrow/.test(key)))) hand.choosing = target;
  });
}
