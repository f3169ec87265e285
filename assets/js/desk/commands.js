// Every action a key can reach, in one register: who adds one gives its title and default keys; help lists it, people remap it.
// Enter: command("play", {title, group, keys, run, when}). Leave: what a pressed key means here and now.
// A key is written as pressed: "Space", "A", "Shift+N", "Ctrl+Enter", "Alt+1", "ArrowDown", "?", "["; Ctrl also means ⌘.

import { mayDo, onRights } from "../rights.js";

const register = new Map(); // id → command, in order of registration
const watchers = new Set();
let own = {}; // id → keys this person chose instead

/**
 * title, group: plain English, translated where shown. keys: defaults. run(event): what it does. when(): whether it can be done now.
 * place: "lines" (the Lines tab, the usual), "page" (any tab), "typing" (while a text of the Lines tab is being typed too).
 * repeats: a held key does it again. footer: a short word for the desk's footer. fixed: may not be remapped.
 * An id given again replaces what stood there.
 */
export function command(id, { title, group = "Lines", keys = [], run, when = () => true, place = "lines", repeats = false, footer = "", fixed = false }) {
  register.set(id, { id, title, group, keys: keys.map(normal), run, when, place, repeats, footer, fixed });
  tell();
}

export const commands = () => [...register.values()].filter((one) => mayDo(one.id));

/** The keys that do it: the person's own where there are any; an empty list where they took the key away. */
export const keysOf = (id) => own[id] ?? register.get(id)?.keys ?? [];

export const isRemapped = (id) => Boolean(own[id]);

export const ownKeys = () => structuredClone(own);

/** All of a person's own keys, as kept: {id: [key, …]}. Ids nobody registered are kept for the day they are. */
export function useOwnKeys(kept) {
  own = Object.fromEntries(Object.entries(kept ?? {}).filter(([, keys]) => Array.isArray(keys)).map(([id, keys]) => [id, keys.map((key) => normal(String(key)))]));
  tell();
}

/** Give a command other keys; null returns it to its defaults. */
export function remap(id, keys) {
  if (keys === null) delete own[id];
  else own[id] = keys.map(normal);
  tell();
}

/** Other commands on the same key. Of several, the first that can be done answers. */
export const conflicts = (id, key) => commands().filter((other) => other.id !== id && keysOf(other.id).includes(normal(key)));

/** What a key does now, or null. `places`: where the person is. A command that cannot be done now lets the next one answer. */
export function commandFor(key, places) {
  for (const one of register.values()) {
    if (places.includes(one.place) && keysOf(one.id).includes(key) && mayDo(one.id) && one.when()) return one;
  }
  return null;
}

/** Do it from elsewhere: a button, a menu, the help. Answers whether it could be done. */
export function perform(id, event = null) {
  const one = register.get(id);
  if (!one || !mayDo(id) || !one.when()) return false;
  one.run(event);
  return true;
}

onRights(tell);

/** Told whenever commands or keys change. */
export function onCommands(watcher) {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

let isTelling = false;
function tell() {
  if (isTelling) return;
  isTelling = true;
  queueMicrotask(() => {
    isTelling = false;
    watchers.forEach((watcher) => watcher());
  });
}

const NAMED = { " ": "Space", Esc: "Escape", Del: "Delete", "+": "Plus" };

/** A key event's name. Letters by what they write; where a keyboard writes no Latin letter, by where the key lies. */
export function keyName(event) {
  if (["Control", "Shift", "Alt", "Meta", "AltGraph", "Dead", "Process", "Unidentified"].includes(event.key)) return "";
  let key = NAMED[event.key] ?? event.key;
  const lying = /^(?:Key|Digit)(.)$/.exec(event.code ?? "")?.[1];
  if (lying && (event.altKey || /[^\x20-\x7e]/.test(key) || (/\d/.test(lying) && event.shiftKey && (event.ctrlKey || event.metaKey)))) key = lying;
  const isLetter = /^[a-z]$/i.test(key);
  const writes = key.length === 1 && !isLetter && !event.altKey && !event.ctrlKey && !event.metaKey; // "?" is pressed with Shift, and written without
  const parts = [event.ctrlKey || event.metaKey ? "Ctrl" : "", event.altKey ? "Alt" : "", event.shiftKey && !writes ? "Shift" : ""];
  return [...parts.filter(Boolean), isLetter ? key.toUpperCase() : key].join("+");
}

function normal(key) {
  const parts = key.split("+").map((part) => part.trim()).filter(Boolean);
  const last = parts.pop() ?? "";
  const named = NAMED[last] ?? (/^[a-z]$/.test(last) ? last.toUpperCase() : last);
  return [...["Ctrl", "Alt", "Shift"].filter((one) => parts.includes(one)), named].join("+");
}

const SHOWN = { ArrowDown: "↓", ArrowUp: "↑", ArrowLeft: "←", ArrowRight: "→", Escape: "Esc", Plus: "+", Enter: "Enter", Delete: "Del" };
const isMac = /Mac|iP/.test(globalThis.navigator?.platform ?? "");

/** A key as people read it on their keyboard. */
export const shownKey = (key) =>
  key
    .split("+")
    .map((part) => (isMac && part === "Ctrl" ? "⌘" : SHOWN[part] ?? part))
    .join(isMac ? " " : "+");
