// Accounts: who may come in, as what, with how much room. Another role, a new password or switching off ends that person's logins.

import { h, own } from "../dom.js";
import { act, look } from "./calls.js";
import { ROLES, choice, code, moment, size, table, twice } from "./parts.js";

const GB = 1e9;

const draft = { name: "", password: "", role: "editor" }; // the account being typed: it outlasts a painting of the tab, and a refusal

async function paint(place, { say, again }) {
  const rows = await look("people");
  const done = (promise, told = "") => promise.then(() => again().then(() => say(told)), (error) => (again(), say(error.message)));
  place.append(
    table("People", columns(done), rows, "Nobody has an account yet; the first one makes the studio ask for a login."),
    h("h2", {}, "New account"),
    newAccount(done),
    h("p.dim", {}, "The mark is what stands for a person in the log."),
  );
}

const isOwn = (one) => one.name !== "local"; // who works at the machine itself has no account to change

const columns = (done) => [
  { title: "Name", of: (one) => [own(one.name), one.is_disabled ? h("span.chip", {}, "switched off") : ""] },
  { title: "Role", of: (one) => (isOwn(one) ? choice("Role", ROLES, one.role, (role) => done(act("role", { name: one.name, role }))) : "Administrator") },
  { title: "Last here", of: (one) => own(moment(one.seen_at)) },
  { title: "Since", of: (one) => own(moment(one.created_at)) },
  { title: "Room", of: (one) => room(one, done), isNumber: true },
  { title: "Logs in by", of: (one) => (one.has_password ? "password" : "single sign-on") },
  { title: "Mark", of: (one) => code(one.mark) },
  { title: "", of: (one) => (isOwn(one) ? h("span.row", {}, password(one, done), one.is_disabled ? h("button.btn.small", { onclick: () => done(act("enable", { name: one.name })) }, "Let in again") : twice("Switch off", () => done(act("disable", { name: one.name })))) : "") },
];

function room(one, done) {
  const field = h("input.short", { type: "number", min: 0, step: "any", "aria-label": "Room in GB; empty: the studio's own measure", placeholder: "as studio", value: one.quota_bytes === null ? "" : String(one.quota_bytes / GB) });
  field.onchange = () => {
    const typed = field.value.trim();
    if (typed !== "" && !(Number(typed) >= 0)) return;
    done(act("quota", { name: one.name, quota_bytes: typed === "" ? null : Math.round(Number(typed) * GB) }));
  };
  return h("span.row", { title: one.quota_bytes === null ? undefined : own(size(one.quota_bytes)) }, field, own("GB"));
}

function password(one, done) {
  const field = h("input", { type: "password", autocomplete: "new-password", "aria-label": "New password", placeholder: "New password" });
  const form = h("form.row", { hidden: true, onsubmit: (event) => (event.preventDefault(), done(act("password", { name: one.name, password: field.value }), "The password is changed.")) }, field, h("button.btn.small", {}, "Set"));
  const button = h("button.btn.small", { type: "button", onclick: () => ((form.hidden = false), (button.hidden = true), field.focus()) }, "New password…");
  return h("span", {}, button, form);
}

function newAccount(done) {
  const typed = (name) => (event) => (draft[name] = event.target.value);
  const name = h("input", { "aria-label": "Name", placeholder: "Name", autocomplete: "off", required: true, value: draft.name, oninput: typed("name") });
  const secret = h("input", { type: "password", "aria-label": "Password", placeholder: "Password", autocomplete: "new-password", value: draft.password, oninput: typed("password") });
  const add = async () => {
    await act("add", { ...draft, password: draft.password || null });
    draft.name = draft.password = "";
  };
  return h("form.row", { onsubmit: (event) => (event.preventDefault(), done(add(), "The account is made.")) }, name, secret, choice("Role", ROLES, draft.role, (chosen) => (draft.role = chosen)), h("button.btn", {}, "Add"), h("span.dim", {}, "Without a password: for single sign-on only."));
}

export const people = { paint };
