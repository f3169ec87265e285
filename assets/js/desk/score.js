// The score card: how the words fit the line, and how the take fits the mouth. Every number has its label; whose lip numbers
// they are stands below them, because numbers of different scorers say nothing about each other.

import { clear, h, tell } from "../dom.js";
import { demand, penalty, percent, ratio, seconds, timecode } from "../format.js";
import { UNCLEAR, isOfTakeBefore, isScored, lse, offsetFrames, offsetSentence, presenceMark, presenceSentence } from "../lips.js";

const NONE = "–";

export function scoreCard() {
  const [head, fit, lips, said, overlap] = [h("h4"), h("div.score"), h("div.score.lips"), h("p.fine"), h("p.fine")];
  const element = h("section.card.score-card", { "aria-label": "Score card" }, head, fit, lips, said, overlap);

  /** `detail`: the panel's words about the lips, null while they are on their way. */
  const paint = (row, fitNow, desk, detail) => {
    clear(head, h("span", {}, `Line ${row.number}`), h("small", {}, `${timecode(row.start_ms, desk.fps)} – ${timecode(row.end_ms, desk.fps)}`));
    clear(fit, fitValues(row, fitNow, desk.max_ratio));
    const hasLips = desk.has_picture || row.lips !== null;
    for (const part of [lips, said, overlap]) part.hidden = !hasLips;
    if (!hasLips) return;
    lips.classList.toggle("before", isOfTakeBefore(row));
    clear(lips, lipValues(row, detail));
    tell(said, lipWords(row, detail));
    tell(overlap, detail ? `Overlap: ${detail.overlap_definition}.` : "…");
  };
  return { element, paint };
}

const value = (text, label, { tone = "", title } = {}) => h("div", { title }, h("b", { "data-fit": tone }, text), term(label));

const MEASURE = { "speech s": "budget", "slot s": "slot", P: "p", rate: "rate", "spill s": "fit", "LSE-C": "lse_c", "LSE-D": "lse_d", "offset f": "offset", overlap: "overlap", seen: "presence" };
/** A word that explains itself on hover and focus; pressed, it opens the help on measures. */
const term = (label) => h("button.term", { "data-explain": MEASURE[label] }, label);

function fitValues(row, fit, maxRatio) {
  const isBlank = !fit || fit.fit === "empty";
  const asked = isBlank ? null : demand(row, fit, maxRatio);
  const tone = fit?.fit;
  return [
    value(isBlank ? NONE : seconds(fit.speech_ms + fit.pause_ms), "speech s", { tone }),
    value(seconds(row.slot_ms + row.gap_ms), "slot s"),
    value(isBlank ? NONE : penalty(fit.p), "P", { tone }),
    value(isBlank ? NONE : ratio(asked.rate), "rate", { tone }),
    value(isBlank ? NONE : seconds(asked.spill_ms), "spill s", { tone: asked?.spill_ms ? "over" : tone }),
  ];
}

function lipValues(row, detail) {
  const has = isScored(row);
  const overlap = row.lips?.overlap ?? null;
  const share = detail?.seen_share ?? null;
  return [
    value(has ? lse(row.lips.lse_c) : NONE, "LSE-C", { title: "Confidence that sound and mouth belong together; higher is better" }),
    value(has ? lse(row.lips.lse_d) : NONE, "LSE-D", { title: "Distance between sound and mouth; lower is better" }),
    offsetValue(has ? row.lips : null),
    value(overlap === null ? NONE : overlap.toFixed(2), "overlap", { title: detail ? `${detail.overlap_definition}.${besides(detail)}` : "" }),
    h("div", { title: presenceSentence(row) }, h("b", {}, presenceMark(row), share === null ? NONE : percent(share)), term("seen")),
  ];
}

/** Frames of 40 ms; with a question mark where the best offset hardly stands out. */
function offsetValue(lips) {
  if (!lips) return value(NONE, "offset f", { title: "Frames of 40 ms by which the sound is early (+) or late (−)" });
  const { offset_frames, is_offset_clear } = lips;
  return value(offsetFrames(offset_frames) + (is_offset_clear ? "" : "?"), "offset f", { title: is_offset_clear ? `${offsetSentence(offset_frames)} (25 frames a second).` : `${UNCLEAR}.` });
}

/** Whose numbers they are; or why there are none. */
function lipWords(row, detail) {
  if (isScored(row)) {
    const windows = detail?.windows ? `, ${detail.windows} windows` : "";
    const scored = `Lips scored by ${row.lips.scorer}, ${row.lips.crop} crop${windows}.`;
    return isOfTakeBefore(row) ? `Lip numbers are of the take before, until the new one is scored. ${scored}` : scored;
  }
  if (row.lips) return detail?.why || "…";
  if (!row.presence) return `${presenceSentence(row)}.`;
  return row.take_id ? "This take has not been scored yet." : "Lips are scored once the line is voiced.";
}

function besides({ coverage, spill }) {
  return coverage === null ? "" : ` ${percent(coverage)} of the source’s speech is covered, ${percent(spill)} of the dub’s falls outside it.`;
}
