// The filter language: one line of terms to a test of rows, with a sentence for each term it does not understand.
// `over screen:on -status:approved speaker:Mei rate>1.1 text:"ferry"`: all terms must hold, a comma means or, a minus means not.
// A new field is one entry in WORDS or NUMBERS; a new single word one entry in SHORT.

import { parseTime } from "../format.js";
import { areOff, isScored, isSeen } from "../lips.js";
import { notesOn } from "./notecount.js";

export const STATUSES = ["draft", "adapted", "approved", "locked"];
const DONE = new Set(["approved", "locked"]);
const fold = (text) => text.normalize("NFC").toLowerCase();
const holds = (text, word) => fold(text).includes(word);
const room = (row) => row.slot_ms + row.gap_ms;

/** How fast the voice must speak: what its fresh take took, else what the prediction asks for. */
export function rateOf(row) {
  if (row.voiced === "voiced" && row.rate_ratio !== null) return row.rate_ratio;
  if (!row.fit || row.fit.fit === "empty" || !room(row)) return null;
  return Math.max(1, (row.fit.speech_ms + row.fit.pause_ms) / room(row));
}

const SHORT = {
  over: (row) => row.fit?.fit === "over",
  tight: (row) => row.fit?.fit === "tight",
  fits: (row) => row.fit?.fit === "fits",
  empty: (row) => !row.target.trim(),
  short: (row) => row.is_short,
  open: (row) => !DONE.has(row.status),
  stale: (row) => row.voiced === "stale",
  voiced: (row) => row.voiced === "voiced",
  unvoiced: (row) => Boolean(row.target.trim()) && row.voiced !== "voiced",
  flagged: (row) => row.flags.length > 0,
  noted: (row) => notesOn(row.id) > 0,
};

const oneOf = (choices) => ({ choices, test: (row, word) => choices[word](row) });

/** Fields that are compared with words; those with `choices` take these words only. */
const WORDS = {
  text: { test: (row, word) => holds(row.target, word) },
  source: { test: (row, word) => holds(row.source, word) },
  speaker: { test: (row, word) => holds(row.speaker, word) },
  voice: { test: (row, word) => holds(row.voice, word) },
  flag: { test: (row, word) => row.flags.some((flag) => holds(flag, word)) },
  status: oneOf(Object.fromEntries(STATUSES.map((status) => [status, (row) => row.status === status]))),
  fit: oneOf({ over: SHORT.over, tight: SHORT.tight, fits: SHORT.fits, empty: SHORT.empty, short: SHORT.short }),
  screen: oneOf({ on: isSeen, off: (row) => row.presence === "off screen", partly: (row) => row.presence === "partly", unknown: (row) => !row.presence || row.presence === "not looked at" }),
  take: oneOf({ fresh: SHORT.voiced, stale: SHORT.stale, none: (row) => !row.voiced }),
  lips: oneOf({ off: areOff, agree: (row) => row.lips?.verdict === "agree", unclear: (row) => row.lips?.verdict === "unclear", none: (row) => !isScored(row) }),
};

const inSeconds = (take) => (row) => (take(row) === null ? null : take(row) / 1000);

/** Fields that are compared with numbers; `isTime` reads timecode as well. Missing values answer null and match nothing. */
export const NUMBERS = {
  line: { value: (row) => row.number },
  in: { value: inSeconds((row) => row.start_ms), isTime: true },
  out: { value: inSeconds((row) => row.end_ms), isTime: true },
  length: { value: inSeconds((row) => row.end_ms - row.start_ms) },
  slot: { value: inSeconds(room) },
  delta: { value: inSeconds((row) => (row.fit && row.fit.fit !== "empty" ? row.fit.delta_ms : null)) },
  p: { value: (row) => (row.fit && row.fit.fit !== "empty" ? row.fit.p : null) },
  rate: { value: rateOf },
  pace: { value: (row) => row.pace ?? null },
  lips: { value: (row) => (isScored(row) ? row.lips.lse_c : null) },
  offset: { value: (row) => (row.lips?.is_offset_clear ? row.lips.offset_frames : null) },
  overlap: { value: (row) => row.lips?.overlap ?? null },
  flags: { value: (row) => row.flags.length },
  notes: { value: (row) => notesOn(row.id) },
  wordings: { value: (row) => row.candidates },
};

const ALIASES = { translation: "text", target: "text", who: "speaker", sps: "pace", cps: "pace", start: "in", end: "out", number: "line", n: "line", "Δ": "delta", d: "delta", note: "notes", onscreen: "screen", spoken: "take" };
const NAMES = [...new Set([...Object.keys(WORDS), ...Object.keys(NUMBERS)])];
const TERM = /-?(?:[\p{L}_]+(?::|[<>]=?|=))?(?:"[^"]*"?|“[^”]*”?|[^\s"“]+)+|\S+/gu;
const PARTS = /^(-?)([\p{L}_]+)(:|>=|<=|>|<|=)(.*)$/su;
const COMPARE = { ">": (a, b) => a > b, "<": (a, b) => a < b, ">=": (a, b) => a >= b, "<=": (a, b) => a <= b, "=": (a, b) => Math.abs(a - b) < 5e-3 };

