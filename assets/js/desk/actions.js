// What the desk can ask the studio for. Every edit answers with the rows it changed; work tells the page to watch it.

import { quietly, read, wordsOf, write } from "../api.js";
import { isContested, retype } from "../conflicts.js";
import { lines } from "../lines.js";
import { toast } from "../toast.js";
import { refused, sent } from "../typing.js";
import { undraft } from "../unsent.js";

/** `type` answers {why} where the studio refused the text; the others show the refusal themselves. */
export function makeActions(selection, trigger, instruction) {
  const project = () => lines.desk.project_id;
  const edit = (verb, values) => quietly(write(project(), verb, values).then((reply) => lines.apply(reply)));
  /** A change of many lines: what was passed over is told. */
  const told = (verb, values) => edit(verb, values).then((reply) => (reply?.passed_over?.length && toast(reply.passed_over.join(" ")), reply));
  const work = (verb, values) => quietly(write(project(), verb, values).then(() => trigger("changed", {})));
  return {
    type: (id, text) => {
      if (isContested(id)) return Promise.resolve(retype(id, text) ?? {});
      const change = sent(id, text);
      lines.isMine(change.change_id);
      return write(project(), "revise", change).then(
        (reply) => (lines.apply(reply), {}),
        (error) => (undraft(project(), change), refused(change), { why: error.message }),
      );
    },
    revise: (id, change) => edit("revise", { base: began(lines.rows.get(id)), line_id: id, ...change }),
    pick: (id, candidate) => edit("pick", { line_id: id, candidate_id: candidate }),
    approve: (ids) => {
      const all = ids.every((id) => ["approved", "locked"].includes(lines.rows.get(id)?.status));
      return told("set_status", { line_ids: ids, status: all ? "adapted" : "approved", seen: seenWords(ids) });
    },
    setStatus: (ids, status) => told("set_status", { line_ids: ids, status, seen: seenWords(ids) }),
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
    revoice: (ids) => work("voice_lines", { line_ids: ids, quality: "" }),
    regenerateOver: () => work("regenerate", { line_ids: [], over_budget: true }),
    submit: (kind) => work("submit", { kind }),
    renameSpeaker: (speaker_id, name) => edit("rename_speaker", { speaker_id, name }),
    setSpeakerVoice: (speaker_id, voice) => edit("set_speaker_voice", { speaker_id, voice }),
    mergeSpeakers: (speaker_ids) => edit("merge_speakers", { speaker_ids }),
    removeSpeaker: (speaker_id, into_id) => edit("remove_speaker", { speaker_id, into_id }),
    bulk: (line_ids, change) => told("revise_lines", { line_ids, ...change }),
    previewReplace: (values) => read(project(), "preview_replace", values),
    replace: (values) => told("replace", values),
    scene: (id) => quietly(read(project(), "scene", { line_id: id })).then((answer) => answer?.line_ids ?? []),
    splitSpeaker: (speaker_id, line_ids, name) => edit("split_speaker", { speaker_id, line_ids, name }),
  };
}

/** What a change begins from: the row as this page shows it. What was typed into a box began when the box did, and says so itself. */
const began = (row) => row && { source: row.source, target: row.target, start_ms: row.start_ms, end_ms: row.end_ms, speaker_id: row.speaker_id };

/** The words of lines as this page shows them: an approval is given to those, and to no others. */
export const seenWords = (ids) => Object.fromEntries(ids.filter((id) => lines.rows.has(id)).map((id) => [id, wordsOf(lines.desk.project_id, lines.rows.get(id))]));

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
