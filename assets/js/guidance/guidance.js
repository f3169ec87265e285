// The lines of the Guidance tab: each with its own scales or the project's, ticked for voicing, one chosen to work on below.
// `quality` asks the page to store which steps voices take; `changed` tells it that work was started.

import { quietly, write } from "../api.js";
import { clear, h, tell } from "../dom.js";
import { count, timecode } from "../format.js";
import { lines } from "../lines.js";
import { exchange, repaint } from "../repaint.js";
import { work } from "../work.js";
import { bench } from "./bench.js";
import { MOST, SCALES, scalesOf } from "./scales.js";

const QUALITIES = [
  { name: "preview", label: "Fast preview", title: "Few steps: rough, but quick to listen to" },
  { name: "final", label: "Final quality", title: "All steps: what goes into the film" },
];

export function mount({ element, props, trigger, watch }) {
  let isOwnOnly = false;
  const body = h("div.rows", { role: "group", "aria-label": "Lines and their scales" });
  const note = h("span.dim");
  const only = h("input", { type: "checkbox", onchange: (event) => ((isOwnOnly = event.target.checked), paint()) });
  const voicing = voicingBar({ props, trigger });
  element.className = "island guidance";
  clear(element, h("div.title", {}, h("h2", {}, "Lines"), note, h("span.grow"), h("label.check", {}, only, "Only lines with their own")), body, voicing.element);

  const paint = () => {
    const own = lines.list.filter(hasOwn);
    tell(note, lines.order.length ? `${own.length} of ${lines.order.length} have their own scales` : "");
    const shown = isOwnOnly ? own : lines.list;
    repaint(body, () => clear(body, shown.length ? [head(), ...shown.filter(({ id }) => lines.rows.has(id)).map(({ id }) => line(lines.rows.get(id)))] : h("div.empty", {}, h("p", {}, lines.order.length ? "No line has its own scales: all follow the project." : "Lines appear here once a project has some."))));
    voicing.paint();
  };
  lines.watch((changed) => {
    if (changed === null) return paint();
    for (const id of changed) {
      const before = body.querySelector(`[data-id="${id}"]`);
      if (before && lines.rows.has(id)) exchange(before, () => (lines.rows.has(id) ? line(lines.rows.get(id)) : before));
    }
    if (changed.size) tell(note, `${lines.list.filter(hasOwn).length} of ${lines.order.length} have their own scales`);
    voicing.paint();
  });
  bench.watch((what) => {
    if (what === "line") mark(body);
    if (what !== "view") voicing.paint();
  });
  const follow = () => {
    lines.follow(props.value?.place);
    voicing.paint();
  };
  watch("value", follow);
  follow();
}

const hasOwn = (row) => row.face_scale !== null;

function mark(body) {
  for (const one of body.querySelectorAll(".line[data-id]")) {
    const isOn = one.dataset.id === bench.id;
    one.classList.toggle("chosen", isOn);
    one.querySelector(".text").setAttribute("aria-pressed", String(isOn));
    if (isOn) keepInView(body, one);
  }
}

/** Scrolls the list only: the page stays where it is. */
function keepInView(body, one) {
  const top = one.offsetTop - body.offsetTop;
  if (top < body.scrollTop || top + one.offsetHeight > body.scrollTop + body.clientHeight) body.scrollTop = top - body.clientHeight / 2;
}

const head = () => h("div.line.head", { "aria-hidden": "true" }, h("span"), h("span"), h("span", {}, "Speaker · in"), h("span.text", {}, "Line"), SCALES.map(({ name, label }) => h(`span.${name}`, {}, label)), h("span.own-tick", {}, "Own"));

