// How the show speaks: its names and terms, and whether the studio learns from its editors. Kept through the desk's calls.

import { media, quietly, read, write } from "./api.js";
import { clear, h, isShown, tell } from "./dom.js";
import { count } from "./format.js";
import { rulesCards } from "./house_rules.js";
import { lines } from "./lines.js";
import { repaint } from "./repaint.js";

const EXPORT_KIND = "preferences";
const SURE_MS = 5000;
const MOST_CHARS = 40_000;

export function mount({ element, props, watch }) {
  const parts = [termsCard(), learningCard()];
  const rules = rulesCards();
  let place = {};
  element.className = "island house";
  clear(element, parts[0].element, rules.elements, parts[1].element);

  /** Another project is shown at once; the same one is looked at again when something moved and nobody is typing. */
  const follow = async () => {
    const before = place.project_id;
    place = props.value ?? {};
    element.hidden = !place.project_id;
    if (!place.project_id) return;
    if (before !== place.project_id) parts.forEach((part) => part.paint(place.project_id, null));
    const asked = place.project_id;
    rules.follow(asked);
    const writesBefore = parts.map((part) => part.writes());
    const view = await quietly(read(asked, "house", {}));
    if (!view || asked !== place.project_id) return;
    parts.forEach((part, at) => part.writes() === writesBefore[at] && part.paint(asked, view)); // what was asked before a press is old by now
  };
  watch("value", follow);
  follow();
  new IntersectionObserver((seen) => seen.at(-1).isIntersecting && isShown(element) && follow()).observe(element);
}

function termsCard() {
  let project = "";
  let writes = 0;
  let kept = ""; // as the studio has it
  const box = h("textarea", { rows: 5, dir: "auto", spellcheck: "false", maxlength: String(MOST_CHARS), placeholder: "Captain Reyes = 雷耶斯船长\nthe Gull = 海鸥号", "aria-label": "Names and terms, one per row: source = target" });
  const button = h("button.btn.small", { onclick: () => save() }, "Save");
  const said = h("span.dim", { role: "status" });
  const complaints = h("ul.complaints", { "aria-label": "Rows that were left out" });
  const isChanged = () => box.value.trim() !== kept.trim();
  const paintState = (words) => {
    button.disabled = !isChanged();
    tell(said, isChanged() ? "Not saved yet" : words);
  };
  const save = async () => {
    if (!isChanged()) return;
    const [asked, text] = [project, box.value];
    writes += 1;
    const view = await quietly(write(asked, "set_terms", { text }));
    writes += 1; // a look that was asked for while this was on its way is old as well
    if (!view || asked !== project) return;
    kept = text; // what was left out stays in the box, to be mended
    clear(complaints, view.complaints.map((sentence) => h("li", {}, sentence)));
    paintState(`${count(view.term_count, "term")} saved${view.complaints.length ? `, ${count(view.complaints.length, "row")} left out` : ""}`);
    lines.refresh();
  };
  box.addEventListener("input", () => paintState(""));
  box.addEventListener("change", save);
  const paint = (id, view) => {
    if (id !== project) {
      [project, kept, box.value, box.disabled] = [id, "", "", true];
      clear(complaints);
    }
    if (!view) return;
    const isMending = complaints.childElementCount > 0;
    if (box.disabled || (!isChanged() && !isMending && document.activeElement !== box)) kept = box.value = view.terms;
    box.disabled = false;
    paintState(isMending ? said.textContent : view.term_count ? `${count(view.term_count, "term")} saved` : "");
  };
  const element = h(
    "section.card.terms",
    {},
    h("h2", {}, "Names and terms"),
    h("p", {}, "One per row, as ", h("code", {}, "source = target"), ". The translator is told those a line holds, and wordings that leave one out are marked."),
    box,
    complaints,
    h("div.end", {}, button, said),
  );
  return { element, paint, writes: () => writes };
}

function learningCard() {
  let project = "";
  let writes = 0;
  const tick = h("input", { type: "checkbox", id: "learning-switch", "aria-describedby": "learning-sentence" });
  const acts = h("div.end");
  tick.addEventListener("change", async () => {
    writes += 1;
    const view = await quietly(write(project, "set_learning", { keep: tick.checked }));
    writes += 1;
    show(view ?? { keeps_choices: !tick.checked });
  });
  const show = (view) => {
    tick.checked = view.keeps_choices;
    if (view.kept_choices === undefined) return;
    repaint(acts, () => paintActs(view.kept_choices, view.keeps_choices));
  };
  const paintActs = (many, isOn) =>
    clear(
      acts,
      h("span.dim", { role: "status" }, many ? `${count(many, "choice")} kept` : isOn ? "None kept yet" : ""),
      h("span.grow"),
      many ? h("a.btn.small", { href: media("export", project, EXPORT_KIND), download: "", title: "Scenes of choices, as training takes them (JSON lines)" }, "Export") : null,
      many ? h("button.btn.small", { onclick: (event) => forget(event.currentTarget, many) }, "Forget all…") : null,
    );
  /** Forgetting takes two presses; the second says what goes. */
  const forget = async (button, many) => {
    if (button.dataset.sure) {
      delete button.dataset.sure;
      writes += 1;
      const view = await quietly(write(project, "forget_choices", {}));
      writes += 1;
      if (view) show(view);
      return;
    }
    button.dataset.sure = "yes";
    tell(button, `Forget ${count(many, "choice")} for good?`);
    button.classList.add("danger");
    setTimeout(() => {
      delete button.dataset.sure;
      tell(button, "Forget all…");
      button.classList.remove("danger");
    }, SURE_MS);
  };
  const paint = (id, view) => {
    project = id;
    if (view) show(view);
    else clear(acts);
  };
  const element = h(
    "section.card.learning",
    {},
    h("h2", {}, "Learning"),
    h("label.check", { for: "learning-switch" }, tick, "Learn from my choices"),
    h(
      "p",
      { id: "learning-sentence" },
      "While this is on, each wording you pick over a machine’s, and each one you change, is kept with this project: the source line and the few before it, the wordings on offer with their times, " +
        "the one you preferred, your user name, and when. It stays in this studio’s database, where nobody else’s account can see it, and is sent nowhere. You can export it to train a translator for this show.",
    ),
    acts,
  );
  return { element, paint, writes: () => writes };
}
