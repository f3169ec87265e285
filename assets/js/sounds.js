// Sounds laid on a picture: fetched and decoded once, all of them running together, one of them heard, so that a switch is instant
// and at the same moment. One audio clock for the whole page. Enter: addresses of short WAVs. Leave: a Bed that plays them.

const KEPT_S = 240; // seconds of sound kept decoded
const FADE_S = 0.008; // a switch without a click
const LATER_MS = 4000; // an address that failed is asked again after so long

let clock = null;
let decoder = null;
const kept = new Map(); // address → {promise, buffer}

/** The page's one audio context, made with the first sound. */
export const audioClock = () => (clock ??= new AudioContext());

/** What a loudspeaker adds between the audio clock and the ear, in seconds. */
export const latency = () => clock?.outputLatency || clock?.baseLatency || 0;

/** A decoded sound: {buffer, headers}. Rejects with the studio's sentence. */
export function soundAt(address) {
  const known = kept.get(address);
  if (known) {
    kept.delete(address);
    kept.set(address, known); // the one used last is dropped last
    return known.promise;
  }
  const one = { sound: null };
  one.promise = fetched(address).then(
    (sound) => {
      one.sound = sound;
      drop();
      return sound;
    },
    (error) => {
      setTimeout(() => kept.get(address) === one && kept.delete(address), LATER_MS);
      throw error;
    },
  );
  kept.set(address, one);
  return one.promise;
}

/** The sound where it is decoded already, else null. */
export const soundNow = (address) => kept.get(address)?.sound ?? null;

export const forgetSounds = () => kept.clear();

async function fetched(address) {
  const response = await fetch(address).catch(() => null);
  if (!response) throw new Error("This sound could not be fetched: the studio does not answer.");
  if (!response.ok) throw new Error((await response.json().catch(() => ({}))).error ?? "This sound cannot be fetched.");
  const bytes = await response.arrayBuffer();
  decoder ??= new OfflineAudioContext(1, 1, 48_000);
  const buffer = await decoder.decodeAudioData(bytes).catch(() => null);
  if (!buffer) throw new Error("This sound is damaged: the browser cannot read it. Voice the line again.");
  return { buffer, headers: response.headers };
}

function drop() {
  const long = () => [...kept.values()].reduce((sum, one) => sum + (one.sound?.buffer.duration ?? 0), 0);
  for (const [address, one] of kept) {
    if (long() <= KEPT_S) return;
    if (one.sound) kept.delete(address);
  }
}

/** Several sounds that run as one. */
export class Bed {
  #playing = new Map(); // key → {source, gain}
  #zero_s = null; // the moment of the audio clock at which the time axis has its 0

  get isLaid() {
    return this.#zero_s !== null;
  }

  /** Seconds on the time axis of what is heard now; null while nothing is laid. */
  get at_s() {
    return this.#zero_s === null ? null : audioClock().currentTime - this.#zero_s - latency();
  }

  /** `sounds`: {key: {buffer, from_s}} with `from_s` on the time axis; all start as if they had run all along, at `at_s` now. */
  lay(sounds, at_s, heard) {
    this.stop();
    const context = audioClock();
    const begin_s = at_s + latency();
    this.#zero_s = context.currentTime - begin_s;
    for (const [key, { buffer, from_s }] of Object.entries(sounds)) {
      const inside_s = begin_s - from_s;
      if (inside_s >= buffer.duration) continue;
      const gain = context.createGain();
      gain.gain.value = key === heard ? 1 : 0;
      gain.connect(context.destination);
      const source = new AudioBufferSourceNode(context, { buffer });
      source.connect(gain);
      source.start(context.currentTime + Math.max(0, -inside_s), Math.max(0, inside_s));
      this.#playing.set(key, { source, gain });
    }
  }

  hear(heard) {
    for (const [key, { gain }] of this.#playing) gain.gain.setTargetAtTime(key === heard ? 1 : 0, audioClock().currentTime, FADE_S);
  }

  stop() {
    for (const { source, gain } of this.#playing.values()) {
      source.stop();
      source.disconnect();
      gain.disconnect();
    }
    this.#playing.clear();
    this.#zero_s = null;
  }
}
