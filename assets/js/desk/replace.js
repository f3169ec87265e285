// Search and replace: what to look for and where, every place with before and after, each to be ticked or not, and one press that
// replaces what is ticked as one action. The studio searches (no pattern can hang it); locked lines are shown with the reason.

import { clear, h, own, throttle } from "../dom.js";
import { count } from "../format.js";
import { lines } from "../lines.js";

const LOOK_MS = 220;
const PLACES = [["target", "Translations"], ["source", "Sources"], ["speaker", "Speaker names"]];
const WAYS = [["match_case", "Match case"], ["whole_words", "Whole words"], ["is_pattern", "Pattern"]];
let last = { find: "", put: "", ways: new Set(), places: new Set(["target"]) }; // what was looked for last, for the next opening

export function openReplace(selection, actions) {
  new ReplaceDialog(selection, actions).open();
}

class ReplaceDialog {
  #hits = [];
  #off = new Set(); // places that are not ticked: "hit/rank"
  #asked = 0;

  constructor(selection, actions) {
    [this.selection, this.actions] = [selection, actions];
    this.find = h("input", { "aria-label": "Look for", placeholder: "Look for", maxlength: "200", spellcheck: "false", dir: "auto" });
    this.put = h("input", { "aria-label": "Put there", placeholder: "Put there", maxlength: "500", spellcheck: "false", dir: "auto" });
    [this.find.value, this.put.value] = [last.find, last.put];
    const selected = selection.ids.size > 1 ? selection.inOrder(lines.order) : [];
    this.only = selected.length ? h("input", { type: "checkbox", checked: true }) : null;
    this.selected = selected;
    this.said = h("p.said", { role: "status" });
    this.list = h("div.hits", { role: "group", "aria-label": "Places", tabindex: "0" });
    this.go = h("button.btn.primary", { onclick: () => this.#replace() }, "Replace");
    this.all = h("button.btn", { onclick: () => this.#tickAll() }, "Tick none");
    this.dialog = h("dialog.replace", { "aria-label": "Search and replace" }, h("h2", {}, "Search and replace"), this.#fields(), this.said, this.list, h("div.end", {}, this.all, h("span.grow"), h("button.btn", { onclick: () => this.dialog.close() }, "Close"), this.go));
    const look = throttle(LOOK_MS, () => this.#look());
    this.dialog.addEventListener("input", (event) => event.target.closest(".hits") || look());
    this.find.addEventListener("keydown", (event) => event.key === "Enter" && this.#look());
    this.put.addEventListener("keydown", (event) => event.key === "Enter" && (event.ctrlKey || event.metaKey) && this.#replace());
    this.dialog.addEventListener("close", () => this.dialog.remove());
  }

  open() {
    (document.querySelector(".desk") ?? document.body).append(this.dialog);
    this.dialog.showModal();
    this.find.focus();
    this.find.select();
    this.#look();
  }

  #fields() {
    const check = (name, label, held) => {
      const box = h("input", { type: "checkbox", checked: held.has(name), onchange: () => (box.checked ? held.add(name) : held.delete(name)) });
      return h("label", {}, box, h("span", {}, label));
    };
    const scope = this.only ? h("label", {}, this.only, h("span", {}, `Only the ${count(this.selected.length, "selected line")}`)) : null;
    return [
      h("div.two", {}, this.find, this.put),
      h("div.ways", {}, WAYS.map(([name, label]) => check(name, label, last.ways)), h("span.grow"), PLACES.map(([name, label]) => check(name, label, last.places)), scope),
    ];
  }

  get #wish() {
    return { find: this.find.value, put: this.put.value, ...Object.fromEntries(WAYS.map(([name]) => [name, last.ways.has(name)])) };
  }

  async #look() {
    last = { ...last, find: this.find.value, put: this.put.value };
    if (!this.find.value) return this.#show([], "Type what to look for. A pattern is a regular expression; $1 puts its first group there.");
    const asked = ++this.#asked;
    try {
      const line_ids = this.only?.checked ? this.selected : null;
      const { hits, sentence, place_count } = await this.actions.previewReplace({ wish: this.#wish, places: [...last.places], line_ids });
      if (asked === this.#asked) this.#show(hits, place_count ? [found(place_count, hits.length), sentence].filter(Boolean).join(" ") : "Nothing was found.");
    } catch (error) {
      if (asked === this.#asked) this.#show([], error.message);
    }
  }

  #show(hits, sentence) {
    this.#hits = hits;
    this.#off = new Set(hits.flatMap((hit, at) => (hit.why_not || hit.is_approved ? hit.places.map((_, rank) => `${at}/${rank}`) : [])));
    clear(this.said, sentence);
    clear(this.list, hits.map((hit, at) => this.#hit(hit, at)));
    this.#paintEnd();
  }

  /** Text by text; each place in it has its own tick, and stands struck beside what comes instead. */
  #hit(hit, at) {
    const why = hit.why_not || (hit.is_approved ? "approved; tick it to change it all the same" : "");
    const places = hit.places.flatMap(({ lead, found, put }, rank) => {
      const tick = h("input", { type: "checkbox", checked: !this.#off.has(`${at}/${rank}`), disabled: Boolean(hit.why_not), "aria-label": own(`${found} → ${put}`) });
      tick.addEventListener("change", () => (this.#off[tick.checked ? "delete" : "add"](`${at}/${rank}`), this.#paintEnd()));
      return [own(lead), h("label.place", {}, tick, h("del", {}, own(found)), put ? h("ins", {}, own(put)) : null)];
    });
    return h(
      `div.hit${hit.why_not ? ".off" : ""}`,
      {},
      h("span.n", {}, own(hit.number ? String(hit.number) : "")),
      h("span.who", {}, h("b", { dir: "auto" }, own(hit.field === "speaker" ? "" : hit.speaker)), h("small", {}, { target: "", source: "source", speaker: "speaker" }[hit.field])),
      h("p", { dir: "auto" }, places, own(hit.tail)),
      why ? h("small.why", {}, why) : null,
    );
  }

  get #ticked() {
    return this.#hits.flatMap((hit, at) => {
      const ranks = hit.places.map((_, rank) => rank).filter((rank) => !this.#off.has(`${at}/${rank}`));
      return ranks.length ? [{ subject_id: hit.subject_id, field: hit.field, before: hit.before, ranks }] : [];
    });
  }

  #paintEnd() {
    const many = this.#ticked.reduce((sum, pick) => sum + pick.ranks.length, 0);
    this.go.disabled = !many;
    clear(this.go, many ? `Replace ${count(many, "place")}` : "Replace");
    this.all.hidden = !this.#hits.some((hit) => !hit.why_not);
    clear(this.all, many ? "Tick none" : "Tick all");
  }

  #tickAll() {
    const isAny = this.#ticked.length > 0;
    this.#hits.forEach((hit, at) => hit.why_not || hit.places.forEach((_, rank) => this.#off[isAny ? "add" : "delete"](`${at}/${rank}`)));
    for (const [at, node] of [...this.list.children].entries()) node.querySelectorAll("input").forEach((tick, rank) => (tick.checked = !this.#off.has(`${at}/${rank}`)));
    this.#paintEnd();
  }

  async #replace() {
    const picks = this.#ticked;
    if (!picks.length || this.go.disabled) return;
    this.go.disabled = true;
    const reply = await this.actions.replace({ wish: this.#wish, picks });
    if (!reply) return this.#paintEnd();
    await this.#look();
    clear(this.said, [`${count(reply.changed_count, "place")} replaced; undo takes all of it back.`, ...reply.passed_over].join(" "));
  }
}

function found(places, texts) {
  if (places === 1) return "1 place in 1 text.";
  return texts === 1 ? `${places} places in 1 text.` : `${places} places in ${texts} texts.`;
}
