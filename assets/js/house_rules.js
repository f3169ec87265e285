// The house rules beside the glossary: key phrases, forms of address, characters, and the show that shares them between episodes.
// Enter: a project's id. Leaves: one card with the show, one with the rules; every change is stored at once and answered with all rules.

import { quietly, read, write } from "./api.js";
import { clear, h, own } from "./dom.js";
import { count } from "./format.js";
import { lines } from "./lines.js";
import { repaint } from "./repaint.js";
import { toast } from "./toast.js";
import { characterRow } from "./house_characters.js";

const MOST_CHARS = 40_000;

export function rulesCards() {
  const state = { project: "", view: null, writes: 0, turn: Promise.resolve() };
  const show = h("section.card.show");
  const rules = h("section.card.rules");
  const open = new Set(); // sections and characters a person unfolded

  const take = (asked, view) => {
    if (!view || asked !== state.project) return;
    state.view = view;
    paint();
  };
  /** `values` of what stands here now: a box that was painted before the last change knows nothing of it. One change after the other. */
  const change = (verb, values = () => ({})) => {
    const asked = state.project;
    state.writes += 1;
    const work = async () => {
      if (asked !== state.project) return;
      const view = await quietly(write(asked, verb, values(state.view)));
      state.writes += 1; // nor does a look that was asked for while this was on its way
      take(asked, view);
      if (view) lines.refresh();
    };
    state.turn = state.turn.then(work, work);
  };
  const newShow = newShowBox(change);
  const paint = () => {
    repaint(show, () => state.view && paintShow(show, state.view, { change, newShow }));
    repaint(rules, () => state.view && paintRules(rules, state.view, change, open));
    if (rules.childElementCount) paintTold(rules, state.view);
  };
  const follow = async (project) => {
    if (project !== state.project) {
      [state.project, state.view] = [project, null];
      newShow.input.value = "";
      clear(show);
      clear(rules);
    }
    const { writes } = state;
    const view = project ? await quietly(read(project, "rules", {})) : null;
    if (writes === state.writes) take(project, view); // what was asked before a press is old by now
  };
  return { elements: [show, rules], follow };
}

/** The box for a show's name: it stays while the card around it is painted anew. */
function newShowBox(change) {
  const input = h("input", { maxlength: "120", placeholder: "Harbour Lights", "aria-label": "Name of a new show" });
  const make = () => {
    const name = input.value;
    if (name.trim()) change("create_show", () => ({ name }));
  };
  input.addEventListener("keydown", (event) => event.key === "Enter" && make());
  return { input, element: h("div.end", {}, input, h("button.btn.small", { onclick: make }, "New show")) };
}

function paintShow(card, view, { change, newShow }) {
  const { show, shows } = view;
  const said = h("ul.complaints", {}, [...view.said, ...(show ? view.complaints : [])].map((sentence) => h("li", {}, sentence)));
  if (show) {
    clear(
      card,
      h("h2", {}, "Show"),
      h("p", {}, "An episode of ", h("b", { dir: "auto" }, own(show.name)), own(" · "), count(show.episodes, "episode")),
      h(
        "div.end",
        {},
        h("button.btn.small", { onclick: () => change("save_to_show"), title: "Its terms, phrases, forms of address, voices and characters, for the next episode" }, "Save to the show"),
        h("button.btn.small", { onclick: () => change("take_from_show"), title: "What other episodes have decided since; your own rules stay" }, "Take from the show"),
        h("span.grow"),
        h("button.plain", { onclick: () => change("leave_show") }, "Leave the show"),
      ),
      said,
    );
    return;
  }
  const chooser = h("select", { "aria-label": "Show to join" }, shows.map((one) => h("option", { value: one.id }, own(`${one.name} (${one.episodes})`))));
  clear(
    card,
    h("h2", {}, "Show"),
    h("p", {}, "Episodes of a show share names, phrases, forms of address, voices and characters."),
    shows.length ? h("div.end", {}, chooser, h("button.btn.small", { onclick: () => change("join_show", () => ({ show_id: chooser.value })) }, "Join")) : null,
    newShow.element,
    said,
  );
}

