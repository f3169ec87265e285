// Numbers as a dubbing editor reads them. Enter: milliseconds and ratios. Leave: short strings with a true minus sign.

const pad = (number, width = 2) => String(number).padStart(width, "0");

/** Non-drop HH:MM:SS:FF of the frame on screen. */
export function timecode(ms, fps) {
  const seconds = Math.floor(ms / 1000);
  const frame = Math.min(Math.floor(((ms % 1000) * fps) / 1000 + 1e-9), Math.max(1, Math.round(fps)) - 1);
  return `${pad(Math.floor(seconds / 3600))}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}:${pad(frame)}`;
}

/** Milliseconds of HH:MM:SS:FF, MM:SS:FF, or seconds ("12.4"); null when it is none of them. */
export function parseTime(text, fps) {
  if (/^\d+([.,]\d+)?$/.test(text.trim())) return Math.round(parseFloat(text.replace(",", ".")) * 1000);
  const parts = text.trim().split(":").map(Number);
  if (parts.length < 2 || parts.length > 4 || parts.some((part) => !Number.isInteger(part) || part < 0)) return null;
  const frames = parts.pop();
  const seconds = parts.reduce((sum, part) => sum * 60 + part, 0);
  return frames < fps + 1 ? seconds * 1000 + Math.ceil((frames * 1000) / fps) : null;
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
