// What is on its way to the studio from this page: told by the boxes, heard by whoever shows it where the boxes are not in sight.

const ways = new Map(); // a box's purpose → {id, name, size, share, left_s, state, takeBack}
const watchers = new Set();

/** The largest file on its way, with `more`: how many others there are; null while nothing is. */
export function onItsWay() {
  const all = [...ways.values()].sort((one, other) => other.size - one.size);
  return all.length ? { ...all[0], more: all.length - 1 } : null;
}

/** `way` null: the box sends nothing now. `state`: as a Transfer has it, or "arriving" once all of it is here and is looked at. */
export function tellWay(purpose, way) {
  if (!way && !ways.has(purpose)) return;
  way ? ways.set(purpose, way) : ways.delete(purpose);
  watchers.forEach((watcher) => watcher());
}

export const watchWays = (watcher) => watchers.add(watcher);
