// What lies on canvases under the source's waveform: the takes on the line's time axis, and the axis itself.
// Enter: a canvas, a window {from_ms, to_ms}, rows. Leave: pixels.

import { timecode } from "../format.js";
import { peaksOfTake } from "../waves.js";
import { words } from "../words.js";
import { sheet } from "./sheet.js";

const STEPS_MS = [500, 1000, 2000, 5000, 10_000];
const MOST_LABELS = 6;
const LABEL_PX = 46;

/** The line's slot with what it may borrow, its take (`shown`), the neighbours' takes, and the marks. `again` draws anew once peaks are there. */
export function drawTake(canvas, { row, times, window, neighbours, project, shown, marks, again }) {
  const { pen, width, height, ink } = sheet(canvas);
  if (!width) return;
  const x = across(window, width);
  const gap_ms = Math.max(0, row.start_ms + row.slot_ms + row.gap_ms - row.end_ms);
  pen.fillStyle = ink("--slot-tint");
  pen.fillRect(x(times.start_ms), 0, x(times.end_ms) - x(times.start_ms), height);
  pen.globalAlpha = 0.5;
  pen.fillRect(x(times.end_ms), 0, x(times.end_ms + gap_ms) - x(times.end_ms), height); // what may be borrowed
  pen.globalAlpha = 1;
  const lane = { x, window, height };
  for (const one of neighbours) if (one.take_id) wave(pen, peaksOfTake(project, one.take_id, again), { ...lane, colour: ink("--near-wave"), at_ms: one.start_ms });
  if (shown) wave(pen, peaksOfTake(project, shown, again), { ...lane, colour: ink("--wave-dub"), at_ms: times.start_ms });
  nameLane(pen, ink, row.take_id ? "take" : "take: not voiced");
  pen.fillStyle = ink("--accent");
  for (const ms of [marks.in_ms, marks.out_ms]) if (ms !== null) pen.fillRect(x(ms), 0, 1.5, height);
}

/** What a lane shows, on a plate of its own, so that no wave runs through the word. */
export function nameLane(pen, ink, name) {
  const said = words(name);
  pen.font = "10.5px system-ui";
  pen.globalAlpha = 0.86;
  pen.fillStyle = ink("--panel");
  pen.fillRect(3, 1, pen.measureText(said).width + 8, 15);
  pen.globalAlpha = 1;
  pen.fillStyle = ink("--faint");
  pen.fillText(said, 7, 12);
}

export function drawAxis(canvas, window, fps) {
  const { pen, width, ink } = sheet(canvas);
  const { from_ms, to_ms } = window;
  const x = across(window, width);
  const step_ms = STEPS_MS.find((one) => (to_ms - from_ms) / one <= MOST_LABELS) ?? STEPS_MS.at(-1);
  pen.fillStyle = ink("--faint");
  pen.font = "10px system-ui";
  for (let ms = Math.ceil(from_ms / step_ms) * step_ms; ms < to_ms; ms += step_ms) {
    pen.fillRect(x(ms), 0, 1, 4);
    if (x(ms) < width - LABEL_PX) pen.fillText(timecode(ms, fps).slice(3), x(ms) + 3, 10);
  }
}

/** Highs and lows of a window as wavesurfer takes them, silence where the source has ended. */
export function sliced({ perSecond, low, high, loudest }, from_ms, to_ms) {
  const [first, last] = [from_ms, to_ms].map((ms) => Math.round((ms / 1000) * perSecond));
  const [tops, bottoms] = [new Float32Array(last - first), new Float32Array(last - first)];
  for (let at = first; at < last; at += 1) {
    tops[at - first] = Math.min(1, (high[at] ?? 0) / loudest);
    bottoms[at - first] = Math.max(-1, (low[at] ?? 0) / loudest);
  }
  return [tops, bottoms];
}

const across = ({ from_ms, to_ms }, width) => (ms) => ((ms - from_ms) / (to_ms - from_ms)) * width;

/** `peaks`: {perSecond, low, high} or null while they are on their way. */
function wave(pen, peaks, { x, window: { from_ms, to_ms }, height, colour, at_ms }) {
  if (!peaks) return;
  pen.fillStyle = colour;
  const [mid, half] = [height / 2, height * 0.44];
  const first = Math.max(0, Math.floor(((from_ms - at_ms) / 1000) * peaks.perSecond));
  const last = Math.min(peaks.low.length, Math.ceil(((to_ms - at_ms) / 1000) * peaks.perSecond));
  const step = x(from_ms + 1000 / peaks.perSecond);
  for (let at = first; at < last; at += 1) {
    const left = x((at / peaks.perSecond) * 1000 + at_ms);
    const [top, bottom] = [(peaks.high[at] / 127) * half, (-peaks.low[at] / 127) * half];
    pen.fillRect(left, mid - top, Math.max(0.8, step * 0.7), Math.max(0.8, top + bottom));
  }
}
