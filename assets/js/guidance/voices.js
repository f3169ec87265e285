// Voices made of recordings: upload one, say whose it is and tick that they agreed, give it to a speaker, listen, delete.

import { media, quietly, read, write } from "../api.js";
import { clear, h, icon, isShown, tell } from "../dom.js";
import { seconds } from "../format.js";
import { lines } from "../lines.js";
import { repaint } from "../repaint.js";
import { voiceSelect } from "../desk/speakers.js";
import { toast } from "../toast.js";

const SURE_MS = 5000;

export function mount({ element, props, trigger, watch }) {
  let project = "";
  let writes = 0;
  const audio = h("audio", { preload: "none" });
  const list = h("ul.references");
  const cast = h("div.cast");
  /** A change: a look that was asked for before it, or on its way, is old by now. */
  const changed = async (answer) => {
    writes += 1;
    const reply = await quietly(answer);
    writes += 1;
    return reply;
  };
  const form = newVoice(changed, (view) => (show(view), moved()));
  const moved = () => (lines.refresh(), trigger("changed"));
  element.className = "island voices-part card";
  clear(
    element,
    h("h2", {}, "Voices of recordings"),
    h("p", {}, "A voice that sees can speak like a person from a recording of some seconds. Whose voice it is, and that they agreed, is kept with every take made so."),
    list,
    form.element,
    h("h3", {}, "Who speaks with which voice"),
    cast,
    audio,
  );

  const show = (view) => {
    repaint(list, () => clear(list, view.references.length ? view.references.map((one) => item(one)) : h("li.none.dim", {}, "None yet.")));
    form.allow(project, view);
    repaint(cast, () => clear(cast, view.cast.length ? view.cast.map(speaker) : h("p.dim", {}, "Speakers appear here with the lines.")));
  };
  const item = (one) =>
    h(
      "li",
      {},
      h("button.btn.small.listen", { "data-at": `listen-${one.id}`, "aria-label": `Listen to ${one.name}`, onclick: () => listen(one) }, icon("play")),
      h("span.about", { title: one.statement }, h("b", {}, one.name), h("small", {}, `voice of ${one.whose} · ${seconds(one.length_ms, 1)} s${one.is_own ? " · from this film" : ""}${one.voice ? "" : one.transcript ? " · no voice here speaks like it" : " · its words are not known, and the voices here need them"}`)),
      h("button.btn.small", { "data-at": `drop-${one.id}`, "aria-label": `Delete the voice ${one.name}`, onclick: (event) => drop(event.currentTarget, one) }, "Delete…"),
    );
  const listen = (one) => {
    const address = media("voice", project, one.id);
    if (!audio.paused && audio.src === address) return audio.pause();
    audio.src = address;
    audio.play().catch(() => toast("This recording cannot be played."));
  };
  /** Deleting takes two presses; the second says what goes. */
  const drop = async (button, one) => {
    if (button.dataset.sure) {
      delete button.dataset.sure;
      const view = await changed(write(project, "remove_reference_voice", { reference_id: one.id }));
      if (view) show(view);
      return moved();
    }
    button.dataset.sure = "yes";
    tell(button, "Delete for good?");
    button.classList.add("danger");
    setTimeout(() => {
      delete button.dataset.sure;
      tell(button, "Delete…");
      button.classList.remove("danger");
    }, SURE_MS);
  };
  const speaker = (one) => {
    const select = voiceSelect(one.voice, "Chosen by the studio", async (key) => {
      const reply = await changed(write(project, "set_speaker_voice", { speaker_id: one.id, voice: key }));
      if (reply) lines.apply(reply);
      follow(); // the voice that was chosen, or the one that stands after a refusal
      trigger("changed");
    });
    select.setAttribute("aria-label", `Voice of ${one.name}`);
    return h("label.speaks", {}, h("span", {}, one.name), select);
  };

  /** Another project is shown at once; the same one is looked at again when something moved. */
  const follow = async () => {
    const asked = props.value?.project_id ?? "";
    if (asked !== project) {
      project = asked;
      form.reset();
      clear(list);
      clear(cast);
    }
    element.hidden = !project;
    if (!project) return;
    const before = writes;
    const view = await quietly(read(project, "reference_voices", {}));
    if (view && asked === project && before === writes) show(view);
  };
  watch("value", () => isShown(element) && follow());
  lines.watch((changed) => changed === null && isShown(element) && follow());
  follow();
  new IntersectionObserver((seen) => seen.at(-1).isIntersecting && isShown(element) && follow()).observe(element);
}

