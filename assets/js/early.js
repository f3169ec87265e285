// Rows asked for before anybody shows them: while the page itself still loads, and from the click on a project on. By the time the desk is
// there, so are its lines. Whoever shows them takes them once; what failed or lay too long is asked for again in the usual way.

import { remembered } from "./address.js";
import { getPulse, getRows } from "./api.js";

const KEPT_MS = 15_000;
const asked = new Map(); // project → {at_ms, answer}

/** Begin to fetch a project's lines. Failing is no news: whoever shows the project asks again, and tells. */
export function fetchEarly(project) {
  if (!project || asked.has(project)) return;
  asked.set(project, { at_ms: performance.now(), answer: both(project).catch(() => null) });
}

/** The pulse first: what happens between the two is told again by the next one. */
async function both(project) {
  const pulse = await getPulse(project, null);
  return pulse && { pulse, desk: await getRows(project, "", []) };
}

/** {pulse, desk} of what was fetched early; null where nothing was. */
export async function takeEarly(project) {
  const one = asked.get(project);
  asked.delete(project);
  return one && performance.now() - one.at_ms < KEPT_MS ? one.answer : null;
}

fetchEarly(remembered("project"));
