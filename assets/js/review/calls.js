// Calls of the review page, all below its own address: /review/{token}/…. Nothing here can name another project.

const base = new URL(`${location.pathname.replace(/\/$/, "")}/`, location.origin);

async function ask(path, init) {
  let response;
  try {
    response = await fetch(new URL(path, base), { referrerPolicy: "no-referrer", ...init });
  } catch {
    throw new Error("The studio cannot be reached. What you typed stays here; try again in a moment.");
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw Object.assign(new Error(body.error ?? "The studio did not answer as it should; try again in a moment."), { status: response.status });
  return body;
}

export const getFilm = () => ask("film");
export const getNotes = (since) => ask(`notes?${new URLSearchParams({ since })}`);
export const addNote = (values) => ask("notes", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(values) });
export const mediaAddress = (kind) => new URL(`media/${kind}`, base).href;
