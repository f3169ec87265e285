// What answers on every tab, as soon as anything stands: the person's keys, the help, and measures that explain themselves.

import { command } from "./desk/commands.js";
import { listen } from "./desk/keys.js";
import { explainMeasures } from "./explain.js";
import { openHelp, useKeysOf } from "./help.js";
import { person } from "./words.js";

let hasBegun = false;

/** Called by whatever part of the page is there first. */
export function beginEverywhere() {
  if (hasBegun) return;
  hasBegun = true;
  useKeysOf(person);
  command("help", { title: "Help: all keys, and what the measures mean", group: "Page", keys: ["?", "F1"], place: "page", run: () => openHelp("keys"), footer: "help" });
  command("measures", { title: "What the measures mean", group: "Page", keys: ["Shift+H"], place: "page", run: () => openHelp("measures") });
  listen();
  explainMeasures();
  document.addEventListener("click", (event) => event.target.closest?.("button.term") && openHelp("measures"));
}
