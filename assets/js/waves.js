// Waveforms: the source's peaks as the studio stored them, and a take's peaks made here from the sound that is played as well.
// Layout of the stored peaks: "LLPK", peaks per second (uint16), count (uint32), then (low, high) pairs of int8.

import { media } from "./api.js";
import { soundAt } from "./sounds.js";

const HEADER_BYTES = 10;
const TAKE_PEAKS_PER_S = 50;
const KEPT = 60;
const kept = new Map(); // address → peaks, or null while on the way

function once(address, fetched, whenReady) {
  if (kept.has(address)) return kept.get(address);
  kept.set(address, null);
  while (kept.size > KEPT) kept.delete(kept.keys().next().value);
  fetched(address)
    .then((peaks) => (kept.set(address, peaks), whenReady()))
    .catch(() => setTimeout(() => kept.get(address) === null && kept.delete(address), 5000));
  return null;
}

export const peaksOf = (project, whenReady) => (project ? once(media("peaks", project, "all"), stored, whenReady) : null);
export const peaksOfTake = (project, take, whenReady) => once(media("take", project, take), computed, whenReady);

async function stored(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(response.statusText);
  const buffer = await response.arrayBuffer();
  if (buffer.byteLength < HEADER_BYTES) throw new Error("no peaks yet");
  const view = new DataView(buffer);
  const count = view.getUint32(6, true);
  const pairs = new Int8Array(buffer, HEADER_BYTES, count * 2);
  const [low, high] = [pairs.filter((_, at) => at % 2 === 0), pairs.filter((_, at) => at % 2 === 1)];
  return { perSecond: view.getUint16(4, true), low, high, loudest: loudest(low, high) };
}

/** The level that nearly all of the sound stays under: a single click must not make the rest look silent. */
function loudest(low, high) {
  const levels = Array.from(high, (top, at) => Math.max(top, -low[at])).sort((a, b) => a - b);
  return Math.max(12, levels[Math.floor(levels.length * 0.995)] ?? 127);
}

const heard = new WeakMap(); // peaks → stretches
const [QUIET_SHARE, LEAST_LEVEL] = [0.1, 3]; // of the loudest; and what eight bits cannot tell from silence
const [BREATH_MS, SYLLABLE_MS] = [160, 80];

/** Stretches [from, to] in ms that stand out of the silence: joined over a breath, without clicks. */
export function speechIn(peaks) {
  if (heard.has(peaks)) return heard.get(peaks);
  const { perSecond, low, high } = peaks;
  const floor = Math.max(LEAST_LEVEL, QUIET_SHARE * (peaks.loudest ?? 127));
  const ms = (at) => Math.round((at * 1000) / perSecond);
  const found = [];
  for (let at = 0; at < low.length; at += 1) {
    if (Math.max(high[at], -low[at]) < floor) continue;
    const before = found.at(-1);
    if (before && ms(at) - before[1] <= BREATH_MS) before[1] = ms(at + 1);
    else found.push([ms(at), ms(at + 1)]);
  }
  const spans = found.filter(([from, to]) => to - from >= SYLLABLE_MS);
  heard.set(peaks, spans);
  return spans;
}

async function computed(address) {
  const { buffer } = await soundAt(address);
  const sound = buffer.getChannelData(0);
  const bin = Math.round(buffer.sampleRate / TAKE_PEAKS_PER_S);
  const many = Math.ceil(sound.length / bin);
  const [low, high] = [new Int8Array(many), new Int8Array(many)];
  for (let at = 0; at < many; at += 1) {
    const part = sound.subarray(at * bin, (at + 1) * bin);
    low[at] = Math.max(-1, part.reduce((least, one) => Math.min(least, one), 0)) * 127;
    high[at] = Math.min(1, part.reduce((most, one) => Math.max(most, one), 0)) * 127;
  }
  return { perSecond: TAKE_PEAKS_PER_S, low, high };
}
