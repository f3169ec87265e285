// The bin below the project list: what was deleted, brought back or gone for good. It is asked for when it is opened, and closed while it is empty.

import { clear, h, own, tell } from "./dom.js";
import { count } from "./format.js";
import { repaint } from "./repaint.js";
import { toast } from "./toast.js";

const SURE_MS = 4000;

/** `onRestored()`: the list above has one more. `look()` asks again whether anything lies here. */
export function deletedProjects(onRestored) {
  const list = h("ul");
  const title = h("summary");
  const empty = h("button.btn.small", { onclick: (event) => sure(event.currentTarget, "Delete all of it for good?", () => call("bin/empty")) }, "Empty the bin");
  const element = h("details.bin", { hidden: true }, title, list, h("div.acts", {}, empty));

  const call = async (path, method = "POST") => {
    const headers = { "content-type": "application/json" };
    const response = await fetch(new URL(path, document.baseURI), method === "GET" ? {} : { method, headers, body: "{}" }).catch(() => null);
    const view = await response?.json().catch(() => null);
    if (!response?.ok) return void (method !== "GET" && toast(view?.error ?? "The studio did not answer; is it still running?"));
    show(view);
    return view;
  };
  const show = ({ projects, size }) => {
    element.hidden = !projects.length;
    tell(title, `Bin: ${count(projects.length, "project")}, ${size}`);
    repaint(list, () => clear(list, projects.map(item)));
  };
  const item = (one) =>
    h(
      "li",
      { "data-id": one.id },
      h("span.name", {}, own(one.name)),
      h("span.dim", {}, one.days_left ? `goes for good in ${count(one.days_left, "day")}` : "goes for good today"),
      h("div.acts", {}, h("button.btn.small", { onclick: async () => (await call(`bin/${one.id}/restore`)) && onRestored() }, "Bring back"), h("button.btn.small", { onclick: (event) => sure(event.currentTarget, "Delete it for good?", () => call(`bin/${one.id}/erase`)) }, "Delete for good")),
    );
  return { element, look: () => call("bin", "GET") };
}

/** What cannot be undone takes two presses on the same button; the second one says so. */
function sure(button, words, work) {
  if (button.dataset.sure) return delete button.dataset.sure, work();
  const before = button.textContent;
  button.dataset.sure = "yes";
  button.classList.add("danger");
  tell(button, words);
  setTimeout(() => {
    delete button.dataset.sure;
    button.classList.remove("danger");
    button.textContent = before;
  }, SURE_MS);
}
