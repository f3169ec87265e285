// What every part of the administrator's page is made of: figures in words, tables, buttons that ask once more.

import { clear, h, own } from "../dom.js";
import { words } from "../words.js";

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** 1234567 → "1.2 MB", by powers of 1000 as disks are sold and quotas are set. */
export function size(bytes) {
  let unit = 0;
  for (; bytes >= 1000 && unit < UNITS.length - 1; unit += 1) bytes /= 1000;
  return `${unit && bytes < 100 ? bytes.toFixed(1) : Math.round(bytes)} ${UNITS[unit]}`;
}

/** Seconds in the largest unit that still says something: "40 s", "12 min", "3 h", "5 d". */
export function lasting(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86400)} d`;
}

/** A moment of the studio in the reader's own time zone: 2026-11-22 14:03. */
export function moment(iso) {
  if (!iso) return "–";
  const at = new Date(iso);
  const two = (number) => String(number).padStart(2, "0");
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** Columns: {title, of(row) → child or children, isNumber}. `empty`: what to say where there is no row. */
export function table(label, columns, rows, empty) {
  if (!rows.length) return h("p.dim", {}, empty);
  const head = h("tr", {}, columns.map((column) => h(column.isNumber ? "th.number" : "th", { scope: "col" }, column.title)));
  const body = rows.map((row) => h("tr", {}, columns.map((column) => h(column.isNumber ? "td.number" : "td", {}, column.of(row)))));
  return h("div.scroll", { tabIndex: 0, role: "region", "aria-label": label }, h("table", {}, h("thead", {}, head), h("tbody", {}, body)));
}

/** A button that does what it says on the second press; the first one only asks. */
export function twice(label, work) {
  let timer = 0;
  const calm = () => ((timer = 0), clear(button, label), delete button.dataset.sure);
  const button = h("button.btn.small", { type: "button", onclick: () => (timer ? (clearTimeout(timer), calm(), work()) : ask()) }, label);
  const ask = () => {
    clear(button, "Press again to confirm");
    button.dataset.sure = "yes";
    timer = setTimeout(calm, 4000);
  };
  return button;
}

export const code = (text) => h("code", {}, own(text));

/** A list to choose from. Entries: [value, English]. */
export const choice = (label, entries, value, onchange) =>
  h("select", { "aria-label": label, onchange: (event) => onchange(event.target.value) }, entries.map(([key, text]) => h("option", { value: key, selected: key === value }, text)));

export const ROLES = [["admin", "Administrator"], ["editor", "Editor"], ["reviewer", "Reviewer"], ["guest", "Guest"]];
export const roleWords = (role) => words(Object.fromEntries(ROLES)[role] ?? role);
