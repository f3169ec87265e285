// What this tab must not lose, in the browser's own storage: one shelf per tab, so that tabs never overwrite each other.
// Enter: a name and anything JSON can hold. Leave: it, after a reload; or after a crash, from the first tab that opens then.

const TAB = "lipline.tab";
const SHELF = "lipline.shelf.";
const BEAT_MS = 2000;
const DEAD_MS = 9000; // a tab in the background beats once a second at worst; a shelf nobody has touched for so long is nobody's

let isLeft = false; // the page is on its way out; what it shelves yet is nobody's as soon as it has gone
const mine = tabName();
const held = inherit(); // name → value

/** What lies on the shelf under a name. */
export const shelved = (name) => held[name];

/** Put something there, at once; undefined takes it away. */
export function shelve(name, value) {
  value === undefined ? delete held[name] : (held[name] = value);
  store();
}

function store() {
  try {
    if (Object.keys(held).length) localStorage.setItem(SHELF + mine, JSON.stringify({ at: Date.now(), isLeft, held }));
    else localStorage.removeItem(SHELF + mine);
  } catch {
    // without storage, or with a full one, everything lives as long as the page
  }
}

/** This tab's name survives a reload. A tab opened as a copy of one that lives takes a name of its own. */
function tabName() {
  const fresh = [...crypto.getRandomValues(new Uint8Array(8))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  try {
    const known = sessionStorage.getItem(TAB);
    const name = known && !isAlive(read(SHELF + known)) ? known : fresh;
    sessionStorage.setItem(TAB, name);
    return name;
  } catch {
    return fresh;
  }
}

function isAlive(shelf) {
  return Boolean(shelf) && !shelf.isLeft && Date.now() - shelf.at < DEAD_MS;
}

function read(key) {
  try {
    const shelf = JSON.parse(localStorage.getItem(key));
    return shelf && typeof shelf.held === "object" ? shelf : null;
  } catch {
    return null; // no storage, or something else's entry
  }
}

/** This tab's shelf, joined by those of tabs that crashed or were closed; lists are joined, of anything else one's own counts. */
function inherit() {
  const found = read(SHELF + mine)?.held ?? {};
  for (const key of keys()) {
    const shelf = key === SHELF + mine ? null : read(key);
    if (!shelf || isAlive(shelf)) continue;
    for (const [name, value] of Object.entries(shelf.held)) {
      if (Array.isArray(value)) found[name] = [...value, ...(Array.isArray(found[name]) ? found[name] : [])];
    }
    localStorage.removeItem(key);
  }
  return found;
}

function keys() {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(SHELF));
  } catch {
    return [];
  }
}

store();
setInterval(() => Object.keys(held).length && store(), BEAT_MS);
for (const [name, isOut] of [["pagehide", true], ["pageshow", false]]) window.addEventListener(name, () => ((isLeft = isOut), store()));