/** The form of a new voice. Its button waits until everything is there, and says for what. */
function newVoice(changed, onAdded) {
  let [project, blocked, most, isSending] = ["", "", 0, false];
  const file = h("input", { type: "file", accept: "audio/*,video/*", "aria-label": "Recording of the voice" });
  const name = h("input", { type: "text", maxlength: "80", autocomplete: "off" });
  const whose = h("input", { type: "text", maxlength: "120", autocomplete: "off" });
  const words = h("input", { type: "text", maxlength: "600", autocomplete: "off", dir: "auto" });
  const tick = h("input", { type: "checkbox", id: "voice-agreed", "aria-label": "The owner of the voice has agreed", "aria-describedby": "voice-statement" });
  const statement = h("span", { id: "voice-statement" });
  const button = h("button.btn", { type: "submit", "aria-describedby": "voice-waits" }, "Add voice");
  const waits = h("span.dim", { id: "voice-waits", role: "status" });

  const missing = () => {
    if (blocked) return blocked;
    if (isSending) return "Reading the recording…";
    if (!file.files.length) return "Choose a recording: a few seconds of one person speaking.";
    if (file.files[0].size > most) return `The recording is larger than ${Math.round(most / 2 ** 20)} MB; ten seconds are enough.`;
    if (!name.value.trim()) return "Give the voice a name.";
    if (!whose.value.trim()) return "Say whose voice it is.";
    return tick.checked ? "" : "Tick that its owner has agreed.";
  };
  const paint = () => {
    tell(waits, missing());
    button.disabled = Boolean(missing());
    for (const box of [file, name, whose, words, tick]) box.disabled = Boolean(blocked) || isSending; // what is typed belongs to the next one
  };
  const reset = () => {
    for (const box of [file, name, whose, words]) box.value = "";
    tick.checked = false;
    paint();
  };
  const send = async (event) => {
    event.preventDefault();
    if (missing()) return;
    isSending = true;
    paint();
    const asked = new URLSearchParams({ name: name.value.trim(), whose: whose.value.trim(), agreed: tick.checked ? "yes" : "", transcript: words.value.trim() });
    const answer = await changed(sent(project, asked, file.files[0]));
    isSending = false;
    if (answer) reset();
    if (answer) onAdded(answer);
    paint();
  };
  const field = (label, box, hint = "") => h("label.field", {}, h("span", {}, label, hint ? h("small", {}, ` ${hint}`) : null), box);
  const element = h(
    "form.new-voice",
    { onsubmit: send, "aria-label": "Add a voice" },
    field("Recording", file),
    h("div.two", {}, field("Name", name), field("Whose voice", whose)),
    field("Its words", words, "if you have them"),
    h("label.check", { for: "voice-agreed" }, tick, statement),
    h("div.end", {}, button, waits),
  );
  element.addEventListener("input", () => {
    if (document.activeElement === file && !name.value && file.files.length) name.value = file.files[0].name.replace(/\.[^.]*$/, "").slice(0, 80);
    paint();
  });
  const allow = (id, view) => {
    [project, blocked, most] = [id, view.blocked, view.most_bytes];
    tell(statement, view.statement);
    paint();
  };
  paint();
  return { element, allow, reset };
}

/** The voices after a recording was taken; where it was not, that is told. */
async function sent(project, asked, recording) {
  const init = { method: "POST", headers: { "content-type": "application/octet-stream" }, body: recording };
  try {
    const response = await fetch(new URL(`voices/${project}?${asked}`, document.baseURI), init);
    const answer = await response.json().catch(() => ({}));
    if (!response.ok) throw new Error(answer.error ?? "The recording could not be taken.");
    return answer;
  } catch (error) {
    toast(error instanceof TypeError ? "The studio cannot be reached; is it still running?" : error.message);
    throw error;
  }
}
