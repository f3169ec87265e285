// Whether the tabs have room on the header's row, between the brand and what always stands at its end; where they have not, they take a row of
// their own. What comes and goes there (the queue, work, an upload) moves nothing: it has what is spare, and shrinks.

const SPARE_PX = 210;
const NARROW_PX = 1200; // below, a row of their own is always better
const KEPT = "lipline.two-rows"; // the width that one row needed last, for the next page before it stands

/** `bar`: the header's; `room`: kept free in it for the tabs; `lasting`: what is always there. Answers what to call when that has changed. */
export function watchRows(bar, room, lasting) {
  const fit = () => {
    const tabs_px = tabsAre();
    if (!tabs_px) return;
    const style = getComputedStyle(bar);
    room.style.width = `${tabs_px}px`;
    const needed_px = parseFloat(style.getPropertyValue("--brand-px")) + tabs_px + SPARE_PX + lasting.offsetWidth + parseFloat(style.paddingRight);
    localStorage.setItem(KEPT, String(Math.round(needed_px)));
    apply(needed_px);
  };
  new ResizeObserver(fit).observe(bar);
  return fit;
}

/** As it was when the page last stood, so that nothing moves once it does. */
export const rowsAsBefore = () => apply(Number(localStorage.getItem(KEPT)) || 0);

const apply = (needed_px) => document.documentElement.classList.toggle("two-rows", innerWidth <= Math.max(NARROW_PX, needed_px));

/** How wide all tabs are side by side, those too that the frame has put away for want of room. */
function tabsAre() {
  const rows = [...document.querySelectorAll("#tabs > .tab-wrapper .tab-container")].map((row) => [...row.querySelectorAll("button")].reduce((sum, tab) => sum + tab.offsetWidth + 2, 0));
  return Math.ceil(Math.max(0, ...rows));
}
