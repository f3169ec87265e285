// How long work still takes, from its own pace. A stage has a pace of its own; recent progress counts more than old.

const HALF_LIFE_MS = 15_000;
const LEAST_SHARE = 0.03;
const LEAST_MS = 4000;

export class Pace {
  #stage = "";
  #seen = null; // {share, at} as last told
  #from = null;
  #per_ms = 0; // share gained per millisecond

  /** Tell what is done of a stage, 0..1; answers the milliseconds left in it, or null while nobody can tell. */
  left_ms(stage, share, now = Date.now()) {
    if (share === null || share === undefined) return null;
    if (stage !== this.#stage || share < this.#seen.share) {
      this.#stage = stage;
      this.#per_ms = 0;
      this.#from = this.#seen = { share, at: now };
      return null;
    }
    const passed_ms = now - this.#seen.at;
    if (passed_ms > 0 && share > this.#seen.share) {
      const latest = (share - this.#seen.share) / passed_ms;
      const weight = this.#per_ms ? 1 - 0.5 ** (passed_ms / HALF_LIFE_MS) : 1;
      this.#per_ms += weight * (latest - this.#per_ms);
      this.#seen = { share, at: now };
    }
    const isEnough = this.#seen.share - this.#from.share >= LEAST_SHARE && now - this.#from.at >= LEAST_MS;
    return isEnough && this.#per_ms > 0 ? Math.max(0, (1 - share) / this.#per_ms - (now - this.#seen.at)) : null;
  }
}

/** As people say it, in steps that do not flicker: "about 40 s left". Nothing in the last seconds. */
export function leftSentence(ms) {
  if (ms === null || ms < 3000) return "";
  if (ms < 60_000) return `about ${Math.ceil(ms / 10_000) * 10} s left`;
  const minutes = Math.ceil(ms / 60_000);
  return minutes < 60 ? `about ${minutes} min left` : `about ${Math.floor(minutes / 60)} h ${minutes % 60} min left`;
}
