// The row of buttons under the picture: play, what is heard, loop, rolls, and where we are. Every button is a command as well.

import { clear, h, icon } from "../dom.js";
import { timecode } from "../format.js";
import { lines } from "../lines.js";
import { words } from "../words.js";

const LABELS = { source: "Source", take: "Take", other: "Other take", context: "In context" };
const TITLES = {
  source: "The original under this line",
  take: "The circled take over the picture",
  other: "The take it is compared with, at the same moment",
  context: "The take in the mix, with the neighbours’ takes and the bed",
};
const MISSING = {
  source: "There is no media to hear",
  take: "This line has no take yet; R voices it",
  context: "No take in or near this line yet",
};

export class PlayerBar {
  constructor(player) {
    this.player = player;
    this.play = h("button.btn.small.play", { onclick: () => player.toggle() });
    this.modes = h("div.modes", { role: "group", "aria-label": "What is heard" });
    this.chips = Object.fromEntries(Object.keys(LABELS).map((mode) => [mode, h("button.chip", { onclick: () => player.hear(mode) }, LABELS[mode])]));
    this.modes.append(...Object.values(this.chips));
    this.loop = h("button.chip", { onclick: () => player.set({ isLooping: !player.isLooping }), title: "Play the line again and again" }, "Loop");
    this.rolls = rolls(player);
    this.time = h("span.time");
    this.note = h("p.player-note", { role: "status" });
    this.element = h("div.controls", {}, this.play, this.modes, this.loop, this.rolls.element, h("span.grow"), this.time, this.note);
  }

  paint() {
    const { player } = this;
    const speed = player.speed ? ` ${player.speed < 0 ? "−" : ""}${Math.abs(player.speed)}×` : "";
    clear(this.play, icon(player.isPlaying ? "pause" : "play"), player.isPlaying ? `Stop${speed}` : "Play");
    this.play.disabled = !player.heard;
    this.play.title = words(player.heard ? "Play the line, or stop (Space)" : player.row ? "There is no media, and this line has no take" : "Select a line first");
    for (const [mode, chip] of Object.entries(this.chips)) {
      const can = player.can(mode);
      chip.hidden = mode === "other" && !can;
      chip.disabled = !can;
      chip.classList.toggle("on", player.heard === mode);
      chip.setAttribute("aria-pressed", String(player.heard === mode));
      chip.title = words(can ? TITLES[mode] : (MISSING[mode] ?? ""));
    }
    this.loop.classList.toggle("on", player.isLooping);
    this.loop.setAttribute("aria-pressed", String(player.isLooping));
    this.rolls.paint();
  }

  at(ms) {
    const text = timecode(Math.max(0, ms), lines.desk.fps);
    if (this.time.textContent !== text) this.time.textContent = text;
  }

  say(sentence) {
    const said = words(sentence);
    if (this.note.textContent !== said) this.note.textContent = said;
  }
}

/** How much is played before and after the line. */
function rolls(player) {
  const box = (name, label) => {
    const input = h("input", { type: "number", min: "0", max: "3", step: "0.1", "aria-label": label, title: label });
    input.addEventListener("change", () => {
      const ms = Math.round(Math.min(3, Math.max(0, Number(input.value) || 0)) * 1000);
      player.set({ [name]: ms });
    });
    return input;
  };
  const [pre, post] = [box("pre_ms", "Seconds played before the line"), box("post_ms", "Seconds played after the line")];
  const element = h("span.rolls", {}, pre, h("span.dim", { "aria-hidden": "true" }, "·"), post, h("span.dim", {}, "s"));
  const paint = () => {
    for (const [input, ms] of [[pre, player.pre_ms], [post, player.post_ms]]) if (document.activeElement !== input) input.value = (ms / 1000).toFixed(1);
  };
  return { element, paint };
}
