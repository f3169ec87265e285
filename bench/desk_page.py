"""What `bench.desk` does in the browser: one function per measure. Enter: an open page or an address. Leave: milliseconds.

Times are taken inside the page, from the event that begins them to the frame in which their outcome has been painted.
"""

from __future__ import annotations

import random
import time
from typing import Any

PATIENCE_MS = 300_000  # a busy machine is slow: the number says so, the bench need not fail
KEY_EVERY_MS = 110  # a fast typist
ROW = ".desk .row[data-id]"
# Runs before the page's own scripts. `painted` calls back once the frame that follows has been painted.
WATCH = """
(() => {
  const bench = (window.bench = { opened: 0, rows: 0, whole: 0, keys: [], waiting: [], asked: 0, playing: [], heard: [], frames: [] });
  const painted = (then) => requestAnimationFrame(() => { const port = new MessageChannel(); port.port1.onmessage = () => then(performance.now()); port.port2.postMessage(0); });
  bench.painted = painted;
  const isShown = (node) => node && node.offsetHeight > 0 && node.querySelector(".tgt")?.textContent.length > 0;
  // rows: the first lines with their words are painted, and can be used; whole: so are the header and the tabs, with the desk in its place
  const awaiting = (name, selector) => {
    const look = () => (isShown(document.querySelector(selector)) ? painted((at) => (bench[name] = at)) : requestAnimationFrame(look));
    requestAnimationFrame(look);
  };
  awaiting("rows", ".desk .row[data-id]");
  awaiting("whole", "#tabs .desk .row[data-id]");
  document.addEventListener("click", (event) => { if (event.target.closest?.(".project .name")) bench.opened = event.timeStamp; }, true);
  document.addEventListener("input", (event) => { if (event.target.closest?.(".desk .row")) bench.waiting.push({ at: event.timeStamp, text: event.target.value }); }, true);
  window.addEventListener("lipline:fit", (event) => {
    const last = bench.waiting.findLastIndex((key) => key.text === event.detail.text); // the bar knows of this key and all before it
    if (event.detail.isDraft && last >= 0) {
      const answered = bench.waiting.splice(0, last + 1);
      painted((at) => bench.keys.push(...answered.map((key) => at - key.at)));
    }
  });
  window.addEventListener("lipline:playing", () => bench.heard.push(performance.now())); // the clock moves, and what is heard is laid on it
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    if (!this.benched) this.addEventListener("playing", () => bench.playing.push({ at: performance.now(), seconds: this.currentTime, isVideo: this instanceof HTMLVideoElement }));
    this.benched = true;
    return play.call(this);
  };
})();
"""
SCROLL = """
async ({ over_ms }) => {
  const box = document.querySelector(".desk .scroller"), frames = [], blanks = [];
  const from = performance.now(), whole = box.scrollHeight - box.clientHeight;
  let before = from;
  return new Promise((done) => requestAnimationFrame(function step(now) {
    frames.push(now - before);
    before = now;
    box.scrollTop = whole * Math.min(1, (now - from) / over_ms);
    if (now - from < over_ms) requestAnimationFrame(step);
    else done({ frames: frames.slice(1), rows: box.querySelectorAll(".row[data-id]").length, whole });
  }));
}
"""


def open_page(context: Any, address: str) -> tuple[Any, float]:
    """Load the page; ms from the start of loading it to the painted desk."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.add_init_script(WATCH)
    page.goto(address, wait_until="commit")
    page.wait_for_function("window.bench && window.bench.rows > 0", polling=50)
    return page, float(page.evaluate("window.bench.rows"))


def whole(page: Any) -> float:
    """ms from the start of loading an open page to the desk with all that is around it: header, tabs, the next step."""
    page.wait_for_function("window.bench.whole > 0", polling=50)
    return float(page.evaluate("window.bench.whole"))


def open_from_list(context: Any, address: str, project_id: str) -> tuple[Any, float]:
    """Open the project from the list; ms from the click to the painted desk."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.add_init_script(WATCH)
    page.goto(address, wait_until="load")
    page.locator(f'.project[data-id="{project_id}"] .name').wait_for()
    page.wait_for_timeout(500)  # the rest of the page settles, as while a person looks for the name
    page.locator(f'.project[data-id="{project_id}"] .name').click()
    page.wait_for_function("window.bench.rows > 0", polling=50)
    return page, float(page.evaluate("window.bench.rows - window.bench.opened"))


