// One character among the house rules: pace, register, words and voice, folded to a line until somebody opens it.

import { h, own } from "./dom.js";
import { count } from "./format.js";

export function characterRow(sheet, view, change, open) {
  const key = `character/${sheet.speaker_id}`;
  const send = (part) => change("set_sheet", (now) => ({ ...asSent(now.sheets.find((one) => one.speaker_id === sheet.speaker_id) ?? sheet), ...part }));
  const part = h("details.character", { open: open.has(key) }, h("summary", {}, h("b", { dir: "auto" }, own(sheet.name)), h("span.dim", {}, count(sheet.lines, "line")), h("span.gist", {}, own(gist(sheet)))), fields(sheet, view, send));
  part.addEventListener("toggle", () => (part.open ? open.add(key) : open.delete(key)));
  return part;
}

function fields(sheet, view, send) {
  const unit = view.pace_unit === "characters" ? "Characters a second" : "Syllables a second";
  return [
    h("div.pace", {}, h("span", {}, unit), number("Slowest", sheet.min_pace, (min_pace) => send({ min_pace })), h("span.dim", {}, "to"), number("Fastest", sheet.max_pace, (max_pace) => send({ max_pace }))),
    text("Register", sheet.register, "plain, a sailor’s; never bookish", (register) => send({ register })),
    text("Never says", sheet.forbidden.join(", "), "words, parted by commas", (words) => send({ forbidden: words.split(",").map((word) => word.trim()).filter(Boolean) })),
    text("Says instead", sheet.preferred.map((pair) => pair.join(" = ")).join(", "), "boat = ship, okay = aye", (words) => send({ preferred: pairs(words) })),
    text("Note", sheet.note, "", (note) => send({ note })),
    voice(sheet, send),
  ];
}

function number(label, value, keep) {
  const box = h("input", { inputmode: "decimal", "aria-label": label, placeholder: "–" });
  box.value = value ?? "";
  box.addEventListener("change", () => {
    const wanted = parseFloat(box.value.replace(",", "."));
    keep(Number.isFinite(wanted) ? wanted : null);
  });
  return box;
}

function text(label, value, placeholder, keep) {
  const box = h("input", { dir: "auto", placeholder, maxlength: "500" });
  box.value = value;
  box.addEventListener("change", () => box.value !== value && keep(box.value));
  return h("label.field", {}, h("span", {}, label), box);
}

function voice(sheet, send) {
  if (!sheet.voice && !sheet.sheet_voice) return null;
  const tick = h("input", { type: "checkbox", onchange: () => send({ keeps_voice: tick.checked }), disabled: !sheet.voice });
  tick.checked = Boolean(sheet.sheet_voice);
  return h("label.check", {}, tick, h("span", {}, "This voice belongs to the character: ", own(sheet.sheet_voice || sheet.voice)));
}

const pairs = (words) => words.split(",").map((row) => row.split("=").map((part) => part.trim())).filter((pair) => pair.length === 2 && pair[0] && pair[1]);

/** The sheet as the studio takes it; the voice on it stays as it is. */
const asSent = ({ speaker_id, min_pace, max_pace, register, forbidden, preferred, note, sheet_voice }) => ({ speaker_id, min_pace, max_pace, register, forbidden, preferred, note, keeps_voice: Boolean(sheet_voice) });

/** What the folded row says of a character. */
function gist({ min_pace, max_pace, register, forbidden, preferred }) {
  const pace = min_pace === null && max_pace === null ? "" : `${min_pace ?? ""}–${max_pace ?? ""}/s`;
  return [pace, register, forbidden.length ? `✗ ${forbidden.join(", ")}` : "", preferred.map((pair) => pair.join(" → ")).join(", ")].filter(Boolean).join(" · ");
}
