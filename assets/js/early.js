// The first screen, begun before the page's frame is there. Rows are asked for while the frame still loads, and from the click on a project
// on; where the address asks for the lines of a project, the desk itself stands as soon as they are here. Whoever shows rows takes them
// once; what failed or lay too long is asked for again in the usual way. Nothing is imported here that has to wait for anything.

import { remembered } from "./address.js";
import { noted } from "./passes.js";

const KEPT_MS = 15_000;
const asked = new Map(); // project → {at_ms, answer}

/** Begin to fetch a project's lines. Failing is no news: whoever shows the project asks again, and tells. */
export function fetchEarly(project) {
  if (!project || asked.has(project)) return;
  asked.set(project, { at_ms: performance.now(), answer: opening(project).catch(() => null) });
}

/** The address is one the page's HTML has asked for already (first_screen.py), so that the answer is on its way before any module runs. */
async function opening(project) {
  const response = noted(await fetch(new URL(`desk/${project}/opening`, document.baseURI)));
  return response.ok ? response.json() : null;
}

/** {pulse, desk} of what was fetched early; null where nothing was. */
export async function takeEarly(project) {
  const one = asked.get(project);
  asked.delete(project);
  return one && performance.now() - one.at_ms < KEPT_MS ? one.answer : null;
}

const project = remembered("project");
fetchEarly(project);
if (project && ["", "lines"].includes(remembered("tab"))) {
  Promise.all([import("./desk/desk.js"), asked.get(project).answer]).then(([desk, found]) => found && desk.stand(project));
}