function line(row) {
  const isOwn = hasOwn(row);
  const scales = scalesOf(row, lines.desk.guidance);
  const store = (own_guidance) => quietly(write(lines.desk.project_id, "revise", { line_id: row.id, own_guidance, ...scales }).then((reply) => lines.apply(reply)));
  const slider = ({ name, label }) => {
    const shown = h("output", {}, scales[name].toFixed(1));
    const input = h("input", { type: "range", min: "0", max: String(MOST), step: "0.1", value: String(scales[name]), disabled: !isOwn, "aria-label": `${label} of line ${row.number}` });
    input.addEventListener("input", () => ((scales[name] = Number(input.value)), (shown.textContent = scales[name].toFixed(1))));
    input.addEventListener("change", () => store(true));
    return h(`span.scale.${name}`, {}, h("i", { "aria-hidden": "true" }, label), input, shown);
  };
  const isChosen = row.id === bench.id;
  return h(
    `div.line${isOwn ? ".own" : ""}${isChosen ? ".chosen" : ""}`,
    { "data-id": row.id },
    h("input.tick", { type: "checkbox", checked: bench.ticked.has(row.id), "aria-label": `Voice line ${row.number} with the next press`, onchange: (event) => bench.tick(row.id, event.target.checked) }),
    h("span.n", {}, String(row.number)),
    h("span.who", {}, h("b", {}, row.speaker), h("span.tc", {}, timecode(row.start_ms, lines.desk.fps))),
    h("button.plain.text", { dir: "auto", title: row.target || row.source, "aria-pressed": String(isChosen), "aria-label": `Work on line ${row.number}: ${row.target || row.source || "no words"}`, onclick: () => bench.choose(row.id) }, row.target || row.source || "—", standing(row)),
    SCALES.map(slider),
    h("input.own-tick", { type: "checkbox", checked: isOwn, "aria-label": `Own scales for line ${row.number}`, onchange: (event) => store(event.target.checked) }),
  );
}

const STANDING = { voiced: "", stale: "voice is old", "": "not voiced" };
const standing = (row) => (STANDING[row.voiced] && row.target ? h("small", {}, STANDING[row.voiced]) : null);

/** How lines are voiced from here: which quality, which lines, and how far the work is. */
function voicingBar({ props, trigger }) {
  const chips = QUALITIES.map(({ name, label, title }) => h("button.chip", { title, "data-quality": name, onclick: () => choose(name) }, label));
  const button = h("button.btn.primary", { onclick: () => voice() });
  const meter = h("i.bar");
  const said = h("span.progress", { role: "status" });
  let wanted = ""; // chosen here, until the page says so too
  const quality = () => wanted || props.value?.quality || QUALITIES[1].name;
  const choose = (name) => {
    wanted = name;
    trigger("quality", { quality: name });
    paint();
  };
  const voice = async () => {
    const ids = bench.meant;
    button.disabled = true;
    await quietly(write(lines.desk.project_id, "voice_lines", { line_ids: ids, quality: quality() }));
    trigger("changed");
    paint();
  };
  const paint = () => {
    if (props.value?.quality === wanted) wanted = "";
    for (const chip of chips) {
      chip.classList.toggle("on", chip.dataset.quality === quality());
      chip.setAttribute("aria-pressed", String(chip.dataset.quality === quality()));
    }
    const meant = bench.meant;
    const wordless = meant.filter((id) => !lines.rows.get(id)?.target).length;
    tell(button, meant.length === 1 ? `Voice line ${lines.rows.get(meant[0])?.number ?? ""}` : meant.length ? `Voice ${meant.length} lines` : "Voice");
    button.disabled = !meant.length || wordless === meant.length || work.isBusy;
    const share = work.isBusy ? (work.job.share ?? 0) : 0;
    meter.style.width = `${Math.round(share * 100)}%`;
    tell(said, work.isBusy || work.job?.is_failed ? work.words : wordless ? `${count(wordless, "line")} without a translation ${wordless === 1 ? "is" : "are"} not voiced.` : "");
  };
  const element = h("div.voicing", {}, h("div.chips", { role: "group", "aria-label": "Quality of the next takes" }, chips), button, h("div.work", {}, said, h("div.meter", { "aria-hidden": "true" }, meter)));
  work.watch(paint);
  return { element, paint };
}
