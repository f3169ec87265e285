// What an administrator may set: how long things stay, how turns are taken. A value is kept as soon as the field is left.

import { h, own } from "../dom.js";
import { act, look } from "./calls.js";
import { size } from "./parts.js";

const GROUPS = [["keeping", "How long things stay"], ["queue", "How turns are taken"]];

async function paint(place, { say, again }) {
  const all = await look("measures");
  for (const [group, title] of GROUPS)
    place.append(h("h2", {}, title), h("div.measures", {}, all.filter((one) => one.group === group).map((one) => row(one, say, again))));
}

function row(one, say, again) {
  const field = h("input.short", { type: "number", min: one.low, max: one.high, step: 1, value: String(one.value), id: `measure-${one.name}` });
  field.onchange = () =>
    act("measure", { group: one.group, name: one.name, value: Math.round(Number(field.value)) }).then(
      () => again().then(() => say("Set, for all servers at once.")),
      (error) => ((field.value = String(one.value)), say(error.message)),
    );
  const isOwn = one.value !== one.default;
  return h("div.measure", {}, h("label", { for: `measure-${one.name}` }, one.help), field, h("span.faint", {}, own(one.name.endsWith("_bytes") ? size(one.value) : one.name), isOwn ? own(` · ${one.default}`) : ""));
}

export const measures = { paint };
