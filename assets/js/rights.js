// What this person may do with the project that is open. The studio decides and refuses; the page only leaves out what would be refused.
// Enter: the rights of the desk's view. Leaves: `may(right)`, and the rights on the document, by which rights.css hides controls.

const COMMANDS = {
  edit:
    "mark-in mark-out marks-clear start-earlier start-later end-earlier end-later line-earlier line-later start-here end-here snap-now split merge " +
    "take-circle undo redo sign-off change replace edit approve pick-1 pick-2 pick-3 pick-4 pick-5 pick-6 pick-7 pick-8 pick-9",
  run: "regenerate voice-again",
  note: "note-add note-playhead note-resolve",
  export: "share",
};
const NEEDS = new Map(Object.entries(COMMANDS).flatMap(([right, ids]) => ids.split(" ").map((id) => [id, right])));
const watchers = new Set();
let held = null; // until the studio has said anything, nothing is left out

export const may = (right) => held === null || held.has(right);

/** Whether a command of commands.js can lead to anything. */
export const mayDo = (id) => !NEEDS.has(id) || may(NEEDS.get(id));

export function onRights(watcher) {
  watchers.add(watcher);
}

export function useRights(rights) {
  if (!rights || document.documentElement.dataset.may === rights.join(" ")) return;
  held = new Set(rights);
  document.documentElement.dataset.may = rights.join(" ");
  watchers.forEach((watcher) => watcher());
}

/** Whether a line stays as it is: it is locked, or this person only looks. */
export const isFixed = (row) => row.status === "locked" || !may("edit");

/** One sentence for who only looks; "" for who edits. */
export const readingSentence = () => (may("edit") ? "" : may("note") ? "You read this project and write notes on it; its owner can let you edit." : "You are looking at this project; nothing you do here changes it.");
