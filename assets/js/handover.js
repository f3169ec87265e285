// The delivery: whose rules hold, what stands in its way with a jump to each line, and how its files and timecode begin.

import { read } from "./api.js";
import { clear, h, own } from "./dom.js";
import { count } from "./format.js";
import { jumpTo } from "./jump.js";
import { repaint } from "./repaint.js";
import { toast } from "./toast.js";

const TITLES = { must: "Stands in the way", should: "Should be mended", info: "For information" };
const FEW = 6; // lines shown of a finding before the rest is asked for
const WORD = { must: "must", should: "should", info: "info" };

/** The card of a delivery. `onView(view)` hears of every answer; `show(project)` asks again, quietly. */
export class Delivery {
  #project = "";
  #asked = 0;
  #refusal = "";
  #open = new Set(); // checks whose lines are all shown

  constructor(onView) {
    this.element = h("section.delivery", { "aria-label": "Delivery", hidden: true });
    this.onView = onView;
    this.view = null;
  }

  async show(project) {
    if (project !== this.#project) {
      [this.#project, this.view, this.#refusal] = [project, null, ""];
      this.#paint(); // what is known of another project is not shown for this one
    }
    if (!project) return;
    await this.#take(project, read(project, "handover", {}));
  }

  /** Why the last export did not leave; "" once it is over. It stays until the next press, whatever the page hears meanwhile. */
  refuse(sentence) {
    this.#refusal = sentence;
    this.#paint();
    if (sentence && this.view) this.element.scrollIntoView({ block: "nearest" });
  }

  async #take(project, answer) {
    const asked = (this.#asked += 1);
    const view = await answer.catch((error) => toast(error.message));
    if (!view || asked !== this.#asked || project !== this.#project) return;
    this.view = view;
    this.#paint();
    this.onView(view);
  }

  #set(change) {
    const { profile, handle_ms, start_hour } = { ...this.view, ...change };
    this.#refusal = "";
    this.#take(this.#project, read(this.#project, "set_handover", { profile, handle_ms, start_hour }));
  }

  #paint() {
    const { view } = this;
    this.element.hidden = !view;
    if (view) repaint(this.element, () => this.#lay());
  }

  #lay() {
    const { view } = this;
    if (!view) return;
    const refusal = this.#refusal ? h("p.notice", { role: "alert" }, this.#refusal) : null;
    clear(this.element, this.#head(view), refusal, this.#verdict(view), h("div.findings", {}, view.groups.map((group) => this.#group(group))), this.#files(view));
  }

  #head(view) {
    const chosen = view.profiles.find((profile) => profile.name === view.profile);
    const options = view.profiles.map((profile) => h("option", { value: profile.name, selected: profile.name === view.profile }, profile.title));
    return h(
      "div.head",
      {},
      h("h2", {}, "Delivery"),
      h("label.field", {}, h("span", {}, "Profile"), h("select", { id: "delivery-profile", onchange: (event) => this.#set({ profile: event.target.value }) }, options)),
      h("p.dim", {}, chosen.sentence),
      h("details", {}, h("summary", {}, "Where these numbers come from"), h("p.dim", {}, chosen.source), h("p.dim", {}, view.verify)),
    );
  }

  #verdict(view) {
    const musts = view.groups.filter((group) => group.severity === "must");
    if (!musts.length) return h("p.verdict", { role: "status" }, view.profile === "draft" ? "A draft leaves as it is; what follows is worth a look." : "Nothing known stands in the way; sound is listened to when it leaves.");
    const parts = view.blocked_lines ? `Export blocked by ${count(view.blocked_lines, "line")}.` : "Export blocked.";
    return h("p.verdict.blocked", { role: "status" }, h("b", {}, parts), " ", "Mend what must be mended, or choose the profile Draft.");
  }

  #group(group) {
    const isOpen = this.#open.has(group.check);
    const shown = isOpen ? group.lines : group.lines.slice(0, FEW);
    const left = group.count - shown.length;
    const more = !group.lines.length || left <= 0 ? null : isOpen || group.lines.length <= FEW ? h("span.dim", {}, `and ${left} more`) : h("button.btn.small", { onclick: () => (this.#open.add(group.check), this.#paint()) }, `${left} more`);
    const title = group.lines.length ? `${count(group.count, "line")}: ${group.check}` : group.sentence;
    return h(
      `div.finding.${group.severity}`,
      { role: "group", "aria-label": TITLES[group.severity] },
      h("span.weight", { title: TITLES[group.severity] }, WORD[group.severity]),
      h("div", {}, h("span", {}, title), group.lines.length && group.sentence ? h("p.dim", {}, own(group.sentence)) : null, shown.length ? h("div.jumps", {}, shown.map(jump), more) : null),
    );
  }

  #files(view) {
    const handle = h("input", { id: "delivery-handle", type: "number", min: "0", max: "5000", step: "100", value: String(view.handle_ms), onchange: (event) => event.target.checkValidity() && event.target.value && this.#set({ handle_ms: Number(event.target.value) }) });
    const hour = h("select", { id: "delivery-hour", onchange: (event) => this.#set({ start_hour: Number(event.target.value) }) }, Array.from({ length: 24 }, (_, at) => h("option", { value: String(at), selected: at === view.start_hour }, own(`${String(at).padStart(2, "0")}:00:00:00`))));
    return h(
      "div.files",
      {},
      h("label.field", {}, h("span", {}, "Handles, ms"), handle),
      h("label.field", {}, h("span", {}, "First picture at"), hour),
      h("p.dim", {}, "Frames a second: ", own(view.rate)),
    );
  }
}

function jump(line) {
  return h("button.jump", { title: own(`${line.timecode} · ${line.sentence}`), "aria-label": `Go to line ${line.number}`, onclick: () => jumpTo(line.line_id) }, own(String(line.number)));
}
