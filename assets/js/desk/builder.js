// The builder: every part of the filter language as presses, and the filters a person saved. It only ever writes the filter line.

import { clear, h, own } from "../dom.js";
import { lines } from "../lines.js";
import { STATUSES, readFilter } from "./filter.js";
import { repaint } from "../repaint.js";
import { openBeside } from "./menu.js";

const KEPT = "lipline.filters";
const MOST_SPEAKERS = 14;
const MOST_SAVED = 24;
const GROUPS = [
  ["Fit", [["over", "over budget"], ["tight", "tight"], ["fits", "fits"], ["short", "short"], ["empty", "empty"]]],
  ["On screen", [["screen:on", "on"], ["screen:partly", "partly"], ["screen:off", "off"]]],
  ["Status", [["open", "to approve"], ...STATUSES.map((status) => [`status:${status}`, status])]],
  ["Take", [["unvoiced", "missing or old"], ["take:stale", "old"], ["take:fresh", "as asked"]]],
  ["Lips", [["lips:off", "off"], ["lips:unclear", "unclear"], ["lips:agree", "agree"]]],
  ["Marks", [["flagged", "flags"], ["noted", "notes"]]],
];
const MEASURES = [["rate", "rate"], ["p", "P"], ["delta", "Δ in seconds"], ["pace", "pace"], ["lips", "lip score"], ["overlap", "speech overlap"], ["length", "length in seconds"], ["line", "line number"], ["in", "in"], ["wordings", "wordings"]];

export function openBuilder(button, sieve) {
  const panel = h("div.menu.builder", { role: "dialog", "aria-label": "Build a filter" });
  const paint = () => repaint(panel, () => clear(panel, GROUPS.map((group) => groupOf(group, sieve, paint)), speakers(sieve, paint), measuring, saved(sieve, name, paint), how()));
  const measuring = measure(sieve, () => paint());
  const name = h("input", { "aria-label": "Name of the filter", placeholder: "name this filter", maxlength: "40" });
  paint();
  openBeside(button, panel);
  panel.querySelector("button")?.focus();
}

function chip(term, label, sieve, paint) {
  const isOn = sieve.has(term);
  const press = () => {
    sieve.toggle(term);
    paint();
  };
  return h(`button.chip${isOn ? ".on" : ""}`, { "data-term": term, "data-at": term, "aria-pressed": String(isOn), onclick: press }, label);
}

/** Terms no line of the project meets are left out, unless they are pressed. */
function groupOf([title, terms], sieve, paint) {
  const known = terms.filter(([term]) => sieve.has(term) || lines.list.some(readFilter(term).test));
  return known.length ? section(title, known.map(([term, label]) => chip(term, label, sieve, paint))) : null;
}

function speakers(sieve, paint) {
  const few = lines.desk.speakers.slice(0, MOST_SPEAKERS);
  return few.length > 1 ? section("Speaker", few.map(({ name }) => chip(`speaker:${quoted(name)}`, own(name), sieve, paint))) : null;
}

const quoted = (name) => (/^[\p{L}\p{N}_.-]+$/u.test(name) ? name : `"${name.replaceAll('"', "")}"`);

function measure(sieve, paint) {
  const field = h("select", { "aria-label": "Measure" }, MEASURES.map(([name, label]) => h("option", { value: name }, label)));
  const way = h("select", { "aria-label": "Comparison" }, [[">", "over"], ["<", "under"]].map(([sign, label]) => h("option", { value: sign }, label)));
  const number = h("input", { "aria-label": "Number", inputmode: "decimal", placeholder: "1.1", size: "7" });
  const add = () => {
    if (!number.value.trim()) return number.focus();
    sieve.toggle(`${field.value}${way.value}${number.value.trim().replace(/\s+/g, "")}`);
    number.value = "";
    paint();
  };
  number.addEventListener("keydown", (event) => event.key === "Enter" && add());
  return section("Measure", [field, way, number, h("button.btn.small", { onclick: add }, "Add")]);
}

function saved(sieve, name, paint) {
  const all = readSaved();
  const use = ([name, text]) =>
    h(
      "span.saved-filter",
      {},
      h(`button.chip${sieve.text.trim() === text ? ".on" : ""}`, { title: own(text), onclick: () => (sieve.set(text), paint()) }, own(name)),
      h("button.plain", { "aria-label": `Forget the filter “${name}”`, onclick: () => (writeSaved(all.filter(([other]) => other !== name)), paint()) }, own("✕")),
    );
  const save = () => {
    const called = name.value.trim();
    if (!called || !sieve.text.trim()) return name.focus();
    writeSaved([...all.filter(([other]) => other !== called), [called, sieve.text.trim()]].slice(-MOST_SAVED));
    name.value = "";
    paint();
  };
  name.onkeydown = (event) => event.key === "Enter" && save();
  const keep = sieve.isOn ? [name, h("button.btn.small", { onclick: save }, "Save")] : [];
  return all.length || keep.length ? section("Saved", [...all.map(use), ...keep]) : null;
}

const how = () =>
  h("p.dim", {}, h("code", {}, own('over screen:on -status:approved speaker:Mei rate>1.1 in:7:00..8:00 text:"ferry"')), h("br"), "All parts must hold; a comma means or, a minus means not; other words are searched for.");

const section = (title, parts) => h("section", {}, h("h4", {}, title), h("div.parts", {}, parts));

/** [[name, filter line], …] of this person in this browser. */
function readSaved() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "[]");
    return kept.filter((one) => Array.isArray(one) && one.every((part) => typeof part === "string"));
  } catch {
    return []; // not ours, or another version's
  }
}

function writeSaved(all) {
  localStorage.setItem(KEPT, JSON.stringify(all));
}

