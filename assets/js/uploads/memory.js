// Which file an upload is of, so that it goes on after the page was closed: a browser never keeps the file itself, but knows it when the same
// one is chosen again, by its name, size, date and first bytes.

const KEPT = "lipline.uploads";
const HEAD_BYTES = 65_536;
const MOST = 50;

/** A short text that is the same for the same file. */
export async function markOf(file, purpose) {
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  let hash = 0x811c9dc5; // FNV-1a: enough to tell files apart, and there without https
  for (const byte of head) hash = Math.imul(hash ^ byte, 0x01000193);
  return [purpose, file.name, file.size, file.lastModified, (hash >>> 0).toString(16)].join("/");
}

function all() {
  try {
    return JSON.parse(localStorage.getItem(KEPT) ?? "{}");
  } catch {
    return {};
  }
}

export const idOf = (mark) => all()[mark] ?? null;

export function remember(mark, id) {
  const kept = Object.entries(all()).filter(([, other]) => other !== id).slice(1 - MOST);
  localStorage.setItem(KEPT, JSON.stringify(Object.fromEntries(id ? [...kept, [mark, id]] : kept)));
}

export function forget(id) {
  localStorage.setItem(KEPT, JSON.stringify(Object.fromEntries(Object.entries(all()).filter(([, other]) => other !== id))));
}
