// How a person likes to listen, kept with the browser: mode, loop, rolls, snapping, how much is shown around a line.

const KEPT_AS = "lipline:playing";
const USUAL = { mode: "take", isLooping: true, pre_ms: 300, post_ms: 300, isSnapping: true, around_ms: 900 };
const MOST_MS = { pre_ms: 3000, post_ms: 3000, around_ms: 10_000 };

export function remembered() {
  let kept = {};
  try {
    kept = JSON.parse(localStorage.getItem(KEPT_AS) ?? "{}") ?? {};
  } catch {
    localStorage.removeItem(KEPT_AS); // someone else's writing; the usual ways hold
  }
  const isSame = ([name, value]) => name in USUAL && typeof value === typeof USUAL[name] && !(value < 0 || value > MOST_MS[name]);
  return { ...USUAL, ...Object.fromEntries(Object.entries(kept).filter(isSame)) };
}

export function rememberMany(choices) {
  localStorage.setItem(KEPT_AS, JSON.stringify({ ...remembered(), ...choices }));
}
