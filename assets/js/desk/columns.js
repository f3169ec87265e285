// The columns of the line list: what each is called, how wide it must be, what it sorts by. A new column is one entry here
// and one painter in cells.js. Which are shown is a person's choice, kept in this browser; what finds no room waits.

import { lines } from "../lines.js";
import { NUMBERS, STATUSES, rateOf } from "./filter.js";
import { notesOn } from "./notecount.js";

const KEPT = "lipline.columns";
const lipWorth = (row) => NUMBERS.lips.value(row);
const length = (row) => row.end_ms - row.start_ms;

/** `px`: the least it needs; `share`: how it grows; `stays`: the higher, the later it gives way to others. `value` null sorts last. */
export const COLUMNS = [
  { key: "n", head: "", name: "Number", px: 28, stays: 99, value: (row) => row.number },
  { key: "who", head: "Speaker · in", name: "Speaker and in", px: 84, stays: 90, value: (row) => row.speaker },
  { key: "out", head: "Out", name: "Out", px: 68, stays: 12, isExtra: true, value: (row) => row.end_ms },
  { key: "length", head: "Length", name: "Length", px: 46, stays: 11, isExtra: true, value: length },
  { key: "src", head: "Source", name: "Source", px: 130, share: 1, stays: 70, value: (row) => row.source || null },
  { key: "tgt", head: "Translation", name: "Translation", px: 150, share: 1.15, stays: 98, value: (row) => row.target || null },
  { key: "bar", head: "Budget", name: "Budget", px: 84, share: 0.55, most: 168, stays: 80, value: (row) => (row.fit ? (row.fit.speech_ms + row.fit.pause_ms) / Math.max(1, row.slot_ms + row.gap_ms) : null) },
  { key: "delta", head: "Δ s", name: "Δ", px: 44, stays: 75, value: (row) => NUMBERS.delta.value(row) },
  { key: "p", head: "P", name: "P", px: 36, stays: 30, value: (row) => NUMBERS.p.value(row) },
  { key: "rate", head: "Rate", name: "Rate", px: 44, stays: 20, isExtra: true, value: rateOf },
  { key: "pace", head: "Pace", name: "Pace", px: 42, stays: 19, isExtra: true, value: (row) => row.pace ?? null },
  { key: "screen", head: "Screen", name: "On screen", px: 52, stays: 18, isExtra: true, needsPicture: true, value: (row) => row.presence || null },
  { key: "lips", head: "Lips", name: "Lips", px: 46, stays: 40, needsPicture: true, value: lipWorth },
  { key: "voice", head: "Voice", name: "Voice", px: 92, stays: 16, isExtra: true, value: (row) => row.voice || null },
  { key: "flags", head: "Flags", name: "Flags", px: 120, share: 0.5, stays: 14, isExtra: true, value: (row) => row.flags.length || null },
  { key: "notes", head: "Notes", name: "Notes", px: 42, stays: 15, isExtra: true, value: (row) => notesOn(row.id) || null },
  { key: "st", head: "Status", name: "Status", px: 64, stays: 60, value: (row) => STATUSES.indexOf(row.status) },
];

const BY_KEY = new Map(COLUMNS.map((column) => [column.key, column]));
export const columnOf = (key) => BY_KEY.get(key);
const FIXED = new Set(["n", "tgt"]);
const STACK_PX = 620; // narrower lists put the source above the translation
const NARROW_PX = { who: 74, tgt: 124, bar: 66 };

/** The person's choice; number and translation are always there. */
export class Columns {
  onChange = () => {};

  constructor() {
    const kept = readKept();
    this.chosen = new Set(kept ?? COLUMNS.filter((column) => !column.isExtra).map((column) => column.key));
  }

  /** Columns a project can have: without a picture nothing is said of lips. */
  get possible() {
    return COLUMNS.filter((column) => !column.needsPicture || lines.desk.has_picture);
  }

  canLeave(key) {
    return !FIXED.has(key);
  }

  toggle(key) {
    if (FIXED.has(key)) return;
    this.chosen.has(key) ? this.chosen.delete(key) : this.chosen.add(key);
    localStorage.setItem(KEPT, JSON.stringify([...this.chosen]));
    this.onChange();
  }

  restore() {
    localStorage.removeItem(KEPT);
    this.chosen = new Set(COLUMNS.filter((column) => !column.isExtra).map((column) => column.key));
    this.onChange();
  }

  /** What of the choice finds room in `width_px`, in order; and whether source and translation share a column. */
  fitted(width_px, gap_px) {
    const isStacked = width_px < STACK_PX && this.chosen.has("src");
    let keys = this.possible.filter((column) => FIXED.has(column.key) || this.chosen.has(column.key));
    const needs = () => keys.reduce((sum, column) => sum + (isStacked && column.key === "src" ? 0 : (isStacked ? (NARROW_PX[column.key] ?? column.px) : column.px) + gap_px), 24);
    while (needs() > width_px) {
      const least = keys.filter((column) => !FIXED.has(column.key) && !(isStacked && column.key === "src")).sort((a, b) => a.stays - b.stays)[0];
      if (!least) break;
      keys = keys.filter((column) => column !== least);
    }
    return { columns: keys, isStacked: isStacked && keys.some((column) => column.key === "src") };
  }
}

function readKept() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT));
    return Array.isArray(kept) ? kept.filter((key) => BY_KEY.has(key)) : null;
  } catch {
    return null; // not ours, or another version's
  }
}

/** The grid's template for these columns. */
export function template({ columns, isStacked }) {
  const track = ({ key, px, share, most }) => (isStacked && NARROW_PX[key] && key === "who" ? `${NARROW_PX.who}px` : isStacked && NARROW_PX[key] ? `minmax(${NARROW_PX[key]}px, ${share}fr)` : most ? `minmax(${px}px, ${most}px)` : share ? `minmax(${px}px, ${share}fr)` : `${px}px`);
  return columns.filter((column) => !(isStacked && column.key === "src")).map(track).join(" ");
}

/** Where the translation stands in the template, from 1. */
export const textColumn = ({ columns, isStacked }) => columns.filter((column) => !(isStacked && column.key === "src")).findIndex((column) => column.key === "tgt") + 1;
