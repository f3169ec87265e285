// Everything player and lanes can do, as commands: keys reach them, help lists them, people remap them.

import { lines } from "../lines.js";
import { command } from "./commands.js";

export function registerPlayer({ player, lanes, takes, selection, actions, say }) {
  const hasLine = () => Boolean(player.row);
  const play = (id, title, keys, run, more = {}) => command(id, { title, group: "Player", keys, run, when: hasLine, ...more });
  play("play", "Play the line, or stop", ["Space"], () => player.toggle(), { footer: "play" });
  play("play-from-here", "Play from the playhead", ["Shift+Space"], () => player.playFrom(player.at_ms));
  play("loop", "Loop on or off", ["Shift+L"], () => player.set({ isLooping: !player.isLooping }));
  play("hear-source", "Hear the source", ["Q"], () => player.playAs("source"), { when: () => player.can("source") });
  play("hear-take", "Hear the take", ["W"], () => player.playAs("take"), { when: () => player.can("take") });
  play("hear-context", "Hear the dub in context", ["E"], () => player.playAs("context"), { when: () => player.can("context") });
  play("shuttle-back", "Run backwards, again for faster", ["J"], () => player.shuttle(-1));
  play("shuttle-stop", "Stop", ["K"], () => player.shuttle(0));
  play("shuttle-on", "Run forwards, again for faster", ["L"], () => player.shuttle(1));
  play("frame-back", "One frame back", ["ArrowLeft"], () => player.step(-1), { repeats: true });
  play("frame-on", "One frame on", ["ArrowRight"], () => player.step(1), { repeats: true });
  play("frames-back", "Ten frames back", ["Shift+ArrowLeft"], () => player.step(-10), { repeats: true });
  play("frames-on", "Ten frames on", ["Shift+ArrowRight"], () => player.step(10), { repeats: true });
  play("mark-in", "Play from here (mark in)", ["I"], () => player.mark("in_ms"));
  play("mark-out", "Play up to here (mark out)", ["O"], () => player.mark("out_ms"));
  play("marks-clear", "Remove the marks", ["X"], () => player.clearMarks(), { when: () => player.marks.in_ms !== null || player.marks.out_ms !== null });

  const time = (id, title, keys, run, more = {}) => command(id, { title, group: "Times of the line", keys, run, when: hasLine, ...more });
  time("start-earlier", "Start one frame earlier", ["["], () => lanes.retiming.nudge("start", -1), { repeats: true, footer: "nudge" });
  time("start-later", "Start one frame later", ["]"], () => lanes.retiming.nudge("start", 1), { repeats: true, footer: "nudge" });
  time("end-earlier", "End one frame earlier", ["{"], () => lanes.retiming.nudge("end", -1), { repeats: true });
  time("end-later", "End one frame later", ["}"], () => lanes.retiming.nudge("end", 1), { repeats: true });
  time("line-earlier", "Move the line one frame earlier", ["Alt+["], () => lanes.retiming.nudge("both", -1), { repeats: true });
  time("line-later", "Move the line one frame later", ["Alt+]"], () => lanes.retiming.nudge("both", 1), { repeats: true });
  time("start-here", "Start at the playhead", ["Shift+I"], () => lanes.retiming.bring("start"));
  time("end-here", "End at the playhead", ["Shift+O"], () => lanes.retiming.bring("end"));
  time("snap-now", "Put the line on the speech it is about", ["G"], () => lanes.retiming.snapNow());
  time("snapping", "Snapping on or off", ["Shift+G"], () => {
    player.set({ isSnapping: !player.isSnapping });
    say(player.isSnapping ? "Dragged edges snap to speech and to neighbours." : "Dragged edges move by frames and snap to nothing.");
  });
  time("split", "Split the line at the playhead", ["S"], () => split(player, lanes, actions, say));
  time("merge", "Merge the selected lines, or this one with the next", ["Shift+S"], () => merge(selection, actions, say));
  time("show-less", "Show less around the line", ["="], () => lanes.zoom(-1));
  time("show-more", "Show more around the line", ["-"], () => lanes.zoom(1));

  const take = (id, title, keys, run) => command(id, { title, group: "Takes", keys, run, when: () => takes.count > 0 });
  take("take-next", "Hear the next older take", ["."], () => takes.step(1));
  take("take-previous", "Hear the next newer take", [","], () => takes.step(-1));
  take("take-switch", "Switch between the circled take and the other one", ["B"], () => takes.swap());
  take("take-circle", "Circle the take that is heard", ["C"], () => takes.circleHeard());
  take("voice-again", "Voice the selected lines again, with the words as they are", ["Shift+R"], () => takes.revoice());
}

async function split(player, lanes, actions, say) {
  await lanes.retiming.flush();
  const row = lines.rows.get(player.row.id);
  const at_ms = Math.round(player.at_ms);
  if (at_ms <= row.start_ms || at_ms >= row.end_ms) return say("Put the playhead inside the line first; it is split there.");
  actions.split(row.id, at_ms);
}

function merge(selection, actions, say) {
  const chosen = selection.inOrder(lines.order);
  if (chosen.length > 1) return actions.merge(chosen);
  const row = lines.rows.get(selection.active);
  const next = lines.order.slice(lines.order.indexOf(row?.id) + 1).map((id) => lines.rows.get(id)).find((one) => one.speaker_id === row?.speaker_id);
  if (!next) return say("No line of this speaker follows, so there is nothing to merge with.");
  actions.merge([row.id, next.id]);
}
