// The Lines tab: toolbar, line list, side panel, help footer. Joins the parts; each part is its own module.

import { clear, h } from "../dom.js";
import { beginEverywhere } from "../everywhere.js";
import { count } from "../format.js";
import { lines } from "../lines.js";
import { onRights, readingSentence } from "../rights.js";
import { Stage } from "../stage.js";
import { makeActions } from "./actions.js";
import { Columns } from "./columns.js";
import { helpFooter } from "./footer.js";
import { bindKeys } from "./keys.js";
import { LineList } from "./list.js";
import { registerListCommands } from "./listcommands.js";
import { History } from "./history.js";
import { NoteMarks } from "./notemarks.js";
import { DeskNotes } from "./notes.js";
import { Panel } from "./panel.js";
import { Selection } from "./selection.js";
import { Sieve } from "./sieve.js";
import { registerSignOff } from "./signoff.js";
import { Toolbar } from "./toolbar.js";

let isMounted = false;
let standing = null; // the desk that stands before the page's frame does
let stage = null; // and where

/** The desk before the page's frame is there: whole, but for what only the page can do, which waits. */
export function stand(project) {
  if (isMounted) return;
  beginEverywhere();
  standing = build(h("div"));
  stage = new Stage(standing.element);
  standing.follow({ project_id: project });
}

export function mount({ element, props, trigger, watch }) {
  isMounted = true;
  const desk = standing ?? build(element);
  if (stage) {
    element.className = "island desk";
    stage.handTo(element);
  }
  [standing, stage] = [null, null];
  desk.page = trigger;
  for (const [name, values] of desk.waiting.splice(0)) trigger(name, values);
  const follow = () => desk.follow(props.value);
  watch("value", follow);
  follow();
}

/** The parts, joined in `element`. `page(event, values)` is the page's to give; what is told before waits. */
function build(element) {
  const desk = { element, waiting: [], page: null };
  const trigger = (name, values) => (desk.page ? desk.page(name, values) : desk.waiting.push([name, values]));
  const selection = new Selection();
  const actions = makeActions(selection, trigger, () => panel.wordings.instruction);
  const sieve = new Sieve();
  const toolbar = new Toolbar(selection, sieve, actions);
  const list = new LineList(selection, sieve, actions, new Columns());
  list.onBuilt = () => toolbar.paintCounts();
  toolbar.box.onLeave = () => list.enter();
  const panel = new Panel(selection, actions, list);
  const notes = new DeskNotes(selection, list, panel);
  panel.rest.insertBefore(notes.card, panel.rest.children[1] ?? null);
  panel.element.append(notes.drawer);
  new NoteMarks(panel.lanes, selection);
  const history = new History(selection, list, panel);
  panel.element.append(history.drawer);
  toolbar.element.querySelector(".buttons").after(history.opener);
  const footer = helpFooter();
  const reading = h("p.reading", { hidden: true, role: "note" });
  element.className = "island desk";
  const notices = noticeLine(() => trigger("sound_corrected", {}));
  clear(element, h("div.work", {}, reading, toolbar.element, notices.element, history.lost, history.said, list.element), panel.element, footer.element);
  registerSignOff(selection);
  registerListCommands({ selection, list, toolbar, sieve, actions });
  bindKeys(element, { selection, list, panel, actions });
  lines.watch(() => footer.paint());
  onRights(() => ((reading.hidden = !readingSentence()), clear(reading, readingSentence())));
  window.addEventListener("lipline:jump", (event) => list.jump(event.detail.id));
  desk.follow = (value) => {
    notices.paint(value?.notices ?? [], value?.sound);
    lines.follow(value);
  };
  return desk;
}

/** What holds for the whole project, on one line that opens. Sound that is early or late against the lips stands first, with
 *  the button that mends it. */
function noticeLine(correct) {
  const mend = h("button.btn.small", { onclick: correct });
  const details = h("details");
  const element = h("div.notices", { hidden: true }, details, mend);
  let shown = "";
  const paint = (given, sound) => {
    const notices = sound?.notice ? [sound.notice, ...given.filter((one) => one !== sound.notice)] : given;
    clear(mend, sound?.label ?? "");
    mend.hidden = !sound?.notice;
    if (notices.join("\n") === shown) return;
    shown = notices.join("\n");
    element.hidden = !notices.length;
    clear(details, h("summary", { title: "Show all of it" }, h("b", {}, count(notices.length, "notice")), h("span", {}, notices[0] ?? "")), notices.map((notice) => h("p", {}, notice)));
  };
  return { element, paint };
}
