// The Lines tab: toolbar, line list, side panel, help footer. Joins the parts; each part is its own module.

import { write, quietly } from "../api.js";
import { clear, h } from "../dom.js";
import { count } from "../format.js";
import { lines } from "../lines.js";
import { bindKeys } from "./keys.js";
import { LineList } from "./list.js";
import { Panel } from "./panel.js";
import { Selection } from "./selection.js";
import { Toolbar } from "./toolbar.js";

export function mount({ element, props, trigger, watch }) {
  const selection = new Selection();
  const actions = makeActions(selection, trigger, () => panel.wordings.instruction);
  const toolbar = new Toolbar(selection, actions);
  const list = new LineList(selection, toolbar, actions);
  const panel = new Panel(selection, actions, list);
  const footer = helpFooter();
  element.className = "island desk";
  const notices = noticeLine(() => trigger("sound_corrected", {}));
  clear(element, h("div.work", {}, toolbar.element, notices.element, list.element), panel.element, footer.element);
  bindKeys(element, { selection, list, panel, actions });
  lines.watch(() => footer.paint());
  window.addEventListener("lipline:jump", (event) => list.jump(event.detail.id));
  const follow = () => {
    notices.paint(props.value?.notices ?? [], props.value?.sound);
    lines.follow(props.value);
  };
  watch("value", follow);
  follow();
}

/** What the desk can ask for. Every edit answers with the rows it changed; work tells the page to watch it. */
function makeActions(selection, trigger, instruction) {
  const project = () => lines.desk.project_id;
  const edit = (verb, values) => quietly(write(project(), verb, values).then((reply) => lines.apply(reply)));
  const work = (verb, values) => quietly(write(project(), verb, values).then(() => trigger("changed", {})));
  return {
    revise: (id, change) => edit("revise", { line_id: id, ...change }),
    pick: (id, candidate) => edit("pick", { line_id: id, candidate_id: candidate }),
    approve: (ids) => {
      const all = ids.every((id) => ["approved", "locked"].includes(lines.rows.get(id)?.status));
      return edit("set_status", { line_ids: ids, status: all ? "adapted" : "approved" });
    },
    add: async () => {
      const room = freeRoom(lines.rows.get(selection.active));
      const reply = await edit("add", room);
      if (reply?.row) selection.only(reply.row.id);
    },
    remove: (ids) => edit("delete", { line_ids: ids }),
    split: (id, at_ms) => edit("split", { line_id: id, at_ms }),
    merge: async (ids) => {
      const reply = await edit("merge", { line_ids: ids });
      if (reply?.row) selection.only(reply.row.id);
    },
    regenerate: (ids) => work("regenerate", { line_ids: ids, over_budget: false, instruction: instruction() }),
    regenerateOver: () => work("regenerate", { line_ids: [], over_budget: true }),
    submit: (kind) => work("submit", { kind }),
    renameSpeaker: (speaker_id, name) => edit("rename_speaker", { speaker_id, name }),
    setSpeakerVoice: (speaker_id, voice) => edit("set_speaker_voice", { speaker_id, voice }),
    mergeSpeakers: (speaker_ids) => edit("merge_speakers", { speaker_ids }),
    splitSpeaker: (speaker_id, line_ids, name) => edit("split_speaker", { speaker_id, line_ids, name }),
  };
}

/** Where a new line goes: the gap after the selected line, or the end of the programme. */
function freeRoom(row) {
  const at = row ? lines.order.indexOf(row.id) : lines.order.length - 1;
  const before = lines.rows.get(lines.order[at]);
  const after = lines.rows.get(lines.order[at + 1]);
  const start_ms = before ? before.end_ms : 0;
  const limit = after ? after.start_ms : Math.max(lines.desk.length_ms, start_ms + 2000);
  const end_ms = Math.min(start_ms + 2000, limit);
  return { start_ms, end_ms: end_ms - start_ms >= 200 ? end_ms : start_ms + 200 };
}

const KEYS = [
  ["Space", "play"],
  ["N", "next unfit"],
  ["1–9", "wording"],
  ["R", "regenerate"],
  ["A", "approve"],
  ["Enter", "edit"],
  ["↑ ↓", "move"],
];

/** What holds for the whole project, on one line that opens. Sound that is early or late against the lips stands first, with
 *  the button that mends it. */
function noticeLine(correct) {
  const mend = h("button.btn.small", { onclick: correct });
  const details = h("details");
  const element = h("div.notices", { hidden: true }, details, mend);
  let shown = "";
  const paint = (given, sound) => {
    const notices = sound?.notice ? [sound.notice, ...given.filter((one) => one !== sound.notice)] : given;
    mend.textContent = sound?.label ?? "";
    mend.hidden = !sound?.notice;
    if (notices.join("\n") === shown) return;
    shown = notices.join("\n");
    element.hidden = !notices.length;
    clear(details, h("summary", { title: "Show all of it" }, h("b", {}, count(notices.length, "notice")), h("span", {}, notices[0] ?? "")), notices.map((notice) => h("p", {}, notice)));
  };
  return { element, paint };
}

function helpFooter() {
  const standing = h("span.standing");
  const element = h("footer", {}, KEYS.map(([key, does]) => h("span", {}, h("kbd", {}, key), ` ${does}`)), h("span.grow"), standing);
  const paint = () => {
    const all = lines.list;
    const over = all.filter((row) => row.fit?.fit === "over").length;
    const empty = all.filter((row) => !row.target.trim()).length;
    const written = all.length - empty;
    const fit = written ? `${Math.floor((100 * (written - over)) / written)}\u00a0% fit` : "";
    standing.textContent = all.length ? [`${over} of ${all.length} over budget`, fit, empty ? `${empty} without a translation` : ""].filter(Boolean).join(" · ") : "";
  };
  return { element, paint };
}
