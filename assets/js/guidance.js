// Per-line guidance: every line with its own face and lip scales, or the project's. Stored through the desk's calls.

import { quietly, write } from "./api.js";
import { clear, h } from "./dom.js";
import { timecode } from "./format.js";
import { lines } from "./lines.js";

const MOST = 5;

export function mount({ element, props, watch }) {
  let isOwnOnly = false;
  const body = h("div.rows");
  const note = h("span.dim");
  const only = h("input", { type: "checkbox", onchange: (event) => ((isOwnOnly = event.target.checked), paint()) });
  element.className = "island guidance";
  clear(element, h("div.title", {}, h("h2", {}, "Single lines"), note, h("span.grow"), h("label.check", {}, only, "Only lines with their own")), body);

  const paint = () => {
    const own = lines.list.filter(hasOwn);
    note.textContent = lines.order.length ? `${own.length} of ${lines.order.length} have their own` : "";
    const shown = isOwnOnly ? own : lines.list;
    clear(body, shown.length ? [head(), ...shown.map(line)] : h("div.empty", {}, h("p", {}, lines.order.length ? "No line has its own scales: all follow the project." : "Lines appear here once a project has some.")));
  };
  lines.watch((changed) => {
    if (changed === null) return paint();
    for (const id of changed) body.querySelector(`[data-id="${id}"]`)?.replaceWith(line(lines.rows.get(id)));
    if (changed.size) note.textContent = `${lines.list.filter(hasOwn).length} of ${lines.order.length} have their own`;
  });
  watch("value", () => lines.follow(props.value));
  lines.follow(props.value);
}

const hasOwn = (row) => row.face_scale !== null;
const head = () => h("div.line.head", {}, ["", "Speaker · in", "Line", "Face", "Lips", "Own"].map((text) => h("span", {}, text)));

function line(row) {
  const isOwn = hasOwn(row);
  const project = lines.desk.guidance ?? { face_scale: 0, lip_scale: 0 };
  const scales = { face_scale: row.face_scale ?? project.face_scale, lip_scale: row.lip_scale ?? project.lip_scale };
  const store = (own_guidance) => quietly(write(lines.desk.project_id, "revise", { line_id: row.id, own_guidance, ...scales }).then((reply) => lines.apply(reply)));
  const slider = (name, label) => {
    const shown = h("output", {}, scales[name].toFixed(1));
    const input = h("input", { type: "range", min: "0", max: String(MOST), step: "0.1", value: String(scales[name]), disabled: !isOwn, "aria-label": `${label} of line ${row.number}` });
    input.addEventListener("input", () => ((scales[name] = Number(input.value)), (shown.textContent = scales[name].toFixed(1))));
    input.addEventListener("change", () => store(true));
    return h("span.scale", {}, input, shown);
  };
  return h(
    `div.line${isOwn ? ".own" : ""}`,
    { "data-id": row.id },
    h("span.n", {}, String(row.number)),
    h("span.who", {}, h("b", {}, row.speaker), h("span.tc", {}, timecode(row.start_ms, lines.desk.fps))),
    h("span.text", { dir: "auto", title: row.target || row.source }, row.target || row.source || "—"),
    slider("face_scale", "Face"),
    slider("lip_scale", "Lips"),
    h("input", { type: "checkbox", checked: isOwn, "aria-label": `Own scales for line ${row.number}`, onchange: (event) => store(event.target.checked) }),
  );
}
