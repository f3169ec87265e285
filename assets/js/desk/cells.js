// What stands in each cell of a line's row. A painter takes the cell, the row, and {fit, scale_ms, isDraft}: the fit of what is
// being typed, or the stored one. The translation is painted by row.js, which also edits it.

import { paintBudget, budgetBar } from "../budget.js";
import { clear, h, own } from "../dom.js";
import { count, penalty, ratio, seconds, signedSeconds, timecode } from "../format.js";
import { lines } from "../lines.js";
import { isOfTakeBefore, isScored, lipSentence, lse, offsetFrames, presenceMark, presenceSentence } from "../lips.js";
import { words } from "../words.js";
import { rateOf } from "./filter.js";
import { notesOn } from "./notecount.js";
import { voiceName } from "./speakers.js";

const isBlank = (fit) => !fit || fit.fit === "empty";
const put = (cell, text) => (cell.textContent = text);

const PAINT = {
  n: (cell, row) => {
    put(cell, row.number);
    cell.title = row.flags.join("\n");
    const many = notesOn(row.id);
    if (many) cell.append(h("small.noted", { title: count(many, "open note") }, own(`✎${many}`)));
  },
  who: (cell, row) => {
    clear(cell, h("b", { dir: "auto", title: own(row.speaker) }, own(row.speaker)), h("span.tc", {}, own(timecode(row.start_ms, lines.desk.fps))));
  },
  out: (cell, row) => put(cell, timecode(row.end_ms, lines.desk.fps)),
  length: (cell, row) => put(cell, seconds(row.end_ms - row.start_ms)),
  src: (cell, row) => {
    put(cell, row.source || "—");
    cell.classList.toggle("blank", !row.source);
  },
  bar: (cell, row, { fit, scale_ms }) => {
    if (!cell.firstChild) cell.append(budgetBar());
    paintBudget(cell.firstChild, row, fit, scale_ms);
  },
  delta: (cell, row, { fit, isDraft }) => {
    clear(cell, isBlank(fit) ? own("") : own(signedSeconds(fit.delta_ms)), !isBlank(fit) && row.is_short && !isDraft ? h("small.short", { title: "The words end long before the line does" }, "short") : null);
    cell.dataset.fit = fit?.fit ?? "";
  },
  p: (cell, row, { fit }) => {
    put(cell, isBlank(fit) ? "" : penalty(fit.p));
    cell.dataset.fit = fit?.fit ?? "";
  },
  rate: (cell, row, { fit, isDraft }) => {
    const rate = rateOf(isDraft ? { ...row, fit, voiced: "" } : row);
    put(cell, rate === null ? "" : ratio(rate));
    cell.title = words(row.voiced === "voiced" && !isDraft ? "How much faster than its natural rate the take speaks" : "How much faster than its natural rate the voice would have to speak");
  },
  pace: (cell, row) => {
    put(cell, row.pace === null || row.pace === undefined ? "" : row.pace.toFixed(1));
    cell.title = words(row.pace_unit === "characters" ? "Characters a second over the line" : "Syllables a second over the line");
  },
  screen: (cell, row) => {
    clear(cell, presenceMark(row), h("span", {}, { "on screen": "on", partly: "partly", "off screen": "off" }[row.presence] ?? ""));
    cell.title = words(presenceSentence(row));
  },
  lips: paintLips,
  voice: (cell, row) => {
    put(cell, row.voice ? voiceName(row.voice) : "");
    cell.title = cell.textContent;
    cell.classList.toggle("own", row.has_own_voice);
  },
  flags: (cell, row) => {
    clear(cell, row.flags.map((flag) => h("small", { title: flag }, flag)));
  },
  notes: (cell, row) => put(cell, notesOn(row.id) || ""),
  st: (cell, row) => clear(cell, h("span", {}, row.status), voicing(row)),
};

const KINDS = { out: "tc", length: "num", delta: "num", p: "num.p", rate: "num.rate", pace: "num.pace", screen: "screen", notes: "num.notes" };
export const kindOf = (key) => KINDS[key] ?? key;

/** An empty cell of a column. */
export function cellOf(key, at) {
  const { source_language, target_language } = lines.desk;
  const text = key === "src" ? { dir: "auto", lang: source_language } : key === "tgt" ? { dir: "auto", lang: target_language } : {};
  return h(`span.${kindOf(key)}`, { role: "gridcell", "aria-colindex": String(at + 1), ...text });
}

/** Columns that follow what is being typed. */
export const FOLLOWS_TYPING = ["bar", "delta", "p", "rate"];

export const paintCell = (key, cell, row, now) => PAINT[key](cell, row, now);

/** Presence, LSE-C, and below it what the scorer is sure of: in sync, or by how many frames not. Off is marked without a colour. */
function paintLips(cell, row) {
  const said = words(lipSentence(row));
  cell.title = said;
  cell.setAttribute("aria-label", said);
  const isBefore = isOfTakeBefore(row);
  cell.dataset.verdict = isBefore ? "unclear" : (row.lips?.verdict ?? "");
  cell.classList.toggle("before", isBefore);
  const frames = row.lips?.is_offset_clear ? row.lips.offset_frames : 0;
  const sure = isBefore ? "" : frames ? `${offsetFrames(frames)} f` : row.lips?.verdict === "agree" ? "in sync" : "";
  clear(cell, h("span.mark", {}, presenceMark(row)), h("b", {}, own(isScored(row) ? lse(row.lips.lse_c, 1) : "")), sure ? h("small", {}, sure) : null);
}

function voicing(row) {
  const word = row.voiced === "voiced" ? "voiced" : row.voiced === "stale" ? "voice is old" : row.target ? "not voiced" : "";
  return h(`small.${row.voiced || "none"}`, {}, word);
}
