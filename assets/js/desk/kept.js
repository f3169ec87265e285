// Texts that were typed and that the studio refused (too long, line locked meanwhile). They wait in the tab, so that no reload loses them.

const key = (project) => `lipline.refused.${project}`;

/** What waits for a project, line → {text, why}; with `texts`, keep these. */
export function keptTexts(project, texts = null) {
  try {
    if (texts === null) return new Map(JSON.parse(sessionStorage.getItem(key(project)) ?? "[]"));
    texts.size ? sessionStorage.setItem(key(project), JSON.stringify([...texts])) : sessionStorage.removeItem(key(project));
  } catch {
    // without storage they live as long as the page
  }
  return texts ?? new Map();
}
