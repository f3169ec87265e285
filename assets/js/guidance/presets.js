// Presets for the project's scales, what they cost, and whether the project's voice sees the face. `preset` asks the page for one.

import { clear, h, tell } from "../dom.js";
import { repaint } from "../repaint.js";

export function mount({ element, props, trigger, watch }) {
  const buttons = h("div.presets", { role: "group", "aria-label": "Presets" });
  const note = h("p.note", { role: "status" }); // what the scales mean, or what they cost
  const sight = h("div.sight", { role: "status" });
  element.className = "island presets-part";
  clear(element, sight, buttons, note);
  const paint = () => {
    const view = props.value ?? {};
    const presets = view.presets ?? [];
    repaint(buttons, () => clear(buttons, presets.map((one) => button(one, view.place?.project_id, trigger))));
    const chosen = presets.find((one) => one.is_on);
    const words = view.warning || (chosen ? chosen.why : "Scales of your own; a preset sets face and lips at once.");
    tell(note, words);
    note.classList.toggle("warns", Boolean(view.warning));
    repaint(sight, () => clear(sight, view.sight ? sightLine(view.sight) : []));
  };
  watch("value", paint);
  paint();
}

function button(preset, project, trigger) {
  const scales = preset.label;
  return h(
    `button.chip${preset.is_on ? ".on" : ""}`,
    { "aria-pressed": String(preset.is_on), title: [preset.why, preset.warning].filter(Boolean).join(" "), disabled: !project, onclick: () => trigger("preset", { key: preset.key }) },
    scales,
  );
}

const STATES = { sees: "sees the face", "re-timed": "does not see", missing: "cannot run here", none: "no voice" };

/** A voice's sight in one line; what is missing comes with the command that fetches it. */
export function sightLine(sight) {
  return [
    h("p", {}, sight.engine ? h("b", {}, sight.engine) : null, sight.engine ? " " : null, h("span.state", { "data-state": sight.state }, STATES[sight.state]), ". ", sight.sentence),
    sight.command ? command(sight.command) : null,
  ];
}

/** A command to run, which a press copies. */
export function command(words) {
  const button = h("button.plain", { "aria-label": `Copy the command ${words}` }, "Copy");
  button.addEventListener("click", async () => {
    await navigator.clipboard?.writeText(words).catch(() => null);
    tell(button, "Copied");
    setTimeout(() => tell(button, "Copy"), 2000);
  });
  return h("div.command", {}, h("code", {}, words), button);
}
