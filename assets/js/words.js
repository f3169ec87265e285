// The page in the reader's language: words(english) answers the same text in theirs, from assets/lang/*.json.
// Enter: an English text; numbers and “quoted” parts in it are carried over. Leave: the translation, or the English where there is none.
// The catalogue is there before any other module of the page begins: whoever imports this waits for it.

import { settingsOfPerson } from "./person.js";

const catalogue = new Map(); // English key → translation
let patterns = []; // [expression, translation] of keys with {*}, the longest first
let spoken = "en";

/** Numbers with their sign and decimals; what stands between “ ”. Neither is words; both are carried over in order. */
const NUMBERS = /[+\u2212-]?\d+(?:[.,:]\d+)*/g;
const CARRIED = /\u201c[^\u201d]*\u201d|[+\u2212-]?\d+(?:[.,:]\d+)*/g;

export const language = () => spoken;

/** The text in the page's language. A key may keep “quoted words” where they name a part of the page, or carry them as {0}. */
export function words(text) {
  if (!catalogue.size || typeof text !== "string" || !/[A-Za-z]/.test(text)) return text;
  return whole(text) ?? inParts(text) ?? text;
}

const whole = (text) => found(text, NUMBERS) ?? found(text, CARRIED) ?? matched(text);

/** Several sentences, or facts with a dot between them, one by one; undefined where none of them is known. */
function inParts(text) {
  for (const [apart, joint] of [[/(?<=[.!?])\s+(?=[\p{Lu}\u201c\d])/u, ""], [/ · /, " · "]]) {
    const parts = text.split(apart);
    if (parts.length < 2) continue;
    const said = parts.map(words);
    if (said.some((part, at) => part !== parts[at])) return said.join(joint);
  }
  return undefined;
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

/** Languages the page speaks, by what they call themselves. */
export const LANGUAGES = { en: "English", zh: "中文" };
const REMEMBERED = "lipline.language";

function guess() {
  const asked = [localStorage.getItem(REMEMBERED), ...navigator.languages].filter(Boolean).map((code) => code.toLowerCase().split("-")[0]);
  return asked.find((code) => code in LANGUAGES) ?? "en";
}

const catalogueOf = async (code) => (code === "en" ? {} : (await fetch(new URL(`../lang/${code}.json`, import.meta.url))).json());

/** The language chosen here last is guessed, so that its catalogue is on its way while the person's own choice is asked for. */
async function begin() {
  const first = guess();
  const [entries, kept] = await Promise.all([catalogueOf(first).catch(() => ({})), settingsOfPerson()]);
  const code = kept?.language in LANGUAGES ? kept.language : first;
  localStorage.setItem(REMEMBERED, code);
  document.documentElement.lang = code === "zh" ? "zh-Hans" : code;
  speak(code, code === first ? entries : await catalogueOf(code).catch(() => ({})));
  return kept;
}

/** The language chosen here, for pages nobody is logged in to and for the next guess. */
export const chooseHere = (code) => localStorage.setItem(REMEMBERED, code);

/** Settings of the person, as they were when the page opened; null where nobody is logged in. */
export const person = typeof document === "undefined" ? null : await begin();