const unquoted = (text) => text.replace(/["“”]/g, "");
const isQuoted = (text) => /^-?["“]/.test(text);

/** The terms of a filter line as typed, quotes kept together. */
export const termsOf = (text) => text.match(TERM) ?? [];

/** `text` → { test(row), problems: [sentence] }. `fps`: for times in timecode. Terms that are not understood filter nothing. */
export function readFilter(text, fps = 25) {
  const tests = [];
  const problems = [];
  for (const term of gathered(termsOf(text))) {
    const read = readTerm(term, fps);
    if (read.problem) problems.push(read.problem);
    else tests.push(read.test);
  }
  return { test: (row) => tests.every((test) => test(row)), problems };
}

/** Neighbouring words without a field are one phrase, unless each of them is a word of the language: “going over there” is searched for. */
function gathered(terms) {
  const found = [];
  let run = [];
  const close = () => {
    if (run.every((word) => word in SHORT)) found.push(...run);
    else if (run.length) found.push(`"${run.join(" ")}"`);
    run = [];
  };
  for (const term of terms) {
    if (!PARTS.test(term) && !isQuoted(term) && !(term.startsWith("-") && term.length > 1)) run.push(term);
    else (close(), found.push(term));
  }
  close();
  return found;
}

function readTerm(term, fps) {
  const [, minus, given, operator, value] = PARTS.exec(term) ?? [];
  if (isQuoted(term) || given === undefined) return readBare(term);
  const name = ALIASES[given.toLowerCase()] ?? given.toLowerCase();
  const turned = (test) => ({ test: minus ? (row) => !test(row) : test });
  if (!(name in WORDS) && !(name in NUMBERS)) return { problem: `Lines have no “${given}”. Ask for ${NAMES.slice(0, -1).join(", ")} or ${NAMES.at(-1)}, or put words to search for in quotes.` };
  if (!value) return { test: () => true }; // still being typed
  const read = name in WORDS && (operator === ":" || operator === "=") && !(name in NUMBERS && /\d/.test(value)) ? readWords(name, value) : readNumber(name, operator, value, fps);
  return read.problem ? read : turned(read.test);
}

function readBare(term) {
  const isNot = term.startsWith("-") && term.length > 1;
  const bare = isNot ? term.slice(1) : term;
  const word = fold(unquoted(bare));
  const test = bare in SHORT ? SHORT[bare] : (row) => holds(`${row.source}\n${row.target}\n${row.speaker}`, word) || String(row.number) === word;
  return { test: isNot ? (row) => !test(row) : test };
}

function readWords(name, value) {
  const field = WORDS[name];
  const words = isQuoted(value) ? [fold(unquoted(value))] : value.split(",").map((word) => fold(unquoted(word))).filter(Boolean);
  const strange = field.choices && words.find((word) => !(word in field.choices));
  if (strange !== undefined && strange !== false) return { problem: `“${name}:” takes ${Object.keys(field.choices).join(", ")}; it does not know “${strange}”.` };
  return { test: (row) => words.some((word) => field.test(row, word)) };
}

function readNumber(name, operator, value, fps) {
  const field = NUMBERS[name];
  if (!field) return { problem: `“${name}” is compared with words, as in ${name}:“…”.` };
  const number = (text) => {
    if (field.isTime && /^\d+:\d\d$/.test(text)) return 60 * parseInt(text, 10) + parseInt(text.split(":")[1], 10);
    if (field.isTime) return /[:;]/.test(text) ? (parseTime(text, fps) ?? NaN) / 1000 : parseFloat(text);
    return /^[-−+]?\d+([.,]\d+)?$/.test(text) ? parseFloat(text.replace("−", "-").replace(",", ".")) : NaN;
  };
  const [, inner, rest] = /^([<>]=?|=)?(.*)$/s.exec(value);
  const [low, high] = rest.split("..").map(number);
  if (Number.isNaN(low) || Number.isNaN(high)) return { problem: `“${name}” is compared with a number${field.isTime ? " of seconds or a timecode" : ""}, as in ${name}>${field.isTime ? "7:30" : "1.1"} or ${name}:1..3.` };
  const within = high === undefined ? null : (a) => a >= low && a <= high;
  const compare = within ?? ((a) => COMPARE[inner ?? (operator === ":" ? "=" : operator)](a, low));
  return { test: (row) => field.value(row) !== null && compare(field.value(row)) };
}

/** The line with a term put in, or taken out where it stands already. `status:draft` beside `status:adapted` becomes one term with a comma. */
export function toggled(text, term) {
  const terms = termsOf(text);
  if (hasTerm(text, term)) return without(terms, term).join(" ");
  const [, minus, name, , value] = PARTS.exec(term) ?? [];
  const at = name ? terms.findIndex((one) => one.startsWith(`${minus}${name}:`) && WORDS[name]?.choices) : -1;
  if (at < 0) return [...terms, term].join(" ");
  return terms.with(at, `${terms[at]},${value}`).join(" ");
}

/** Whether a term stands in the line, alone or as one of several joined by commas. */
export function hasTerm(text, term) {
  const [, minus, name, , value] = PARTS.exec(term) ?? [];
  return termsOf(text).some((one) => one === term || (name && one.startsWith(`${minus}${name}:`) && !isQuoted(value) && one.slice(one.indexOf(":") + 1).split(",").includes(value)));
}

function without(terms, term) {
  const [, minus, name, , value] = PARTS.exec(term) ?? [];
  return terms.flatMap((one) => {
    if (one === term) return [];
    if (!name || !one.startsWith(`${minus}${name}:`)) return [one];
    const left = one.slice(one.indexOf(":") + 1).split(",").filter((each) => each !== value);
    return left.length ? [`${minus}${name}:${left.join(",")}`] : [];
  });
}
