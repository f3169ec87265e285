// The page's address keeps project, tab and line, so that a reload keeps the place.

export const remembered = (name) => new URL(location.href).searchParams.get(name) ?? "";

/** Without a value the name leaves the address. */
export function remember(name, value) {
  const url = new URL(location.href);
  value ? url.searchParams.set(name, value) : url.searchParams.delete(name);
  if (url.href !== location.href) history.replaceState(null, "", url);
}
