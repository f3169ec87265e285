// One file on its way to the studio, piece by piece, over the tus protocol (studio/ui/upload_routes.py). A lost connection, a restarted studio
// and a reloaded page go on where the studio says it stands; what came already is never sent again.

const VERSION = "1.0.0";
const [LEAST_PIECE, FIRST_PIECE, LARGEST_PIECE] = [1, 4, 16].map((mega) => mega * 2 ** 20);
const QUICK_MS = 2000; // a piece that took less may be followed by a larger one
const WAITS_MS = [1000, 2000, 4000, 8000, 15_000];
const SPEED_WINDOW_MS = 8000;
const FULL = 507;
const AGAIN = new Set([0, 409, 423, 502, 503, 504]); // the same may succeed a moment later
const LOST = "The connection to the studio is lost; the file goes on by itself as soon as it is back.";
const UNREADABLE = "This file can no longer be read; choose it again.";

const place = (path) => new URL(path, document.baseURI).href;
const encoded = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));

/** What the studio says against a file: `isForGood` when the same file will not do later either. */
export class Refused extends Error {
  constructor(message, isForGood) {
    super(message);
    this.isForGood = isForGood;
  }
}

async function call(method, path, headers = {}) {
  let response;
  try {
    response = await fetch(place(path), { method, headers: { "tus-resumable": VERSION, ...headers } });
  } catch {
    throw new Refused(LOST, false);
  }
  if (response.status === 401) location.reload(); // to the login page; the file is remembered
  if (response.ok) return response;
  const { error } = await response.json().catch(() => ({}));
  throw new Refused(error ?? LOST, !AGAIN.has(response.status) && response.status < 500);
}

/** All files of this person that are on their way, and with `isWithRoom` the room there is: {uploads, room, share}. */
export async function standing(isWithRoom = false) {
  const response = await fetch(place(isWithRoom ? "uploads?room=true" : "uploads"));
  return response.ok ? response.json() : null;
}

/** Announce a file; returns its id. */
export async function announce(file, purpose, project) {
  const told = { filename: file.name, purpose, project };
  const metadata = Object.entries(told).filter(([, value]) => value).map(([name, value]) => `${name} ${encoded(value)}`).join(",");
  const response = await call("POST", "uploads", { "upload-length": String(file.size), "upload-metadata": metadata });
  return response.headers.get("location").split("/").pop();
}

export const takeBack = (id) => call("DELETE", `uploads/${id}`).catch(() => null);

/** `onMove()` hears whenever something has changed: `state` is sending, waiting (the studio does not answer), paused, refused or whole;
 *  `words` says why. `onBegun()` hears once the studio has looked at the first piece and found nothing wrong with it. */
export class Transfer {
  state = "paused";
  words = "";
  at = 0;
  #piece = FIRST_PIECE;
  #request = null;
  #marks = []; // [when, at] of the last seconds
  #run = 0;

  constructor(id, file) {
    [this.id, this.file] = [id, file];
    this.onMove = () => {};
    this.onBegun = () => {};
    this.again = () => this.state === "waiting" && this.start();
    window.addEventListener("online", this.again);
  }

  get share() {
    return this.at / this.file.size;
  }

  /** Bytes in a second, lately; null before anybody can tell. */
  get speed() {
    const [first, last] = [this.#marks[0], this.#marks.at(-1)];
    return first && last[0] - first[0] > 500 ? ((last[1] - first[1]) * 1000) / (last[0] - first[0]) : null;
  }

  get left_s() {
    return this.speed ? (this.file.size - this.at) / this.speed : null;
  }

  async start() {
    const run = (this.#run += 1);
    this.#move("sending");
    for (let failures = 0; run === this.#run && this.state !== "whole"; ) {
      try {
        await this.#sendOn(run);
        failures = 0;
      } catch (error) {
        if (run !== this.#run) return;
        if (error.isForGood) return this.#end("refused", error.message);
        if (!(await isReadable(this.file))) return this.#end("refused", UNREADABLE);
        this.#piece = Math.max(LEAST_PIECE, this.#piece / 2);
        this.#marks = [];
        this.#move("waiting", error.message);
        await new Promise((resolve) => setTimeout(resolve, WAITS_MS[Math.min(failures, WAITS_MS.length - 1)]));
        failures += 1;
      }
    }
  }

  pause() {
    this.#end("paused");
  }

  close() {
    this.#end("paused");
    window.removeEventListener("online", this.again);
  }

  /** From where the studio stands to the end of the file, piece by piece. */
  async #sendOn(run) {
    const told = await call("HEAD", `uploads/${this.id}`);
    if (run !== this.#run) return;
    this.#mark(Number(told.headers.get("upload-offset")));
    this.#move("sending");
    while (run === this.#run && this.at < this.file.size) {
      const [from, began] = [this.at, performance.now()];
      const reached = await this.#send(this.file.slice(from, from + this.#piece), from);
      if (run !== this.#run) return;
      this.#mark(reached);
      if (performance.now() - began < QUICK_MS) this.#piece = Math.min(LARGEST_PIECE, this.#piece * 2);
      if (!from && this.at < this.file.size) this.onBegun();
      this.#move(this.at < this.file.size ? "sending" : "whole");
    }
    if (run === this.#run && this.at >= this.file.size) this.#end("whole");
  }

  /** One piece. XMLHttpRequest tells how much of it has left; fetch does not. */
  #send(piece, from) {
    return new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      this.#request = request;
      request.open("PATCH", place(`uploads/${this.id}`));
      request.setRequestHeader("tus-resumable", VERSION);
      request.setRequestHeader("upload-offset", String(from));
      request.setRequestHeader("content-type", "application/offset+octet-stream");
      request.upload.onprogress = (event) => (this.#mark(from + event.loaded), this.onMove());
      request.onerror = request.onabort = () => reject(new Refused(LOST, false));
      request.onload = () => {
        if (request.status === 204) return resolve(Number(request.getResponseHeader("upload-offset")));
        if (request.status === 401) location.reload();
        reject(new Refused(sentenceOf(request), !AGAIN.has(request.status) && (request.status < 500 || request.status === FULL)));
      };
      request.send(piece);
    });
  }

  #mark(at) {
    this.at = Math.min(at, this.file.size);
    const now = performance.now();
    this.#marks = [...this.#marks.filter(([when]) => now - when < SPEED_WINDOW_MS), [now, this.at]];
  }

  #end(state, words = "") {
    this.#run += 1;
    this.#request?.abort();
    this.#move(state, words);
  }

  #move(state, words = "") {
    [this.state, this.words] = [state, words];
    this.onMove();
  }
}

const isReadable = (file) => file.slice(0, 1).arrayBuffer().then(() => true, () => false);

function sentenceOf(request) {
  try {
    return JSON.parse(request.responseText).error ?? LOST;
  } catch {
    return LOST;
  }
}
