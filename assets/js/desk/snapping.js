// Where an edge may click into place: where speech begins and ends in the source, as the studio heard it or, before it has listened,
// as loudness tells; and where the neighbours begin and end. Times in ms.

import { quietly, read } from "../api.js";
import { speechIn } from "../waves.js";

const REACH_MS = 500; // how far from its edge the speech of a line is looked for

export class Snapping {
  neighbours = [];
  #heard = { project: "", spans: null }; // the studio's own ears
  #loud = []; // before that, what stands out of the silence

  /** Learn where there is speech. `peaks` may still be on their way. */
  async hear(project, peaks, whenHeard) {
    if (peaks) this.#loud = speechIn(peaks);
    if (this.#heard.project === project) return;
    this.#heard = { project, spans: null };
    const found = await quietly(read(project, "speech", {}));
    if (this.#heard.project !== project || !found?.spans.length) return;
    this.#heard.spans = found.spans;
    whenHeard();
  }

  get spans() {
    return this.#heard.spans ?? this.#loud;
  }

  /** The nearest place for an edge within reach; null where there is none. */
  near(ms, edge, reach_ms) {
    const at = edge === "start" ? 0 : 1;
    const places = [...inReach(this.spans, ms, reach_ms).map((span) => span[at]), ...this.neighbours];
    const best = places.reduce((near, one) => (Math.abs(one - ms) < Math.abs(near - ms) ? one : near), Infinity);
    return Math.abs(best - ms) <= reach_ms ? Math.round(best) : null;
  }

  /** Both edges of a line on the speech it is about; null where none is near either. */
  around(start_ms, end_ms) {
    const inside = this.spans.filter(([from, to]) => to > start_ms - REACH_MS && from < end_ms + REACH_MS && Math.min(to, end_ms) - Math.max(from, start_ms) > 0);
    if (!inside.length) return null;
    const from_ms = inside[0][0];
    const to_ms = inside.at(-1)[1];
    return {
      start_ms: Math.abs(from_ms - start_ms) <= REACH_MS ? Math.round(from_ms) : start_ms,
      end_ms: Math.abs(to_ms - end_ms) <= REACH_MS ? Math.round(to_ms) : end_ms,
    };
  }
}

const inReach = (spans, ms, reach_ms) => spans.filter(([from, to]) => to >= ms - reach_ms && from <= ms + reach_ms);
