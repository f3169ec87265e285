// Waveforms: the source's peaks as the studio stored them, and a take's peaks made here from its WAV.
// Layout of the stored peaks: "LLPK", peaks per second (uint16), count (uint32), then (low, high) pairs of int8.

import { media } from "./api.js";

const HEADER_BYTES = 10;
const TAKE_PEAKS_PER_S = 50;
const KEPT = 60;
const kept = new Map(); // address → peaks, or null while on the way

function once(address, make, whenReady) {
  if (kept.has(address)) return kept.get(address);
  kept.set(address, null);
  while (kept.size > KEPT) kept.delete(kept.keys().next().value);
  fetch(address)
    .then((response) => (response.ok ? response.arrayBuffer() : Promise.reject(new Error(response.statusText))))
    .then(make)
    .then((peaks) => (kept.set(address, peaks), whenReady()))
    .catch(() => setTimeout(() => kept.get(address) === null && kept.delete(address), 5000));
  return null;
}

export const peaksOf = (project, whenReady) => (project ? once(media("peaks", project, "all"), stored, whenReady) : null);
export const peaksOfTake = (project, take, whenReady) => once(media("take", project, take), computed, whenReady);

function stored(buffer) {
  if (buffer.byteLength < HEADER_BYTES) throw new Error("no peaks yet");
  const view = new DataView(buffer);
  const count = view.getUint32(6, true);
  const pairs = new Int8Array(buffer, HEADER_BYTES, count * 2);
  return { perSecond: view.getUint16(4, true), low: pairs.filter((_, at) => at % 2 === 0), high: pairs.filter((_, at) => at % 2 === 1) };
}

async function computed(buffer) {
  const context = new OfflineAudioContext(1, 1, 24_000);
  const sound = (await context.decodeAudioData(buffer)).getChannelData(0);
  const bin = 24_000 / TAKE_PEAKS_PER_S;
  const many = Math.ceil(sound.length / bin);
  const [low, high] = [new Int8Array(many), new Int8Array(many)];
  for (let at = 0; at < many; at += 1) {
    const part = sound.subarray(at * bin, (at + 1) * bin);
    low[at] = Math.max(-1, part.reduce((least, one) => Math.min(least, one), 0)) * 127;
    high[at] = Math.min(1, part.reduce((most, one) => Math.max(most, one), 0)) * 127;
  }
  return { perSecond: TAKE_PEAKS_PER_S, low, high };
}
