// The speakers dialog: names, a voice for each, merge two into one, give selected lines to a new speaker.

import { clear, h, own } from "../dom.js";
import { count } from "../format.js";
import { lines } from "../lines.js";
import { repaint } from "../repaint.js";

export function openSpeakers(selection, actions) {
  const dialog = h("dialog.speakers", { "aria-label": "Speakers" });
  const paint = () => repaint(dialog, () => clear(dialog, content(dialog, selection, actions, paint)));
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  (document.querySelector(".desk") ?? document.body).append(dialog);
  paint();
  dialog.showModal();
}

function content(dialog, selection, actions, repaint) {
  const speakers = lines.desk.speakers;
  const chosen = new Set();
  const merge = h("button.btn", { disabled: true, onclick: () => actions.mergeSpeakers([...chosen]).then(repaint) }, "Merge ticked");
  const tick = (id, isOn) => {
    isOn ? chosen.add(id) : chosen.delete(id);
    merge.disabled = chosen.size < 2;
  };
  return [
    h("h2", {}, "Speakers"),
    h("p.dim", {}, "A speaker’s voice is used for all their lines that have no voice of their own."),
    h("div.rows", {}, speakers.map((speaker) => speakerRow(speaker, tick, actions, repaint))),
    h("div.end", {}, merge, splitButton(selection, actions, repaint), h("span.grow"), h("button.btn.primary", { onclick: () => dialog.close() }, "Done")),
  ];
}

function speakerRow(speaker, tick, actions, repaint) {
  const many = lines.list.filter((row) => row.speaker_id === speaker.id).length;
  const name = h("input", { value: speaker.name, "aria-label": "Name", maxlength: "80" });
  name.addEventListener("change", () => name.value.trim() && actions.renameSpeaker(speaker.id, name.value.trim()));
  return h(
    "div.speaker",
    {},
    h("input", { type: "checkbox", "aria-label": `Tick ${speaker.name}`, onchange: (event) => tick(speaker.id, event.target.checked) }),
    name,
    h("span.dim", {}, count(many, "line")),
    voiceSelect(speaker.voice, studiosChoice(speaker), (voice) => actions.setSpeakerVoice(speaker.id, voice)),
    remover(speaker, many, actions, repaint),
  );
}

/** Taking a speaker away asks first who takes their lines. */
function remover(speaker, many, actions, repaint) {
  const others = lines.desk.speakers.filter((one) => one.id !== speaker.id);
  const button = h("button.btn.small", { disabled: many > 0 && !others.length, title: many > 0 && !others.length ? "The only speaker keeps their lines" : "", onclick: () => ask() }, "Remove…");
  const element = h("span.remover", {}, button);
  const go = (into) => actions.removeSpeaker(speaker.id, into).then(repaint);
  const ask = () => {
    if (!many) return void go(null);
    const taker = h("select", { "aria-label": `Who takes the lines of ${speaker.name}` }, others.map((one) => h("option", { value: one.id }, own(one.name))));
    clear(element, h("span.dim", {}, `${count(many, "line")} to`), taker, h("button.btn.small", { onclick: () => go(taker.value) }, "Remove"), h("button.plain", { "aria-label": "Keep the speaker", onclick: repaint }, own("✕")));
    taker.focus();
  };
  return element;
}

/** What the studio hands out, named where a line of the speaker has it now. */
function studiosChoice(speaker) {
  const row = speaker.voice ? null : lines.list.find((one) => one.speaker_id === speaker.id && !one.has_own_voice && one.voice);
  return row ? `Studio’s choice: ${voiceName(row.voice)}` : "Studio’s choice";
}

/** A voice as the list names it; one that is not on offer any more, by its own and its engine's name. */
export function voiceName(key) {
  const at = key.indexOf("/");
  return lines.desk.voices.find((voice) => voice.key === key)?.label ?? `${key.slice(at + 1)} (${key.slice(0, at)}, not on offer now)`;
}

/** A drop-down of voices; the empty value is `fallback`. */
export function voiceSelect(value, fallback, take) {
  const options = [h("option", { value: "" }, fallback), ...lines.desk.voices.map((voice) => h("option", { value: voice.key }, voice.label))];
  if (value && !lines.desk.voices.some((voice) => voice.key === value)) options.push(h("option", { value }, voiceName(value)));
  const select = h("select", { "aria-label": "Voice", onchange: (event) => take(event.target.value) }, options);
  select.value = value;
  return select;
}

function splitButton(selection, actions, repaint) {
  const ids = selection.inOrder(lines.order);
  const speaker = lines.rows.get(ids[0])?.speaker_id;
  const isOne = ids.length > 0 && ids.every((id) => lines.rows.get(id).speaker_id === speaker);
  const split = () => actions.splitSpeaker(speaker, ids, `${lines.rows.get(ids[0]).speaker} 2`).then(repaint);
  return h("button.btn", { disabled: !isOne, onclick: split, title: "Give the selected lines to a new speaker" }, isOne ? `New speaker for ${count(ids.length, "selected line")}` : "New speaker for the selected lines");
}