def keystrokes(page: Any, count: int, seed: int) -> list[float]:
    """Type into translations, one key after the other: ms from each key to the frame with the bar that knows of it."""
    draw = random.Random(seed)
    page.evaluate("window.bench.keys = []")
    rows = page.locator(ROW)
    typed = 0
    for number in range(-(-count // 20)):
        row = rows.nth(1 + number % 6)
        row.locator(".tgt").click()
        row.locator("textarea").wait_for()
        page.keyboard.press("End")
        for _ in range(min(20, count - typed)):
            page.keyboard.type(draw.choice("enirstadhulcgm "))
            typed += 1
            page.wait_for_timeout(KEY_EVERY_MS)
        page.wait_for_function("!window.bench.waiting.length")
        page.keyboard.press("Enter")
        page.wait_for_timeout(150)
    page.wait_for_timeout(500)
    return [float(ms) for ms in page.evaluate("window.bench.keys")]


def selections(page: Any, order: list[str], voiced: int, count: int, seed: int) -> list[float]:
    """Select lines here and there and start them: ms from the selection to the picture that runs and the sound laid on it. Every other jump
    goes to one of the first `voiced` lines, whose takes are heard; the others play the source."""
    draw, found, line_id = random.Random(seed), [], ""
    page.locator(ROW).first.locator(".n").click()
    page.evaluate("document.activeElement?.blur()")
    quiet = "window.bench.playing = []; window.bench.heard = []"
    for number in range(count):
        if number % 2:
            begun = "document.addEventListener('keydown', (event) => (window.bench.asked = event.timeStamp), { capture: true, once: true })"
            page.evaluate(f"() => {{ {quiet}; {begun}; }}")
            page.keyboard.press("ArrowDown")
        else:
            some = order[: voiced - 1] if number % 4 and voiced > 2 else order[:-1]
            line_id = draw.choice([one for one in some if one != line_id])
            jump = "window.bench.asked = performance.now(); window.dispatchEvent(new CustomEvent('lipline:jump', { detail: { id } }))"
            page.evaluate(f"(id) => {{ {quiet}; {jump}; }}", line_id)
        page.keyboard.press("Space")
        page.wait_for_function("window.bench.playing.length > 0 && window.bench.heard.length > 0", polling="raf")
        found.append(float(page.evaluate("Math.max(window.bench.playing[0].at, window.bench.heard[0]) - window.bench.asked")))
        page.wait_for_timeout(120)
        page.keyboard.press("Space")
        page.wait_for_timeout(80)
    return found


def scrolled(page: Any, over_ms: int) -> dict[str, Any]:
    """Scroll the whole list from top to bottom: the ms of every frame."""
    return dict(page.evaluate(SCROLL, {"over_ms": over_ms}))


def others_edit(page: Any, send: Any, line_id: str, patience_s: float) -> float | None:
    """Seconds from the moment another editor's edit was stored to its text on this page; None when it did not come."""
    text = f"Geändert um {time.time():.3f}"
    send({"line_id": line_id, "target": text})
    stored = time.monotonic()
    found = f"""document.querySelector('.desk .row[data-id="{line_id}"] .tgt')?.textContent === {text!r}"""
    try:
        page.wait_for_function(found, polling=20, timeout=patience_s * 1000)
    except page_timeout():
        return None
    return time.monotonic() - stored


def page_timeout() -> type[Exception]:
    from playwright.sync_api import TimeoutError as PageTimeout

    return PageTimeout
