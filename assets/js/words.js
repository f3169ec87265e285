// The page in the reader's language: words(english) answers the same text in theirs, from assets/lang/*.json.
// A key with {*0}, {*1} stands for every text with something filled in there: a name, another sentence; {#0} for a number only.
// The catalogue is there before any other module of the page begins: whoever imports this waits for it.

import { settingsOfPerson } from "./person.js";

const MOST_REMEMBERED = 4000;
const HOLE = /\{[*#]\d+\}/;
const HELD = { "*": ".*?", "#": "[+\\u2212-]?\\d[\\d.,:]*" }; // anything; a number
const STOPS = { zh: "。" };

const catalogue = new Map(); // English → translation
const remembered = new Map(); // texts asked for lately
let patterns = []; // of keys with holes, those that say most first
let spoken = "en";

export const language = () => spoken;

/** The text in the page's language, or as it is where the catalogue does not know it. */
export function words(text) {
  if (!catalogue.size || typeof text !== "string" || !/[A-Za-z]/.test(text)) return text;
  let said = remembered.get(text);
  if (said === undefined) {
    if (remembered.size >= MOST_REMEMBERED) remembered.clear();
    said = spaced(text, whole(text.trim()) ?? inParts(text.trim()) ?? text.trim());
    remembered.set(text, said);
  }
  return said;
}

/** A sentence may be kept without its full stop. */
const whole = (text) => catalogue.get(text) ?? filled(text) ?? (/[^.]\.$/.test(text) ? stopped(text.slice(0, -1)) : undefined);

function stopped(text) {
  const said = catalogue.get(text) ?? filled(text);
  return said === undefined ? undefined : `${said}${STOPS[spoken] ?? "."}`;
}

/** A sentence with something filled in; what is filled in may be words of the page too. */
function filled(text) {
  for (const { longest, expression, translation } of patterns) {
    const match = text.includes(longest) && expression.exec(text);
    if (match) return translation.replace(/\{[*#](\d+)\}/g, (hole, at) => words(match.groups[`h${at}`] ?? hole));
  }
  return undefined;
}

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

/** A text keeps the space around it. */
const spaced = (text, translation) => /^\s*/.exec(text)[0] + translation + (text.trim() ? /\s*$/.exec(text)[0] : "");

/** Speak another language: its catalogue, {} for English. */
export function speak(code, entries) {
  spoken = code;
  catalogue.clear();
  remembered.clear();
  for (const [key, translation] of Object.entries(entries)) catalogue.set(key, translation);
  patterns = Object.keys(entries).filter((key) => HOLE.test(key)).map((key) => pattern(key, entries[key]));
  patterns.sort((one, other) => other.says - one.says);
}

function pattern(key, translation) {
  const between = key.split(HOLE);
  const source = key.split(/(\{[*#]\d+\})/).map((part) => (HOLE.test(part) ? `(?<h${part.slice(2, -1)}>${HELD[part[1]]})` : literal(part))).join("");
  const longest = between.reduce((best, part) => (part.length > best.length ? part : best), "");
  return { longest, says: between.join("").length, expression: new RegExp(`^${source}$`, "s"), translation };
}

const literal = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Languages the page speaks, by what they call themselves. */
export const LANGUAGES = { en: "English", zh: "中文" };
const REMEMBERED = "lipline_language"; // a cookie: the login page, which runs none of this, is spoken in the same language
const LASTS_S = 365 * 24 * 3600;

/** The language chosen in this browser; undefined where none was. */
const chosenHere = () => document.cookie.split("; ").find((one) => one.startsWith(`${REMEMBERED}=`))?.slice(REMEMBERED.length + 1);

function guess() {
  const asked = [chosenHere(), ...navigator.languages].filter(Boolean).map((code) => code.toLowerCase().split("-")[0]);
  return asked.find((code) => code in LANGUAGES) ?? "en";
}

const catalogueOf = async (code) => (code === "en" ? {} : (await fetch(new URL(`../lang/${code}.json`, import.meta.url))).json());

/** The frame, as it starts, writes the browser's language over that of the page, once; a screen reader would then read with the wrong voice. */
function pageIsIn(tag) {
  const root = document.documentElement;
  root.lang = tag;
  const overwritten = new MutationObserver(() => {
    overwritten.disconnect();
    setTimeout(() => (root.lang = tag));
  });
  overwritten.observe(root, { attributeFilter: ["lang"] });
}

/** The language chosen here last is guessed, so that its catalogue is on its way while the person's own choice is asked for. */
async function begin() {
  const first = guess();
  const [entries, kept] = await Promise.all([catalogueOf(first).catch(() => ({})), settingsOfPerson()]);
  const code = kept?.language in LANGUAGES ? kept.language : first;
  chooseHere(code);
  pageIsIn(code === "zh" ? "zh-Hans" : code);
  speak(code, code === first ? entries : await catalogueOf(code).catch(() => ({})));
  return kept;
}

/** The language chosen here, for pages nobody is logged in to and for the next guess. */
export function chooseHere(code) {
  const marks = ["path=/", `max-age=${LASTS_S}`, "samesite=lax", location.protocol === "https:" && "secure"].filter(Boolean);
  document.cookie = [`${REMEMBERED}=${code}`, ...marks].join("; ");
}

/** Settings of the person, as they were when the page opened; null where nobody is logged in. */
export const person = typeof document === "undefined" ? null : await begin();
