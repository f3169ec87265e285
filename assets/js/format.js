// Numbers as a dubbing editor reads them. Enter: milliseconds and ratios. Leave: short strings with a true minus sign.

const pad = (number, width = 2) => String(number).padStart(width, "0");

const STANDARD = [24, 25, 30, 48, 50, 60];
const DROPPED = { 30: 2, 60: 4 }; // numbers left out each minute but every tenth, where 29.97 and 59.94 count drop-frame (SMPTE ST 12-1)

/** How a rate counts: frame numbers in a second, whether it runs 1000/1001 slower, what drop-frame leaves out; null for an odd rate. */
function counting(fps) {
  const nominal = STANDARD.find((rate) => Math.abs(rate - fps) < 0.01 || Math.abs((rate * 1000) / 1001 - fps) < 0.01);
  if (!nominal) return null;
  const isSlow = Math.abs((nominal * 1000) / 1001 - fps) < Math.abs(nominal - fps);
  return { nominal, isSlow, dropped: isSlow ? (DROPPED[nominal] ?? 0) : 0 };
}

let startHour = 0; // of the programme that is open

/** The hour its first picture bears, as its deliveries have it; every timecode of the page counts from it. */
export const beginAt = (hour) => (startHour = hour ?? 0);

/** Frames from midnight to the start hour. */
const before = ({ nominal, dropped }) => startHour * (3600 * nominal - 54 * dropped);

/** HH:MM:SS:FF of the frame on screen, as the studio writes it: 29.97 and 59.94 drop-frame, with a semicolon; 23.976 by its frames.
 *  An odd rate has the clock's seconds. */
export function timecode(ms, fps) {
  const rate = counting(fps);
  if (!rate) return written(startHour * 3600 + Math.floor(ms / 1000), Math.min(Math.floor(((ms % 1000) * fps) / 1000 + 1e-9), Math.max(1, Math.round(fps)) - 1), ":");
  const { nominal, isSlow, dropped } = rate;
  let number = before(rate) + Math.floor((ms * nominal) / (isSlow ? 1001 : 1000) + 1e-9);
  if (dropped) {
    const tenMinutes = 600 * nominal - 9 * dropped;
    const rest = number % tenMinutes;
    number += 9 * dropped * Math.floor(number / tenMinutes) + (rest >= dropped ? dropped * Math.floor((rest - dropped) / (60 * nominal - dropped)) : 0);
  }
  return written(Math.floor(number / nominal), number % nominal, dropped ? ";" : ":");
}

const written = (seconds, frame, mark) => `${pad(Math.floor(seconds / 3600))}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}${mark}${pad(frame)}`;

/** Milliseconds of HH:MM:SS:FF, MM:SS:FF, or seconds ("12.4"); null when it is none of them. A number that drop-frame leaves out is the next. */
export function parseTime(text, fps) {
  if (/^\d+([.,]\d+)?$/.test(text.trim())) return Math.round(parseFloat(text.replace(",", ".")) * 1000);
  const parts = text.trim().split(/[:;]/).map((part) => (/^\d+$/.test(part) ? Number(part) : NaN));
  if (parts.length < 2 || parts.length > 4 || parts.some(Number.isNaN)) return null;
  const rate = counting(fps);
  const bearsHour = startHour > 0 && parts.length === 4 && parts[0] >= startHour; // a shorter one counts from the programme's start
  if (bearsHour && !rate) parts[0] -= startHour;
  const frames = parts.pop();
  const seconds = parts.reduce((sum, part) => sum * 60 + part, 0);
  if (frames >= (rate?.nominal ?? Math.ceil(fps))) return null;
  if (!rate) return seconds * 1000 + Math.ceil((frames * 1000) / fps);
  const minutes = Math.floor(seconds / 60);
  const isLeftOut = rate.dropped && seconds % 60 === 0 && minutes % 10 && frames < rate.dropped;
  const number = seconds * rate.nominal + (isLeftOut ? rate.dropped : frames) - rate.dropped * (minutes - Math.floor(minutes / 10)) - (bearsHour ? before(rate) : 0);
  return Math.ceil((number * (rate.isSlow ? 1001 : 1000)) / rate.nominal - 1e-9);
}

export const seconds = (ms, digits = 2) => (ms / 1000).toFixed(digits).replace("-", "−");
export const signedSeconds = (ms) => (ms > 0 ? "+" : "") + seconds(ms).replace("−0.00", "0.00");
/** A line's P; beyond 99 only that it is far off matters, and the column stays narrow. */
export const penalty = (p) => (p > 99 ? "99+" : p.toFixed(2));
/** A share of 1 as the whole page writes it: "97 %". */
export const percent = (share) => `${Math.round(100 * share)}\u00a0%`;
export const ratio = (value) => `${value.toFixed(2)}×`;

export function clock(ms) {
  const total = Math.max(0, Math.floor(ms / 1000));
  const hours = Math.floor(total / 3600);
  return (hours ? `${hours}:${pad(Math.floor(total / 60) % 60)}` : `${Math.floor(total / 60)}`) + `:${pad(total % 60)}`;
}

export const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;

/** What a fit asks of the voice: the rate it must speak at, and what still spills over at the fastest allowed. */
export function demand(row, fit, maxRatio) {
  const room = row.slot_ms + row.gap_ms;
  const total = fit.speech_ms + fit.pause_ms;
  const rate = room ? total / room : 1;
  return {
    rate: Math.min(Math.max(1, rate), maxRatio),
    spill_ms: fit.fit === "over" ? Math.max(0, Math.round(total / maxRatio - room)) : 0,
  };
}
