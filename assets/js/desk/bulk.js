// What can be done with all selected lines at once, each as one action: status, speaker, voice, scales, times, copies, work, and
// ways to select more. A panel beside its button; it stays open, so that several things can be done to the same lines.

import { clear, h, own } from "../dom.js";
import { count } from "../format.js";
import { lines } from "../lines.js";
import { toast } from "../toast.js";
import { STATUSES } from "./filter.js";
import { repaint } from "../repaint.js";
import { openBeside } from "./menu.js";
import { voiceSelect } from "./speakers.js";

const SCALES = [["face_scale", "face"], ["lip_scale", "lips"], ["text_scale", "words"], ["pause_scale", "pauses"]];
const SURE_MS = 4000;

export function openBulk(button, selection, actions) {
  const panel = h("div.menu.builder.bulk", { role: "dialog", "aria-label": "Change the selected lines" });
  const scales = new ScaleBoxes();
  const times = timeBoxes();
  const paint = () => repaint(panel, () => clear(panel, content({ selection, actions, panel, scales, times })));
  const follow = () => panel.isConnected && paint();
  selection.watch(follow);
  paint();
  openBeside(button, panel, { onClose: () => selection.unwatch(follow) });
  panel.querySelector("button")?.focus();
}

function content({ selection, actions, panel, scales, times }) {
  const ids = selection.inOrder(lines.order);
  const bulk = (change) => actions.bulk(ids, change);
  const rows = ids.map((id) => lines.rows.get(id));
  return [
    h("p.standing", {}, `${count(ids.length, "line")} selected`),
    section("Select", [
      press("This speaker’s lines", () => selectSpeaker(selection)),
      press("This scene", () => selectScene(selection, actions)),
    ]),
    section("Status", STATUSES.map((status) => press(status, () => actions.setStatus(ids, status), rows.every((row) => row.status === status)))),
    section("Speaker", [speakerSelect(rows, (speaker_id) => bulk({ speaker_id }))]),
    section("Voice", [voiceSelect(oneOf(rows, (row) => (row.has_own_voice ? row.voice : "")), "Speaker’s voice", (voice) => bulk({ voice }))]),
    section("Scales", scales.parts(rows, bulk)),
    section("Times", times(bulk)),
    section("Copy", [press("Translations", () => copy(rows.map((row) => row.target))), press("Sources", () => copy(rows.map((row) => row.source))), press("Both", () => copy(rows.map((row) => `${row.speaker}\t${row.source}\t${row.target}`)))]),
    section("Work", [press("New wordings and takes", () => actions.regenerate(ids)), press("New takes", () => actions.revoice(ids)), remove(ids, actions, panel)]),
  ];
}

export function selectSpeaker(selection) {
  const speaker = lines.rows.get(selection.active)?.speaker_id;
  selection.these(lines.list.filter((row) => row.speaker_id === speaker).map((row) => row.id));
}

export async function selectScene(selection, actions) {
  const ids = await actions.scene(selection.active);
  if (ids.length) selection.these(ids);
}

const section = (title, parts) => h("section", {}, h("h4", {}, title), h("div.parts", {}, parts));
const press = (label, does, isOn = false) => h(`button.chip${isOn ? ".on" : ""}`, { onclick: does }, label);
const oneOf = (rows, value) => (rows.length && rows.every((row) => value(row) === value(rows[0])) ? value(rows[0]) : "");

function speakerSelect(rows, take) {
  const select = h("select", { "aria-label": "Speaker", onchange: (event) => event.target.value && take(event.target.value) }, h("option", { value: "" }, "several"), lines.desk.speakers.map((one) => h("option", { value: one.id }, own(one.name))));
  select.value = oneOf(rows, (row) => row.speaker_id);
  return select;
}

/** What is typed into them stays until it is set, whichever lines are chosen meanwhile. */
class ScaleBoxes {
  #typed = new Set();
  #boxes = SCALES.map(([name, label]) => [name, h("input", { type: "number", min: "0", max: "5", step: "0.1", placeholder: label, "aria-label": `Scale of ${label}`, oninput: () => this.#typed.add(name) })]);

  parts(rows, bulk) {
    for (const [name, box] of this.#boxes) if (!this.#typed.has(name)) box.value = String(oneOf(rows, (row) => row[name] ?? ""));
    const apply = () => {
      const given = Object.fromEntries(this.#boxes.filter(([, box]) => box.value !== "").map(([name, box]) => [name, Number(box.value)]));
      this.#typed.clear();
      if (Object.keys(given).length) bulk({ own_guidance: true, ...given });
    };
    return [...this.#boxes.map(([, box]) => box), press("Set", apply), press("As the project", () => (this.#typed.clear(), bulk({ own_guidance: false })))];
  }
}

function timeBoxes() {
  const by = h("input", { type: "number", min: "0", step: "1", value: "1", "aria-label": "By how much" });
  const unit = h("select", { "aria-label": "Unit" }, h("option", { value: "frames" }, "frames"), h("option", { value: "ms" }, "ms"));
  const shift = (way, bulk) => {
    const many = Number(by.value);
    if (many > 0) bulk({ shift_ms: way * Math.round(unit.value === "ms" ? many : (many * 1000) / lines.desk.fps) });
  };
  return (bulk) => [by, unit, press("Earlier", () => shift(-1, bulk)), press("Later", () => shift(1, bulk))];
}

async function copy(texts) {
  try {
    await navigator.clipboard.writeText(texts.join("\n"));
    toast(`${count(texts.length, "text")} copied.`);
  } catch {
    toast("The browser does not let this page write to the clipboard; copy from the line itself.");
  }
}

/** Deleting takes two presses; the second says what goes. */
function remove(ids, actions, panel) {
  const button = press("Delete", () => {
    if (button.dataset.sure) return delete button.dataset.sure, panel.hidePopover(), void actions.remove(ids);
    button.dataset.sure = "yes";
    clear(button, `Delete ${count(ids.length, "line")}?`);
    setTimeout(() => button.isConnected && (delete button.dataset.sure, clear(button, "Delete")), SURE_MS);
  });
  return button;
}
