// The page in the reader's language: words(english) answers the same text in theirs, from assets/lang/*.json.
// Enter: an English text; numbers and “quoted” parts in it are carried over. Leave: the translation, or the English where there is none.

const catalogue = new Map(); // English key → translation
let patterns = []; // [expression, translation] of keys with {*}, the longest first
let spoken = "en";

/** Numbers with their sign and decimals; what stands between “ ”. Neither is words; both are carried over in order. */
const NUMBERS = /[+\u2212-]?\d+(?:[.,:]\d+)*/g;
const CARRIED = /\u201c[^\u201d]*\u201d|[+\u2212-]?\d+(?:[.,:]\d+)*/g;

export const language = () => spoken;

/** The text in the page's language. A key may keep “quoted words” where they name a part of the page, or carry them as {0}. */
export function words(text) {
  if (!catalogue.size || typeof text !== "string") return text;
  return found(text, NUMBERS) ?? found(text, CARRIED) ?? matched(text) ?? text;
}

function found(text, carriage) {
  const carried = [];
  const key = text.trim().replace(carriage, (part) => `{${carried.push(part) - 1}}`);
  const translation = catalogue.get(key);
  return translation === undefined ? undefined : spaced(text, filled(translation, carried));
}

/** Sentences that hold a name or another sentence: {*0} in their key. A sentence within is translated too. */
function matched(text) {
  for (const [expression, translation] of patterns) {
    const match = expression.exec(text.trim());
    if (match) return spaced(text, filled(translation, match.slice(1).map(words)));
  }
  return undefined;
}

const filled = (translation, carried) => translation.replace(/\{\*?(\d+)\}/g, (whole, at) => carried[at] ?? whole);

/** A text keeps the space around it. */
const spaced = (text, translation) => /^\s*/.exec(text)[0] + translation + /\s*$/.exec(text)[0];

/** Speak another language: its catalogue, {} for English. */
export function speak(code, entries) {
  spoken = code;
  catalogue.clear();
  for (const [key, translation] of Object.entries(entries)) catalogue.set(key, translation);
  patterns = Object.keys(entries)
    .filter((key) => key.includes("{*"))
    .sort((one, other) => other.length - one.length)
    .map((key) => [new RegExp(`^${key.split(/\{\*?\d+\}/).map(literal).join("(.+?)")}$`, "s"), entries[key]]);
}

const literal = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
