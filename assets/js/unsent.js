// Edits the studio has not taken yet, the latest per line and field. Kept in the tab, so that even a reload does not lose them.

const KEY = "lipline.unsent";
const watchers = new Set();
const kept = new Map(read());

/** `watcher(line_id)` after every change of what is kept. */
export const onUnsent = (watcher) => watchers.add(watcher);
export const unsent = () => [...kept.keys()];
export const waiting = (key) => kept.get(key); // {project, change}, or undefined once it has arrived
export const hasUnsent = () => kept.size > 0;

const place = (project, line) => `${project}/${line}`;

export function keep(project, change) {
  const key = place(project, change.line_id);
  kept.set(key, { project, change: { ...kept.get(key)?.change, ...change } });
  store(change.line_id);
}

/** These fields have arrived, or have been refused for good; a field that was typed anew since then stays. */
export function settle(project, sent) {
  const key = place(project, sent.line_id);
  if (!kept.has(key)) return;
  const left = Object.entries(kept.get(key).change).filter(([name, value]) => name !== "line_id" && sent[name] === undefined && value !== undefined);
  left.length ? kept.set(key, { project, change: { line_id: sent.line_id, ...Object.fromEntries(left) } }) : kept.delete(key);
  store(sent.line_id);
}

/** A row as the person left it: texts that wait here stand in for the studio's. */
export function asTyped(project, row) {
  const { target = row.target, source = row.source } = kept.get(place(project, row.id))?.change ?? {};
  return { ...row, target, source };
}

function read() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
  } catch {
    return []; // a browser that forbids storage, or something else's entry
  }
}

function store(line) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify([...kept]));
  } catch {
    // without storage the edits live as long as the page
  }
  watchers.forEach((watcher) => watcher(line));
}
