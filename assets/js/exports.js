// The export list: one card per file. A press asks the studio to make it; when it is there, the browser fetches it.

import { clear, h, icon } from "./dom.js";

export function mount({ element, props, trigger, watch }) {
  const waiting = new Set();
  let answered = "";
  const paint = () => {
    const view = props.value ?? {};
    if (view.fetch_mark && view.fetch_mark !== answered) {
      answered = view.fetch_mark;
      waiting.clear();
      if (view.fetch) download(view.fetch);
    }
    element.className = "island exports";
    clear(
      element,
      h("h2", {}, "Files"),
      view.notice && view.items?.length ? h("p.notice", {}, view.notice) : null,
      view.items?.length ? null : h("div.empty", {}, h("h3", {}, "No project is open"), h("p", {}, view.notice ?? "")),
      h("ul", {}, (view.items ?? []).map((item) => card(item, waiting, ask))),
    );
  };
  const ask = (kind) => {
    waiting.add(kind);
    paint();
    trigger("wanted", { kind });
  };
  watch("value", paint);
  paint();
}

function card(item, waiting, ask) {
  const isWaiting = waiting.has(item.kind);
  return h(
    "li.export",
    { "data-kind": item.kind },
    h("div", {}, h("b", {}, item.title), h("p.dim", {}, item.sentence), item.needs ? h("p.needs", {}, item.needs) : null),
    h("button.btn", { disabled: !item.is_ready || isWaiting, onclick: () => ask(item.kind), "aria-label": `Download ${item.title}` }, icon("down"), isWaiting ? "Making…" : "Download"),
  );
}

function download(address) {
  const link = h("a", { href: new URL(address, document.baseURI).href, download: "" });
  document.body.append(link);
  link.click();
  link.remove();
}
