// The project list: open, rename, delete, and the demo.

import { deletedProjects } from "./bin.js";
import { clear, h, own, tell } from "./dom.js";
import { fetchEarly } from "./early.js";
import { count } from "./format.js";
import { repaint } from "./repaint.js";

export function mount({ element, props, trigger, watch }) {
  const bin = deletedProjects(() => trigger("changed"));
  const listing = h("div.listing");
  const paint = () => {
    const cards = props.value?.cards ?? null;
    element.className = "island projects";
    document.documentElement.dataset.makes = props.value?.can_make === false ? "no" : "yes";
    repaint(listing, () => clear(listing, cards === null ? h("p.dim", {}, "Loading…") : cards.length ? h("ul", {}, cards.map((card) => item(card, trigger))) : empty(props.value.can_make)));
    if (cards !== null) bin.look();
  };
  clear(element, h("div.title", {}, h("h2", {}, "Projects"), h("button.btn", { onclick: () => trigger("demo") }, "Open the demo")), listing, bin.element);
  watch("value", paint);
  paint();
}

const empty = (canMake) =>
  h("div.empty", {}, h("h3", {}, "No project yet"), h("p", {}, !canMake ? "Nobody has shared a project with you yet; open the demo to look around." : "Drop a video or audio file on the Upload tab, create a project on the right, or open the demo to look around: it is dubbed in under a minute."));

function item(card, trigger) {
  const name = h("button.name", { title: `Open ${card.name}`, onclick: () => (fetchEarly(card.id), trigger("opened", { id: card.id })) }, own(card.name));
  return h(
    `li.project${card.is_open ? ".open" : ""}`,
    { "data-id": card.id },
    h("div.main", {}, name, h("span.dim", {}, [card.languages, card.length].filter(Boolean).join(" · "))),
    h("div.standing", {}, share(card), h("span.dim", {}, card.standing)),
    h("div.acts", { hidden: !card.is_mine }, h("button.btn.small", { onclick: () => rename(card, trigger) }, "Rename"), h("button.btn.small", { onclick: (event) => remove(event.currentTarget, card, trigger) }, "Delete")),
  );
}

/** How the lines of a project fit, as one bar. */
function share(card) {
  const total = card.fits + card.tight + card.over + card.empty;
  if (!total) return null;
  const parts = ["fits", "tight", "over"].map((kind) => h(`i.${kind}`, { style: `width:${(card[kind] / total) * 100}%` }));
  return h("span.share", { role: "img", title: `${count(card.fits, "line")} fit, ${card.tight} tight, ${card.over} over, ${card.empty} empty`, "aria-label": `${card.fits} of ${total} lines fit` }, parts);
}

function rename(card, trigger) {
  const name = prompt("New name of the project", card.name);
  if (name !== null && name.trim() && name !== card.name) trigger("renamed", { id: card.id, name });
}

/** Deleting takes two presses on the same button; the second says what goes. */
function remove(button, card, trigger) {
  if (button.dataset.sure) return delete button.dataset.sure, trigger("removed", { id: card.id });
  button.dataset.sure = "yes";
  button.classList.add("danger");
  tell(button, "Delete all of it?");
  setTimeout(() => {
    delete button.dataset.sure;
    button.classList.remove("danger");
    tell(button, "Delete");
  }, 4000);
}
