// The list's own commands: moving and selecting over many lines, the filter box, sorting, columns, replacing, and changing what is
// selected. Moving by single lines, editing and approving are in keys.js.

import { lines } from "../lines.js";
import { openBulk, selectScene, selectSpeaker } from "./bulk.js";
import { columnOf } from "./columns.js";
import { command } from "./commands.js";
import { openMenu } from "./menu.js";
import { openReplace } from "./replace.js";

export function registerListCommands({ selection, list, toolbar, sieve, actions }) {
  const has = () => lines.order.length > 0;
  const some = () => selection.ids.size > 0;
  const add = (id, title, keys, run, more = {}) => command(id, { title, group: "List", keys, run, ...more });
  add("extend-down", "Select the next line as well", ["Shift+ArrowDown"], () => list.step(1, true), { repeats: true });
  add("extend-up", "Select the line before as well", ["Shift+ArrowUp"], () => list.step(-1, true), { repeats: true });
  add("page-down", "A page further down", ["PageDown"], () => list.stepPage(1), { repeats: true });
  add("page-up", "A page further up", ["PageUp"], () => list.stepPage(-1), { repeats: true });
  add("first-line", "First line", ["Home", "Ctrl+Home"], () => list.step(-Infinity));
  add("last-line", "Last line", ["End", "Ctrl+End"], () => list.step(Infinity));
  add("select-speaker", "Select this speaker’s lines", ["Alt+S"], () => selectSpeaker(selection), { when: some });
  add("select-scene", "Select this scene", ["Alt+E"], () => selectScene(selection, actions), { when: some });
  add("change", "Change the selected lines…", ["Alt+C"], () => openBulk(toolbar.buttonOf("change"), selection, actions), { when: some });
  add("filter", "Search and filter", ["/", "Ctrl+F"], () => toolbar.box.take());
  add("filter-build", "Build a filter", ["Alt+F"], () => toolbar.box.build());
  add("filter-none", "Show all lines", ["Shift+F"], () => sieve.reset(), { when: () => sieve.isOn });
  add("replace", "Search and replace", ["Ctrl+H"], () => openReplace(selection, actions), { when: has });
  add("sort", "Sort by…", ["Alt+O"], () => openSorts(list.heads.menu, sieve, list), { when: has });
  add("columns", "Which columns are shown", ["Shift+C"], () => list.heads.open());
}

function openSorts(button, sieve, list) {
  const entry = ({ key, name }) => {
    const isOn = sieve.sort?.key === key;
    return { label: name, isOn, aside: isOn ? (sieve.sort.isDown ? "sorted down" : "sorted up") : "", stays: true, run: () => sieve.sortBy(key) };
  };
  openMenu(button, "Sort by", () => [{ label: "Order of time", isOn: !sieve.sort, run: () => sieve.sortAs(null) }, null, ...list.columns.possible.filter(({ key }) => columnOf(key)).map(entry)]);
}
