// The page's address keeps project, tab and line, so that a reload keeps the place. What changes with every key goes into the address a
// moment later (browsers take it amiss otherwise), and at once onto the tab's shelf, which a reload asks first.

const SOON = "lipline.soon.";
const isReload = () => performance.getEntriesByType("navigation")[0]?.type === "reload";

export function remembered(name) {
  const soon = sessionStorage.getItem(SOON + name);
  return (isReload() && soon) || (new URL(location.href).searchParams.get(name) ?? "");
}

/** For values that change quickly: kept for a reload, until `remember` has them. */
export const rememberSoon = (name, value) => sessionStorage.setItem(SOON + name, value);

/** Without a value the name leaves the address. */
export function remember(name, value) {
  sessionStorage.removeItem(SOON + name);
  const url = new URL(location.href);
  value ? url.searchParams.set(name, value) : url.searchParams.delete(name);
  if (url.href !== location.href) history.replaceState(null, "", url);
}
