// The Export tab: the delivery on top, then one card per file in groups. A press asks the studio for a file; when it is ready,
// the browser fetches it, and shows its progress where it is large.

import { clear, h, icon, isShown, own } from "./dom.js";
import { Delivery } from "./handover.js";
import { passed, whenPassed } from "./passes.js";
import { repaint } from "./repaint.js";

export function mount({ element, props, trigger, watch }) {
  const waiting = new Set();
  let answered = "";
  let known = "";
  let view = {};
  const cards = h("div.cards");
  const delivery = new Delivery(() => paintCards());
  element.className = "island exports";
  clear(element, delivery.element, cards);

  const paintCards = () => repaint(cards, layCards);
  const layCards = () => {
    const sizes = delivery.view?.project_id === view.project_id ? delivery.view.sizes : {};
    clear(
      cards,
      view.items?.length ? null : h("div.empty", {}, h("h3", {}, "No project is open"), h("p", {}, view.notice ?? "")),
      (view.groups ?? []).map((group) => h("section", { "aria-label": group }, h("h2", {}, group), h("ul", {}, (view.items ?? []).filter((item) => item.group === group).map((item) => card(item, { project: view.project_id, size: sizes[item.kind], isWaiting: waiting.has(item.kind), ask }))))),
    );
  };
  const paint = () => {
    view = props.value ?? {};
    if (view.fetch_mark && view.fetch_mark !== answered) {
      answered = view.fetch_mark;
      waiting.clear();
      delivery.refuse(view.fetch ? "" : view.notice);
      if (view.fetch) whenPassed(view.project_id, () => download(passed(view.fetch, view.project_id)));
    }
    paintCards();
    follow();
  };
  const ask = (kind) => {
    waiting.add(kind);
    delivery.refuse("");
    paintCards();
    trigger("wanted", { kind });
  };
  /** What stands in the way is asked for while the tab is in front, and again when the project has moved. */
  const follow = () => {
    const place = `${view.project_id ?? ""} ${view.revision ?? ""} ${view.fetch_mark ?? ""}`;
    if (place === known || !isShown(element)) return;
    known = place;
    delivery.show(view.project_id ?? "");
  };
  watch("value", paint);
  paint();
  new IntersectionObserver((seen) => seen.at(-1).isIntersecting && ((known = ""), follow())).observe(element);
}

function card(item, { project, size, isWaiting, ask }) {
  const about = size && item.is_ready ? h("p.dim", {}, "About ", own(bytes(size))) : null;
  return h(
    "li.export",
    { "data-kind": item.kind },
    h("div", {}, h("b", {}, item.title), h("p.dim", {}, item.sentence), item.needs ? h("p.needs", {}, item.needs) : about),
    h(
      "div.acts",
      {},
      item.opens && item.is_ready ? h("a.btn", { href: passed(item.opens, project), onclick: (event) => (event.currentTarget.href = passed(item.opens, project)), target: "_blank", rel: "noopener", "aria-label": `Open ${item.title}` }, "Open") : null,
      h("button.btn", { disabled: !item.is_ready || isWaiting, onclick: () => ask(item.kind), "aria-label": `Download ${item.title}` }, icon("down"), isWaiting ? "Making…" : "Download"),
    ),
  );
}

function bytes(size) {
  const [unit, scale] = [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]].find(([, least]) => size >= least) ?? ["bytes", 1];
  return `${(size / scale).toFixed(scale === 1 ? 0 : 1)} ${unit}`;
}

function download(address) {
  const link = h("a", { href: address, download: "" });
  document.body.append(link);
  link.click();
  link.remove();
}
