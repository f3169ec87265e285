// What the person in front of the page set up for themselves: language, keys. Kept by the studio, so that it follows them.
// `person` is as the studio last told it; a page without a login (a review link) has the browser's own guess.

const ADDRESS = new URL("../../me/settings", import.meta.url);

/** The settings as kept, or null where nobody is logged in or no studio answers. */
export async function settingsOfPerson() {
  try {
    const response = await fetch(ADDRESS, { headers: { accept: "application/json" }, redirect: "error" });
    return response.ok ? await response.json() : null;
  } catch {
    return null;
  }
}

/** Keep a change. Answers with a sentence where it was not kept, "" where it was. */
export async function keepSetting(change) {
  try {
    const response = await fetch(ADDRESS, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(change) });
    if (response.ok) return "";
    return (await response.json()).error;
  } catch {
    return "This could not be done: the studio does not answer.";
  }
}
