// The administrator's page: how the studio stands, its people, work, disk, engines, trail and measures, a tab each. What is open is looked at
// again every few seconds where it changes by itself. A further tab is an entry of TABS with a `paint(place, say)`.

import { clear, h, own, tell } from "../dom.js";
import { repaint } from "../repaint.js";
import { words } from "../words.js";
import { disk } from "./disk.js";
import { engines } from "./engines.js";
import { measures } from "./measures.js";
import { overview } from "./overview.js";
import { people } from "./people.js";
import { trail } from "./trail.js";

const AGAIN_MS = 5000;
const TABS = [
  ["overview", "Overview", overview],
  ["people", "People", people],
  ["disk", "Disk", disk],
  ["engines", "Engines", engines],
  ["trail", "Audit trail", trail],
  ["measures", "Settings", measures],
];

const frame = document.getElementById("admin");
const place = h("main", { id: "panel", role: "tabpanel", tabIndex: -1 });
const notice = h("p.notice", { role: "status" });
const buttons = new Map(TABS.map(([id, title]) => [id, h("button.tab", { role: "tab", id: `tab-${id}`, "aria-controls": "panel", onclick: () => go(id), onkeydown: step }, title)]));
let open = "";
let turn = 0;

const say = (text) => tell(notice, text);

function step(event) {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!by) return;
  const ids = TABS.map(([id]) => id);
  const next = ids[(ids.indexOf(open) + by + ids.length) % ids.length];
  go(next);
  buttons.get(next).focus();
  event.preventDefault();
}

function go(id) {
  if (location.hash.slice(1) !== id) history.replaceState(null, "", `#${id}`);
  open = id;
  say("");
  clear(place, h("p.dim", {}, "Looking…"));
  place.setAttribute("aria-labelledby", `tab-${id}`);
  for (const [one, button] of buttons) {
    button.setAttribute("aria-selected", String(one === id));
    button.tabIndex = one === id ? 0 : -1;
  }
  paint();
}

/** Paint the open tab; an answer that comes after another tab was opened is dropped. */
async function paint() {
  const mine = (turn += 1);
  const tab = TABS.find(([id]) => id === open);
  const fresh = h("div.part");
  try {
    await tab[2].paint(fresh, { say, again: paint });
    if (mine === turn) repaint(place, () => mine === turn && clear(place, fresh));
  } catch (error) {
    if (mine === turn) say(error.message);
  }
}

setInterval(() => {
  if (document.visibilityState === "visible" && TABS.find(([id]) => id === open)?.[2].isLive) paint();
}, AGAIN_MS);

document.title = words("Lipline: administration");
clear(
  frame,
  h("header", {}, h("h1", {}, own("Lipline"), h("span.dim", {}, " administration")), h("nav", { role: "tablist", "aria-label": "Administration" }, [...buttons.values()]), h("span.grow"), h("a", { href: "./" }, "Back to the studio")),
  notice,
  place,
);
frame.removeAttribute("aria-busy");
addEventListener("hashchange", () => go(known(location.hash.slice(1))));
const known = (id) => (buttons.has(id) ? id : "overview");
go(known(location.hash.slice(1)));
