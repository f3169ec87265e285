// A file on its way, as one line in the header on every tab: what, how far, how long it takes yet. A press leads to its box on the Upload tab;
// taking it back asks once more.

import { clear, h, own, tell, throttle } from "../dom.js";
import { openTab } from "../tabs.js";
import { words } from "../words.js";
import { left, percent } from "./amounts.js";
import { onItsWay, watchWays } from "./going.js";

const PAINT_MS = 250;
const SURE_MS = 4000;
const STATES = { paused: "paused", waiting: "waits for the studio", arriving: "the studio looks at it" };

export function uploadStrip() {
  const bar = h("i.bar");
  const name = h("span.said", { dir: "auto" });
  const far = h("span.left");
  const open = h("button.plain.way", { onclick: () => openTab("upload", { takesFocus: true }) }, name, far);
  const back = h("button.plain.back", { onclick: () => takeBack() });
  const chip = h("span.chip.sending", { hidden: true }, bar, open, back);
  const said = h("span.unseen", { role: "status" }); // read out once a file, not with every piece
  let sure = 0;

  const calm = () => {
    clearTimeout(sure);
    sure = 0;
    clear(back, own("✕"));
    const title = words("Take the upload back");
    back.title = title;
    back.setAttribute("aria-label", title);
  };
  const takeBack = () => {
    if (sure) return calm(), onItsWay()?.takeBack();
    sure = setTimeout(calm, SURE_MS);
    clear(back, "Take it back?");
    back.removeAttribute("aria-label");
  };
  const paint = () => {
    const way = onItsWay();
    if (!way && !chip.hidden) calm();
    chip.hidden = !way;
    tell(said, way ? `Uploading ${way.name}` : "");
    if (!way) return;
    bar.style.width = `${100 * way.share}%`;
    name.textContent = way.name;
    far.textContent = [percent(way.share), words(STATES[way.state] ?? (way.left_s === null ? "" : left(way.left_s))), way.more ? `+${way.more}` : ""].filter(Boolean).join(" · ");
    open.title = `${words("Uploading")}: ${way.name} · ${far.textContent}`;
    back.hidden = way.state === "arriving";
  };
  calm();
  watchWays(throttle(PAINT_MS, paint));
  return h("span.job-place", {}, chip, said);
}