function paintRules(card, view, change, open) {
  const fold = (key, title, many, content) => {
    const part = h("details", { open: open.has(key) }, h("summary", {}, h("b", {}, title), h("span.dim", {}, own(many ? String(many) : ""))), content);
    part.addEventListener("toggle", () => (part.open ? open.add(key) : open.delete(key)));
    return part;
  };
  const characters = view.sheets.filter((sheet) => isKept(sheet)).length;
  clear(
    card,
    h("h2", {}, "House rules"),
    h("p.standing", { role: "status" }),
    fold("phrases", "Key phrases", view.phrases.length, phrases(view, change)),
    fold("addresses", "Forms of address", view.addresses.length, addresses(view, change)),
    fold("characters", "Characters", characters, view.sheets.length ? view.sheets.map((sheet) => characterRow(sheet, view, change, open)) : h("p.dim", {}, "There are no speakers yet.")),
    h("ul.complaints"),
  );
  paintTold(card, view);
}

function paintTold(card, view) {
  const standing = view.violations === 1 ? "1 line breaks a rule; it says which." : view.violations ? `${view.violations} lines break a rule; each says which.` : "No line breaks a rule.";
  clear(card.querySelector(".standing"), lines.order.length ? standing : "");
  if (!view.show) clear(card.querySelector(":scope > .complaints"), view.complaints.map((sentence) => h("li", {}, sentence)));
}

const isKept = (sheet) => sheet.min_pace !== null || sheet.max_pace !== null || sheet.register || sheet.note || sheet.forbidden.length || sheet.preferred.length || sheet.sheet_voice;

/** As the glossary is typed: one per row, source = target. */
function phrases(view, change) {
  const kept = view.phrases.map((pair) => pair.join(" = ")).join("\n");
  const box = h("textarea", { rows: 4, dir: "auto", spellcheck: "false", maxlength: String(MOST_CHARS), "aria-label": "Key phrases, one per row: source = target", placeholder: own("harbour master = 港务长") });
  box.value = kept;
  box.addEventListener("change", () => {
    const odd = box.value.split("\n").find((row) => row.trim() && !row.includes("="));
    if (odd) return toast(`“${odd.trim()}” has no “=”; write the row as source = target. Nothing was changed yet.`);
    const pairs = box.value.split("\n").map((row) => row.split("=")).filter((parts) => parts.length > 1).map(([source, ...target]) => [source.trim(), target.join("=").trim()]);
    if (box.value.trim() !== kept.trim()) change("set_phrases", () => ({ pairs }));
  });
  return [h("p", {}, "Names of places, ranks, catchphrases: what must be rendered the same way each time. One per row, as ", h("code", {}, "source = target"), "."), box];
}

function addresses(view, change) {
  const names = view.sheets.map((sheet) => sheet.name);
  const send = (made) => change("set_addresses", (now) => ({ addresses: made(now.addresses) }));
  const chooser = (label, value, options, pick) => {
    const box = h("select", { "aria-label": label, onchange: () => pick(box.value) }, options.map(([key, shown]) => h("option", { value: key }, shown)));
    box.value = value;
    return box;
  };
  const people = (now) => [...new Set([...names, now].filter(Boolean))].map((name) => [name, own(name)]);
  const row = (one, at) => {
    const put = (part) => send((rows) => rows.map((other, place) => (place === at ? { ...other, ...part } : other)));
    return h(
      "div.address",
      {},
      chooser("Who speaks", one.speaker, people(one.speaker), (speaker) => put({ speaker })),
      h("span.dim", {}, "says"),
      chooser("Form", one.form, forms(view), (form) => put({ form })),
      h("span.dim", {}, "to"),
      chooser("To whom", one.to, [["", "everybody"], ...people(one.to)], (to) => put({ to })),
      h("button.plain", { "aria-label": "Remove this rule", title: "Remove this rule", onclick: () => send((rows) => rows.filter((_, place) => place !== at)) }, own("✕")),
    );
  };
  const first = names.find((name) => !view.addresses.some((one) => one.speaker === name && !one.to)) ?? names[0];
  return [
    h("p", {}, view.checked),
    view.addresses.map(row),
    names.length ? h("div.end", {}, h("button.btn.small", { onclick: () => send((rows) => [...rows, { speaker: first, to: "", form: "formal" }]) }, "Add a rule")) : h("p.dim", {}, "There are no speakers yet."),
  ];
}

const forms = (view) => [["familiar", own(view.familiar)], ["formal", own(view.formal)]];
