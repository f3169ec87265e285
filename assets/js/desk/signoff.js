// Sign-off: approve what is selected, a speaker's lines, a scene or everything, knowing beforehand what that takes in and what speaks against it.
// Enter: the selection. Leaves: one action, which undo takes back. Lines over budget or with open notes are asked about, not forbidden.

import { quietly, read, write } from "../api.js";
import { clear, h, own } from "../dom.js";
import { count } from "../format.js";
import { lines } from "../lines.js";
import { toast } from "../toast.js";
import { seenWords } from "./actions.js";
import { command } from "./commands.js";
import { openShare } from "./share.js";

export function registerSignOff(selection) {
  command("sign-off", { title: "Sign off a speaker, a scene or everything", group: "Lines", keys: ["Shift+A"], run: () => openSignOff(selection), when: () => lines.order.length > 0 });
  command("share", { title: "Share for review, by a link", group: "Notes", keys: [], run: () => openShare(), when: () => Boolean(lines.desk.project_id) });
}

export function openSignOff(selection) {
  const project = lines.desk.project_id;
  const row = lines.rows.get(selection.active);
  const scopes = [
    ...(row ? [["scene", `The scene of line ${row.number}`, { scene_line_id: row.id }], ["speaker", null, { speaker_id: row.speaker_id }]] : []),
    ["all", "The whole programme", {}],
  ];
  const state = { scope: scopes[0], plan: null, over: false, noted: false };
  const chips = h("div.chips", { role: "group", "aria-label": "What to sign off" });
  const body = h("div.plan", { role: "status" });
  const go = h("button.btn.primary", { onclick: () => approve() });
  const dialog = h(
    "dialog.speakers.signoff",
    { "aria-labelledby": "signoff-title", onclose: () => dialog.remove() },
    h("h2", { id: "signoff-title" }, "Sign off"),
    chips,
    body,
    h("div.end", {}, h("span.grow"), h("button.btn", { onclick: () => dialog.close() }, "Cancel"), go),
  );

  const chosen = () => [...(state.plan?.ready ?? []), ...(state.over ? state.plan.over : []), ...(state.noted ? state.plan.noted : [])];
  const look = async (scope) => {
    [state.scope, state.plan] = [scope, null];
    paint();
    const plan = await quietly(read(project, "plan_sign_off", scope[2]));
    if (plan && state.scope === scope) state.plan = plan;
    paint();
  };
  const tick = (name, many, words) => {
    if (!many) return null;
    const box = h("input", { type: "checkbox", onchange: () => ((state[name] = box.checked), paintGo()) });
    box.checked = state[name];
    return h("label.check", {}, box, words);
  };
  const paintGo = () => {
    const many = chosen().length;
    clear(go, many ? `Approve ${count(many, "line")}` : "Nothing to approve");
    go.disabled = !many;
  };
  const paint = () => {
    const { plan } = state;
    clear(chips, scopes.map((scope) => h(`button.chip${scope === state.scope ? ".on" : ""}`, { "aria-pressed": String(scope === state.scope), onclick: () => look(scope) }, scope[1] ?? ["All lines of ", own(row.speaker)])));
    clear(
      body,
      plan === null
        ? h("p.dim", {}, "…")
        : [
            h("p", {}, plan.ready.length ? `${count(plan.ready.length, "line")} ready.` : "No line is ready without a word."),
            tick("over", plan.over.length, plan.over.length === 1 ? "1 line over budget: approve it too" : `${plan.over.length} lines over budget: approve them too`),
            tick("noted", plan.noted.length, plan.noted.length === 1 ? "1 line with open notes: approve it too" : `${plan.noted.length} lines with open notes: approve them too`),
            plan.empty.length ? h("p.dim", {}, `${count(plan.empty.length, "line")} without a translation stay as they are.`) : null,
            plan.locked.length ? h("p.dim", {}, `${count(plan.locked.length, "line")} locked stay as they are.`) : null,
            plan.approved.length ? h("p.dim", {}, `${count(plan.approved.length, "line")} approved already.`) : null,
          ],
    );
    paintGo();
  };
  const approve = async () => {
    const reply = await quietly(write(project, "sign_off", { line_ids: chosen(), seen: seenWords(chosen()) }));
    if (!reply) return;
    lines.apply(reply);
    if (reply.passed_over?.length) toast(reply.passed_over.join(" "));
    dialog.close();
  };
  (document.querySelector(".desk") ?? document.body).append(dialog);
  dialog.showModal();
  look(state.scope).then(() => go.focus());
}
