// Passes to a project's media: the studio tells the page's own with its answers (the header `lipline-pass`), and every address of a medium
// bears it. They run out; the next answer brings a fresh one, and the studio renews one that a player still holds.

const passes = new Map(); // project → pass
const waiting = new Map(); // project → what is to be done once its pass is here

/** Keep the pass that came with an answer; returns the answer. */
export function noted(response) {
  const [project, pass] = (response.headers.get("lipline-pass") ?? "").split(" ");
  if (!pass) return response;
  passes.set(project, pass);
  const due = waiting.get(project) ?? [];
  waiting.delete(project);
  due.forEach((work) => work());
  return response;
}

/** Do it now, or as soon as the project's pass is here. Without a project there is nothing to wait for. */
export function whenPassed(project, work) {
  if (!project || passes.has(project)) return work();
  waiting.set(project, [...(waiting.get(project) ?? []), work]);
}

/** A medium's address with its pass. `query` holds what else tells two of them apart. */
export function passed(address, project, query = {}) {
  const whole = new URL(address, document.baseURI);
  for (const [name, value] of Object.entries({ ...query, pass: passes.get(project) ?? "" })) whole.searchParams.set(name, value);
  return whole.href;
}
