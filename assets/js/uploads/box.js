// A box that takes a file: dropped on it or chosen, sent by a Transfer, then handed to the page (event "sent"). It shows how far the file is, how fast,
// how long it takes; it pauses, goes on, takes back; and after a reload it says which file is half here.

import { clear, h, own } from "../dom.js";
import { repaint } from "../repaint.js";
import { left, percent, size } from "./amounts.js";
import { tellWay } from "./going.js";
import { forget, idOf, markOf, remember } from "./memory.js";
import { Transfer, announce, standing, takeBack } from "./transfer.js";

const OPENING_MS = 10_000;
const LOOK_AGAIN_MS = 20_000; // the page has not answered: look whether the file has arrived after all

/** `kind`: {purpose, title, hint, types, isLarge}. A large one opens its project as soon as its first piece is found to be media. */
export function mountBox(kind, { element, props, trigger, watch }) {
  new Box(kind, { element, props, trigger, watch });
}

class Box {
  #transfer = null;
  #left = null; // an upload of an earlier visit
  #words = "";
  #isArriving = false;
  #isOpening = false; // the page has been asked for a project, and has not shown it yet
  #room = null;

  constructor(kind, { element, props, trigger, watch }) {
    [this.kind, this.props, this.trigger] = [kind, props, trigger];
    this.input = h("input", { type: "file", accept: kind.types, hidden: true, onchange: () => this.#chosen([...this.input.files]) });
    this.body = h("div.upload-body");
    this.element = h("div.upload", { id: `${kind.purpose}-file` }, this.input, this.body);
    element.className = "island upload-box";
    clear(element, this.element);
    for (const [name, isOver] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
      this.element.addEventListener(name, (event) => {
        event.preventDefault();
        this.element.classList.toggle("over", isOver && !this.#transfer);
        if (name === "drop") this.#chosen([...event.dataTransfer.files]);
      });
    }
    watch("value", () => this.#told());
    this.#look();
    this.#told();
    this.#paint();
  }

  get #project() {
    return this.props.value?.project_id ?? "";
  }

  /** What the page says of a file it was handed. */
  #told() {
    const { done, trouble, project_id } = this.props.value ?? {};
    const id = this.#transfer?.id ?? this.#left?.id;
    if (id && done === id) {
      forget(id);
      this.#transfer?.close();
      [this.#transfer, this.#left, this.#isArriving, this.#words] = [null, null, false, trouble ?? ""];
      this.#look({ isFresh: false });
    }
    if (trouble && !done) this.#words = trouble;
    if (project_id || trouble) this.#opened();
    if (this.seen !== project_id) {
      this.seen = project_id;
      if (!this.#transfer) this.#look();
    }
    this.#paint();
  }

  /** Is there a half of a file from an earlier visit? And how much room is there? */
  async #look({ isFresh = true } = {}) {
    const found = await standing(Boolean(this.kind.isLarge)).catch(() => null);
    if (!found) return;
    this.#room = this.kind.isLarge ? found : null;
    if (!this.#transfer) {
      const mine = found.uploads.filter((one) => one.purpose === this.kind.purpose && one.project_id === this.#project);
      this.#left = mine.at(-1) ?? null;
      if (this.#left && this.#left.received_bytes === this.#left.size_bytes && isFresh && !this.#isArriving) this.#arrive(this.#left.id);
    }
    this.#paint();
  }

  async #chosen([file]) {
    this.input.value = "";
    if (!file || this.#transfer) return;
    this.#words = "";
    try {
      const mark = await markOf(file, this.kind.purpose);
      const id = (await this.#known(mark, file)) ?? (await announce(file, this.kind.purpose, this.#project));
      remember(mark, id);
      this.#send(new Transfer(id, file));
    } catch (error) {
      this.#words = error.message;
      this.#paint();
    }
  }

  /** The upload this very file was sent by before, if the studio still has it and it was for this project. */
  async #known(mark, file) {
    const found = await standing().catch(() => null);
    const one = found?.uploads.find(({ id, size_bytes }) => id === idOf(mark) && size_bytes === file.size);
    return one && (one.project_id === this.#project || !this.#project) ? one.id : null;
  }

  #send(transfer) {
    [this.#transfer, this.#left] = [transfer, null];
    transfer.onMove = () => {
      if (transfer.state === "whole" && !this.#isArriving && !this.#isOpening) this.#arrive(transfer.id);
      if (transfer.state === "refused" && transfer === this.#transfer) this.#refused(transfer);
      this.#paint();
    };
    transfer.onBegun = () => {
      if (!this.kind.isLarge || this.#project) return;
      this.#isOpening = true;
      this.trigger("begun", { upload: transfer.id });
      setTimeout(() => this.#opened(), OPENING_MS);
    };
    transfer.start();
  }

  #opened() {
    if (!this.#isOpening) return;
    this.#isOpening = false;
    if (this.#transfer?.state === "whole") this.#arrive(this.#transfer.id);
  }

  #refused(transfer) {
    this.#words = transfer.words;
    transfer.close();
    this.#transfer = null;
    this.#look();
  }

  #arrive(id) {
    this.#isArriving = true;
    this.trigger("sent", { upload: id });
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.#isArriving && this.#again(id), LOOK_AGAIN_MS);
    this.#paint();
  }

  /** No word from the page for long: the file is taken, or it is handed over once more. */
  async #again(id) {
    const found = await standing().catch(() => null);
    if (found && !found.uploads.some((one) => one.id === id)) {
      this.#transfer?.close();
      [this.#transfer, this.#left, this.#isArriving] = [null, null, false];
      return this.#paint();
    }
    this.waiting = setTimeout(() => this.#isArriving && this.#again(id), LOOK_AGAIN_MS);
  }

  async #takeBack(id) {
    this.#transfer?.close();
    [this.#transfer, this.#left] = [null, null];
    forget(id);
    this.#paint();
    await takeBack(id);
    this.#look();
  }

  #paint() {
    const { kind } = this;
    this.element.classList.toggle("busy", Boolean(this.#transfer) || this.#isArriving);
    tellWay(kind.purpose, this.#way);
    repaint(this.body, () => clear(this.body, this.#parts(), this.#words ? h("p.trouble", { role: "alert" }, this.#words) : null, kind.isLarge && this.#room?.room ? h("p.dim.room", {}, this.#room.room) : null));
  }

  /** For whoever shows it on the other tabs. */
  get #way() {
    const transfer = this.#transfer;
    if (!transfer && !(this.#isArriving && this.#left)) return null;
    const { id, name, size_bytes } = transfer ? { id: transfer.id, name: transfer.file.name, size_bytes: transfer.file.size } : this.#left;
    return { id, name, size: size_bytes, share: this.#isArriving ? 1 : transfer.share, left_s: transfer?.left_s ?? null, state: this.#isArriving ? "arriving" : transfer.state, takeBack: () => this.#takeBack(id) };
  }

  #parts() {
    return this.#isArriving ? this.#arriving() : this.#transfer ? this.#sending(this.#transfer) : this.#waiting();
  }

  /** Nothing on its way: what the box takes, and what is half here. */
  #waiting() {
    const { kind } = this;
    const left = this.#left;
    return [
      h("button.center", { "aria-label": kind.title, onclick: () => this.input.click() }, h("span.what", {}, kind.title), h("small", {}, kind.hint)),
      left &&
        h(
          "p.left",
          {},
          h("span", {}, own(left.name), ": ", `${percent(left.received_bytes / left.size_bytes)} of it is here. Choose the same file again and it goes on from there.`),
          h("button.plain", { onclick: () => this.#takeBack(left.id) }, "Take it back"),
        ),
    ];
  }

  #sending(transfer) {
    const isGoing = transfer.state === "sending" || transfer.state === "waiting";
    const pace = isGoing && transfer.speed ? ` · ${size(transfer.speed)}/s · ` : "";
    return h(
      "div.on-way",
      {},
      h("div.upload-head", {}, h("b", {}, own(transfer.file.name)), h("span.percent", {}, own(percent(transfer.share)))),
      bar(transfer.share, transfer.state),
      h("p.dim", {}, own(`${size(transfer.at)} / ${size(transfer.file.size)}${pace}`), pace && left(transfer.left_s)),
      transfer.state === "waiting" ? h("p.note", { role: "status" }, transfer.words) : null,
      h(
        "div.acts",
        {},
        isGoing ? h("button.btn.small", { onclick: () => transfer.pause() }, "Pause") : h("button.btn.small", { onclick: () => transfer.start() }, "Go on"),
        h("button.btn.small", { onclick: () => this.#takeBack(transfer.id) }, "Take it back"),
      ),
    );
  }

  #arriving() {
    const name = this.#transfer?.file.name ?? this.#left?.name ?? "";
    return h("div.on-way", {}, h("div.upload-head", {}, h("b", {}, own(name))), bar(1, "arriving"), h("p.dim", { role: "status" }, "It is all here; the studio looks at it."));
  }
}

const bar = (share, state) => h(`div.bar.${state}`, { role: "progressbar", "aria-label": "How much is here", "aria-valuemin": "0", "aria-valuemax": "100", "aria-valuenow": String(Math.floor(share * 100)) }, h("i", { style: `width:${share * 100}%` }));
