// The desk's footer: the keys most used, as this person has them, and how the programme stands.

import { clear, h, own } from "../dom.js";
import { count } from "../format.js";
import { lines } from "../lines.js";
import { commands, keysOf, onCommands, shownKey } from "./commands.js";

const MOST_KEYS = 3; // more are shown as the first and the last

export function helpFooter() {
  const keys = h("span.footer-keys");
  const standing = h("span.standing");
  const element = h("footer", {}, keys, h("span.grow"), standing);
  onCommands(() => paintKeys(keys));
  paintKeys(keys);
  return { element, paint: () => paintStanding(standing) };
}

/** Commands with the same short word stand together: the arrows, the wordings. */
function paintKeys(place) {
  const groups = new Map();
  for (const one of commands()) {
    const [key] = keysOf(one.id);
    if (one.footer && key) groups.set(one.footer, [...(groups.get(one.footer) ?? []), shownKey(key)]);
  }
  const shown = (keys) => (keys.length > MOST_KEYS ? `${keys[0]}–${keys.at(-1)}` : keys.join(" "));
  clear(place, [...groups].map(([word, keys]) => h("span", {}, h("kbd", {}, own(shown(keys))), " ", word)));
}

function paintStanding(standing) {
  const all = lines.list;
  const over = all.filter((row) => row.fit?.fit === "over").length;
  const empty = all.filter((row) => !row.target.trim()).length;
  const written = all.length - empty;
  const fit = written ? `${Math.floor((100 * (written - over)) / written)}\u00a0% fit` : "";
  const blocked = lines.desk.blocked ? `export blocked by ${count(lines.desk.blocked, "line")}` : "";
  clear(standing, all.length ? [`${over} of ${all.length} over budget`, fit, empty ? `${empty} without a translation` : "", blocked].filter(Boolean).join(" · ") : "");
}
