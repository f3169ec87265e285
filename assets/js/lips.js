// What is said of lips everywhere: presence marks, offsets in words, and which lines agree least. No colour carries meaning here.

import { icon } from "./dom.js";
import { percent } from "./format.js";
import { lines } from "./lines.js";

const PRESENCE = {
  "on screen": ["seen", "The mouth is in the picture"],
  partly: ["partly", "The mouth is in the picture for a part of the line"],
  "off screen": ["unseen", "No mouth to match: the speaker is not in the picture"],
  "not looked at": ["", "Nobody could look at the faces of this line"],
};
const VERDICTS = { agree: "Lips and sound agree", off: "Lips and sound do not agree" };
export const UNCLEAR = "No offset stands out: the words fit this mouth at no moment in particular";
const WORST = 8;
const WORST_SHARE = 1 / 3;

/** A disc for a mouth on screen, a half disc for partly, a ring for off screen; nothing before anybody has looked. */
export function presenceMark(row) {
  const [name] = PRESENCE[row.presence] ?? [""];
  return name ? icon(name) : null;
}

export const presenceSentence = (row) => PRESENCE[row.presence]?.[1] ?? (lines.isLooking ? "Faces are being looked for now" : "Faces have not been looked at yet");

/** "+2" for sound two frames early, "−1" for one frame late, "0" in time. */
export const offsetFrames = (frames) => (frames > 0 ? "+" : "") + String(frames).replace("-", "−");

export function offsetSentence(frames) {
  if (frames === 0) return "Sound and mouth are in time";
  return `The sound is ${Math.abs(frames)} frame${Math.abs(frames) === 1 ? "" : "s"} ${frames > 0 ? "early" : "late"}`;
}

/** A score to two or three digits that matter: scorers differ in their scale, and numbers under 1 must not be rounded away. */
export const lse = (value, digits = 2) => value.toFixed(Math.abs(value) < 1 ? Math.min(3, digits + 1) : digits);

export const isScored = (row) => row.lips?.lse_c !== null && row.lips?.lse_c !== undefined;
/** Lip numbers stay with a line whose words have changed until its new take is scored; they say nothing about the new words. */
export const isOfTakeBefore = (row) => row.lips !== null && row.voiced === "stale";
export const areOff = (row) => row.lips?.verdict === "off" && !isOfTakeBefore(row);
/** Neither plainly off nor plainly in time. */
export const isUntold = (row) => isScored(row) && !isOfTakeBefore(row) && row.lips.verdict === "unclear";
const isTold = (row) => isScored(row) && !isOfTakeBefore(row) && !isUntold(row);
export const isSeen = (row) => row.presence === "on screen" || row.presence === "partly";

/** All of it in one breath, for a title and for those who hear the page. */
export function lipSentence(row) {
  const parts = [presenceSentence(row)];
  if (isScored(row)) {
    const { lse_c, lse_d, offset_frames, is_offset_clear, overlap, scorer, crop, verdict } = row.lips;
    parts.push(`LSE-C ${lse(lse_c)}, LSE-D ${lse(lse_d)} by ${scorer}, ${crop} crop`, is_offset_clear ? offsetSentence(offset_frames) : UNCLEAR);
    if (overlap !== null) parts.push(`Speech overlaps the source’s by ${percent(overlap)}`);
    if (isOfTakeBefore(row)) parts.push("These are the numbers of the take before");
    else if (VERDICTS[verdict]) parts.push(VERDICTS[verdict]);
  } else if (row.lips) parts.push("The take could not be scored; the score card says why");
  return `${parts.join(". ")}.`;
}

const scorerOf = (row) => `${row.lips.scorer}/${row.lips.crop}`;

/** The scored lines whose numbers may be held against each other: those of the commonest scorer. */
export function ofOneScorer(rows) {
  const scored = rows.filter(isScored);
  const many = new Map();
  for (const row of scored) many.set(scorerOf(row), (many.get(scorerOf(row)) ?? 0) + 1);
  const commonest = [...many].sort((a, b) => b[1] - a[1])[0]?.[0];
  return scored.filter((row) => scorerOf(row) === commonest);
}

/** Lines whose lips are off first, then lowest LSE-C first; lines of another scorer keep their order behind. */
export function worstFirst(rows) {
  const comparable = new Set(ofOneScorer(rows));
  const ranked = [...comparable].sort((a, b) => areOff(b) - areOff(a) || a.lips.lse_c - b.lips.lse_c);
  return [...ranked, ...rows.filter((row) => !comparable.has(row))];
}

/** The few lines to mend first; of lines that are not off never more than a third of what has been scored. Lines of which nothing
 *  certain can be told are never among them. */
export function worstLines(rows) {
  const comparable = ofOneScorer(rows).filter(isTold);
  const most = Math.max(comparable.filter(areOff).length, Math.ceil(comparable.length * WORST_SHARE));
  return worstFirst(comparable).slice(0, Math.min(WORST, most));
}

/** Why a line is off, in the least words: frames, or the share of speech the two voices have in common. */
export function offReason({ lips }) {
  if (lips.verdict !== "off") return ["", ""];
  const isLate = lips.is_offset_clear && Math.abs(lips.offset_frames) > 1;
  return isLate ? [`${offsetFrames(lips.offset_frames)} f`, offsetSentence(lips.offset_frames)] : [percent(lips.overlap), "How much of the speech of source and dub coincides"];
}
