// The audit trail: who changed, shared, exported or administered what, with a filter, further pages, and a file of it all.

import { h, own } from "../dom.js";
import { look } from "./calls.js";
import { choice, code, moment, table } from "./parts.js";

const filter = { user: "", action: "", project: "", since: "" };

const COLUMNS = [
  { title: "When", of: (entry) => own(moment(entry.at)) },
  { title: "Who", of: (entry) => (entry.user ? own(entry.user) : h("span.dim", {}, "nobody logged in")) },
  { title: "What", of: (entry) => code(entry.action) },
  { title: "Whom or which", of: (entry) => own(entry.subject || "–") },
  { title: "Project", of: (entry) => (entry.project_id ? code(entry.project_id) : own("–")) },
  { title: "More", of: (entry) => own(Object.entries(entry.detail).map(([name, value]) => `${name} ${value}`).join(" · ")) },
];

const asked = () => Object.fromEntries(Object.entries(filter).filter(([, value]) => value));

async function paint(place, { say, again }) {
  const [entries, actions] = await Promise.all([look("trail", asked()), look("actions")]);
  const field = (name, label, type = "text") => h("input", { type, "aria-label": label, placeholder: label, value: filter[name], onchange: (event) => ((filter[name] = event.target.value.trim()), again()) });
  const groups = [...new Set(actions.map((action) => `${action.split(".")[0]}.`))];
  const choose = choice("What", [["", "Everything"], ...groups.map((group) => [group, own(`${group}…`)]), ...actions.map((action) => [action, own(action)])], filter.action, (value) => ((filter.action = value), again()));
  const rows = h("div");
  const more = h("button.btn", { onclick: () => further() }, "Older ones");
  let all = entries;
  const show = (isMore) => (rows.replaceChildren(table("Audit trail", COLUMNS, all, "There is nothing like that in the trail.")), (more.hidden = !isMore));
  async function further() {
    try {
      const next = await look("trail", { ...asked(), before: all.at(-1).seq });
      all = [...all, ...next];
      show(next.length > 0);
    } catch (error) {
      say(error.message);
    }
  }
  show(entries.length >= 200);
  place.append(h("div.row", {}, field("user", "Who"), choose, field("project", "Project"), field("since", "Since", "date"), h("span.grow"), h("a.btn", { href: `admin/audit.csv?${new URLSearchParams(asked())}`, download: "" }, "Save as CSV")), rows, more);
}

export const trail = { paint };
