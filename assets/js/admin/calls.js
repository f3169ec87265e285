// Calls of the administrator's page, all below /admin/api. A refusal comes as an Error whose message is a sentence.

async function ask(path, init) {
  let response;
  try {
    response = await fetch(`admin/api/${path}`, init);
  } catch {
    throw new Error("The studio cannot be reached. Try again in a moment.");
  }
  if (response.status === 401) location.reload(); // to the login page
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(body.error ?? "The studio did not answer as it should; try again in a moment.");
  return body;
}

export const look = (view, query = {}) => ask(`${view}?${new URLSearchParams(query)}`);
export const act = (call, values) => ask(call, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(values) });
