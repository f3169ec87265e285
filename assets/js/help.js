// The help: every command with its keys, searched and remapped right there, and what the measures mean.
// Keys are the person's own and kept by the studio; nothing is lost with the browser.

import { commands, conflicts, isRemapped, keyName, keysOf, onCommands, ownKeys, remap, shownKey, useOwnKeys } from "./desk/commands.js";
import { clear, h, own } from "./dom.js";
import { explanation } from "./explain.js";
import { MEASURES } from "./measures.js";
import { keepSetting } from "./person.js";
import { toast } from "./toast.js";
import { person, words } from "./words.js";

const GROUPS = ["Lines", "Player", "Wordings", "Takes", "Notes", "History", "Page"]; // others follow in the order they came
const PAUSE_MS = 300;

export const useKeysOf = (settings) => useOwnKeys(settings?.keys);

/** Open on "keys" or on "measures". A second call while it is open changes the page shown. */
export function openHelp(part) {
  const open = document.querySelector("dialog.help");
  if (open) return open.show_part(part);
  const before = document.activeElement;
  const dialog = h("dialog.help", { "aria-label": "Help" });
  const help = new Help(dialog);
  dialog.show_part = (name) => help.show(name);
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    help.leave();
    dialog.remove();
    if (before?.isConnected) before.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  help.show(part);
}

class Help {
  #part = "keys";
  #catching = ""; // id of the command that waits for a key
  #asking = null; // {id, key, others}: a key that is another command's

  constructor(dialog) {
    this.dialog = dialog;
    this.search = h("input.search", { type: "search", "aria-label": "Search the help", placeholder: "Search" });
    this.search.addEventListener("input", () => this.#paint());
    this.tabs = [["keys", "Keys"], ["measures", "Measures"]].map(([part, label]) => h("button.chip", { "data-part": part, onclick: () => this.show(part) }, label));
    this.list = h("div.help-list", { tabindex: "0", role: "region", "aria-label": "Keys" });
    this.said = h("p.help-said", { role: "status" });
    const close = h("button.btn", { onclick: () => dialog.close() }, "Close");
    clear(dialog, h("div.help-head", {}, h("h2", {}, "Help"), h("span.help-parts", { role: "group", "aria-label": "Parts of the help" }, this.tabs), h("span.grow"), this.search, close), this.said, this.list);
    this.forget = onCommands(() => this.#paint());
    dialog.addEventListener("keydown", (event) => this.#pressed(event), true);
    dialog.addEventListener("cancel", (event) => this.#catching && event.preventDefault());
  }

  show(part) {
    this.#part = part;
    this.#stop();
    this.tabs.forEach((tab) => {
      const isOn = tab.dataset.part === part;
      tab.setAttribute("aria-pressed", String(isOn));
      tab.classList.toggle("on", isOn);
    });
    this.#paint();
    this.search.focus();
  }

  leave() {
    this.forget();
  }

  #paint() {
    const asked = this.search.value.trim().toLowerCase();
    const focused = document.activeElement?.dataset?.focus;
    this.list.setAttribute("aria-label", words(this.#part === "keys" ? "Keys" : "Measures"));
    clear(this.list, h("div", {}, this.#part === "keys" ? this.#keys(asked) : measures(asked)));
    if (focused) this.list.querySelector(`[data-focus="${CSS.escape(focused)}"]`)?.focus();
  }

  #keys(asked) {
    const shown = commands().filter((one) => !asked || [one.title, words(one.title), ...keysOf(one.id).map(shownKey)].some((text) => text.toLowerCase().includes(asked)));
    if (!shown.length) return h("p.dim", {}, "Nothing here is called that.");
    const groups = [...new Set([...GROUPS, ...shown.map((one) => one.group)])];
    return groups
      .map((group) => [group, shown.filter((one) => one.group === group)])
      .filter(([, members]) => members.length)
      .map(([group, members]) => h("section", {}, h("h3", {}, group), h("ul", {}, members.map((one) => this.#row(one)))));
  }

  #row(one) {
    const isCatching = this.#catching === one.id;
    const keys = keysOf(one.id);
    const taken = [...new Set(keys.flatMap((key) => conflicts(one.id, key).map((other) => other.title)))];
    const name = words(one.title);
    const button = (label, does, focus, more = {}) => h("button.plain", { onclick: does, "data-focus": `${focus} ${one.id}`, "aria-label": own(`${words(label)}: ${name}`), ...more }, label);
    const acts = isCatching
      ? [h("span.dim", {}, "Press a key…"), button("No key", () => this.#give(one.id, []), "none"), button("Cancel", () => this.#stop(`change ${one.id}`), "cancel")]
      : [button("Change", () => this.#catch(one.id), "change", { disabled: one.fixed }), isRemapped(one.id) ? button("Reset", () => this.#give(one.id, null), "reset") : null];
    return h(
      `li${isCatching ? ".catching" : ""}`,
      { "data-command": one.id },
      h("span.does", {}, one.title, taken.length ? h("small.dim", {}, words("The same key: "), own(taken.map(words).join(", "))) : null),
      h("span.keys", {}, keys.length ? keys.map((key) => h("kbd", {}, own(shownKey(key)))) : h("span.dim", {}, "no key")),
      h("span.acts", {}, acts),
    );
  }

  #catch(id) {
    this.#catching = id;
    this.#asking = null;
    clear(this.said, "Press the new key, or Esc to leave it as it is.");
    this.#paint();
    this.list.querySelector(`[data-focus="cancel ${CSS.escape(id)}"]`)?.focus();
  }

  #stop(focus = "") {
    this.#catching = "";
    this.#asking = null;
    clear(this.said);
    this.#paint();
    if (focus) this.list.querySelector(`[data-focus="${CSS.escape(focus)}"]`)?.focus();
  }

  #pressed(event) {
    if (!this.#catching || event.isComposing) return;
    const id = this.#catching;
    if (event.key === "Tab" || (event.target.matches?.("button") && ["Enter", " "].includes(event.key) && event.target.dataset.focus !== `cancel ${id}`)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") return this.#stop(`change ${id}`);
    const key = keyName(event);
    if (!key) return;
    const others = conflicts(id, key);
    if (others.length && this.#asking?.key !== key) return this.#warn({ id, key, others });
    others.forEach((other) => remap(other.id, keysOf(other.id).filter((one) => one !== key)));
    this.#give(id, [key]);
  }

  /** A key that does something else already is taken only when it is pressed a second time. */
  #warn(asking) {
    this.#asking = asking;
    const { key, others } = asking;
    clear(this.said, own(words(`“${shownKey(key)}” already does this: `) + others.map((other) => words(other.title)).join(", ") + ". "), "Press it again to take it from there, or press another key.");
  }

  #give(id, keys) {
    remap(id, keys);
    this.#stop(`change ${id}`);
    keepSoon();
  }
}

let timer = 0;

/** Once for several changes in a row. */
function keepSoon() {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    if (person === null) return;
    const refusal = await keepSetting({ keys: ownKeys() });
    if (refusal) toast(refusal);
  }, PAUSE_MS);
}

function measures(asked) {
  const shown = Object.values(MEASURES).filter((one) => !asked || Object.values(one).some((text) => `${text}\n${words(text)}`.toLowerCase().includes(asked)));
  if (!shown.length) return h("p.dim", {}, "Nothing here is called that.");
  return h("div.measures", {}, shown.map((one) => h("section", {}, explanation(one))));
}
