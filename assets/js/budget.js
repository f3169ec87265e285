// The budget bar: slot, borrowable gap (hatched), speech, pauses (darker), and what does not fit. Colour means fit only.

import { h } from "./dom.js";
import { seconds } from "./format.js";
import { words } from "./words.js";

const part = (kind, from_ms, to_ms, domain_ms) =>
  to_ms > from_ms ? h(`i.${kind}`, { style: `left:${(from_ms / domain_ms) * 100}%;width:${((to_ms - from_ms) / domain_ms) * 100}%` }) : null;

/** Paint `bar` for a row and the fit of a text; `scale_ms` is what the full width stands for, unless the line is longer. */
export function paintBudget(bar, row, fit, scale_ms) {
  const room = row.slot_ms + row.gap_ms;
  const speech = fit?.speech_ms ?? 0;
  const total = speech + (fit?.pause_ms ?? 0);
  const domain = Math.max(scale_ms, room, total);
  const excess = fit?.fit === "tight" ? "tight" : "spill";
  bar.replaceChildren(
    ...[
      part("slot", 0, row.slot_ms, domain),
      part("gap", row.slot_ms, room, domain),
      part("speech", 0, Math.min(speech, room), domain),
      part("pauses", Math.min(speech, room), Math.min(total, room), domain),
      part(excess, Math.min(room, total), total, domain),
    ].filter(Boolean),
  );
  const said = words(sentence(row, fit, room, total));
  bar.setAttribute("aria-label", said);
  bar.title = said;
}

function sentence(row, fit, room, total) {
  const slot = `Slot ${seconds(row.slot_ms)} s, ${seconds(row.gap_ms)} s of the gap may be borrowed.`;
  if (!fit || fit.fit === "empty") return `${slot} No translation yet.`;
  const said = `Speech ${seconds(fit.speech_ms)} s and pauses ${seconds(fit.pause_ms)} s.`;
  if (fit.fit === "over") return `${slot} ${said} ${seconds(total - room)} s too long: more than speeding up can take.`;
  return fit.fit === "tight" ? `${slot} ${said} Fits when spoken faster.` : `${slot} ${said} Fits.`;
}

export const budgetBar = () => h("span.budget", { role: "img" });

/** What the full width of the bars stands for: nine lines of ten fit in. */
export function budgetScale(rows) {
  const rooms = rows.map((row) => row.slot_ms + row.gap_ms).sort((a, b) => a - b);
  return Math.max(2500, rooms[Math.floor(rooms.length * 0.9)] ?? 0);
}
