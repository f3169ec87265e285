// Review links: made, shown once, listed, revoked. A link shows this project to somebody without an account: playback and notes, no edits.
// Enter: nothing. Leaves: nothing; the studio keeps only a fingerprint of a link, so a lost one cannot be shown again.

import { quietly, read, write } from "../api.js";
import { clear, h, own } from "../dom.js";
import { lines } from "../lines.js";
import { written } from "../note_view.js";
import { repaint } from "../repaint.js";

const DAYS = [1, 7, 14, 30, 90];
const ROLES = { editor: "edits everything", reviewer: "reads and writes notes" };

export async function openShare() {
  const project = lines.desk.project_id;
  const view = await quietly(read(project, "review_links", {}));
  if (!view) return;
  const editors = h("section.editors", { hidden: true });
  paintPeople(project, editors, await quietly(read(project, "members", {})));
  const made = h("div.made", { hidden: true, role: "status" });
  const list = h("div.rows");
  const label = h("input", { id: "share-label", maxlength: "120", placeholder: "Director’s review", "aria-label": "For whom, or for what" });
  const days = h("select", { "aria-label": "How long it opens" }, DAYS.map((many) => h("option", { value: String(many) }, many === 1 ? "1 day" : `${many} days`)));
  days.value = String(view.default_days);
  const make = async () => {
    const asked = label.value;
    const now = await quietly(write(project, "add_review_link", { label: asked, days: Number(days.value) }));
    if (!now) return;
    if (label.value === asked) label.value = "";
    paint(now);
    showLink(made, new URL(now.address, document.baseURI).href);
  };
  const paint = (now) => repaint(list, () => clear(list, now.links.length ? now.links.map((link) => linkRow(link, () => revoke(link.id))) : h("p.dim", {}, "No link opens this project at present.")));
  const revoke = async (id) => {
    const now = await quietly(write(project, "revoke_review_link", { link_id: id }));
    if (now) paint(now);
  };
  const dialog = h(
    "dialog.speakers.reviewing",
    { "aria-labelledby": "share-title", onclose: () => dialog.remove() },
    h("h2", { id: "share-title" }, "Share for review"),
    h("p.dim", {}, "Whoever has the link can watch the dub with its lines and write notes. They can change nothing, and see nothing else."),
    h("form.make", { onsubmit: (event) => (event.preventDefault(), make()) }, label, days, h("button.btn.primary", {}, "Make a link")),
    made,
    list,
    editors,
    h("div.end", {}, h("span.grow"), h("button.btn", { onclick: () => dialog.close() }, "Done")),
  );
  paint(view);
  (document.querySelector(".desk") ?? document.body).append(dialog);
  dialog.showModal();
  label.focus();
}

/** Who else works on the project, and as what. Shown where people log in: the owner shares it by name, the others see who is there. */
function paintPeople(project, place, view) {
  if (!view || (!view.can_share && !view.members.length)) return void (place.hidden = true);
  const change = async (verb, values) => {
    const now = await quietly(write(project, verb, values));
    if (now && verb === "add_member" && name.value === values.name) name.value = "";
    if (now) paint(now);
  };
  const name = h("input", { maxlength: "64", placeholder: "Login name", "aria-label": "Who shall see it too" });
  const role = roleBox(view.roles[0], "As what");
  const add = h("form.make", { onsubmit: (event) => (event.preventDefault(), change("add_member", { name: name.value, role: role.value })) }, name, role, h("button.btn", {}, "Share"));
  const row = (one) =>
    h(
      "div.link",
      {},
      h("span", { dir: "auto" }, own(one.name)),
      view.can_share ? roleBox(one.role, `What ${one.name} may do`, (now) => change("add_member", { name: one.name, role: now })) : h("span.dim", {}, ROLES[one.role]),
      h("span"),
      view.can_share ? h("button.btn.small", { onclick: () => change("remove_member", { name: one.name }) }, "Remove") : h("span"),
    );
  const people = h("div.people");
  const paint = (now) => repaint(people, () => clear(people, now.members.map(row)));
  paint(view);
  place.hidden = false;
  clear(
    place,
    h("h3", {}, "People"),
    h("p.dim", {}, "They see each other’s changes within two seconds; where two change the same words, both are kept and shown. Owner: ", own(view.owner), "."),
    view.can_share ? add : null,
    people,
    view.can_share ? trail(project) : null,
  );
}

const DEEDS = {
  "project.create": "made the project", "project.import": "brought the project in", "project.rename": "renamed it", "project.delete": "put it into the bin", "project.restore": "took it from the bin",
  "project.settings": "changed its settings", "project.languages": "changed its languages", "project.learning": "changed what is kept for learning", "project.forget_choices": "forgot kept choices",
  "project.script": "took a script in", "project.media": "gave it a film", "project.bed": "gave it music and effects", "project.remove_bed": "took music and effects out",
  "project.share": "shared it", "project.unshare": "ended sharing", "project.export": "exported", "project.export_choices": "exported choices", "project.archive": "exported it whole",
  "review.link": "made a review link", "review.revoke": "revoked a review link", "voice.add": "added a voice", "voice.remove": "removed a voice", "show.join": "made it an episode", "show.leave": "took it out of its show", "job.stop": "stopped its work",
};
const TOLD = ["project.share", "project.unshare", "project.export"]; // whose subject says something to people

/** Who did what with the project as a whole, asked for once somebody wants to see it. Edits of lines are in the history. */
function trail(project) {
  const place = h("div.rows");
  const show = async () => {
    const view = await quietly(read(project, "trail", {}));
    if (view) clear(place, view.deeds.map((one) => h("div.link", {}, h("span", { dir: "auto" }, own(one.user)), h("span.dim", {}, DEEDS[one.action] ?? one.action, own(TOLD.includes(one.action) && one.subject ? ` ${one.subject}` : "")), h("span"), h("span.dim", {}, own(written(one.at))))));
  };
  return h("details", { ontoggle: (event) => event.target.open && show() }, h("summary", {}, "Who did what"), place);
}

function roleBox(value, label, onchange = null) {
  const box = h("select", { "aria-label": label, onchange: () => onchange?.(box.value) }, Object.entries(ROLES).map(([role, name]) => h("option", { value: role }, name)));
  box.value = value;
  return box;
}

function showLink(place, address) {
  const box = h("input", { readonly: true, "aria-label": "The link", onfocus: () => box.select() });
  box.value = address;
  const copy = h("button.btn", { onclick: () => copied(box, copy) }, "Copy");
  clear(place, h("p", {}, "Copy it now: it is not shown again."), h("div.line", {}, box, copy));
  place.hidden = false;
  box.focus();
}

async function copied(box, button) {
  try {
    await navigator.clipboard.writeText(box.value);
    clear(button, "Copied");
  } catch {
    box.select(); // a page without the right to the clipboard: the person copies
  }
}

function linkRow(link, revoke) {
  const state = link.is_revoked ? "revoked" : link.is_expired ? "expired" : "";
  return h(
    `div.link${state ? ".over" : ""}`,
    {},
    h("span", { dir: "auto" }, own(link.label || "—")),
    h("span.dim", {}, state ? state : "opens until ", state ? null : own(written(link.expires_at))),
    h("span.dim", {}, "made ", own(written(link.created_at)), link.by ? [" by ", h("b", { dir: "auto" }, own(link.by))] : null),
    state ? h("span") : h("button.btn.small", { onclick: revoke }, "Revoke"),
  );
}
