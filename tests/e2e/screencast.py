"""A film of what a browser test does: a page and a name in, NAME.mp4 in the folder that LIPLINE_FILM names out; nothing where it names none.

    LIPLINE_FILM=docs/screenshots python -m pytest tests/e2e/test_browser_keyboard.py        # docs/screenshots/review.mp4
"""

from __future__ import annotations

import base64
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Page

LAST_FRAME_S = 2.0
LONGEST_FRAME_S = 2.5  # where the page only waits, the film does not
WIDTH_PX = 960


@contextmanager
def filmed(page: Page, name: str) -> Iterator[None]:
    """Frames come as the page paints them, each shown as long as it stood."""
    folder = os.environ.get("LIPLINE_FILM", "")
    if not folder:
        yield
        return
    session = page.context.new_cdp_session(page)
    with tempfile.TemporaryDirectory(prefix="lipline-film-") as scratch:
        shown: list[tuple[Path, float]] = []

        def keep(frame: dict[str, Any]) -> None:
            path = Path(scratch) / f"{len(shown):06d}.jpg"
            path.write_bytes(base64.b64decode(frame["data"]))
            shown.append((path, float(frame["metadata"]["timestamp"])))
            session.send("Page.screencastFrameAck", {"sessionId": frame["sessionId"]})

        session.on("Page.screencastFrame", keep)
        session.send("Page.startScreencast", {"format": "jpeg", "quality": 90, "maxWidth": 1280, "maxHeight": 800})
        try:
            yield
        finally:
            session.send("Page.stopScreencast")
            if shown:
                _join(shown, Path(scratch) / "frames.txt", Path(folder) / f"{name}.mp4")


def _join(shown: list[tuple[Path, float]], table: Path, out: Path) -> None:
    from imageio_ffmpeg import get_ffmpeg_exe

    ends = [at for _, at in shown[1:]] + [shown[-1][1] + LAST_FRAME_S]
    rows = [f"file '{path}'\nduration {min(LONGEST_FRAME_S, max(0.02, end - at)):.3f}" for (path, at), end in zip(shown, ends, strict=True)]
    table.write_text("\n".join([*rows, f"file '{shown[-1][0]}'"]), encoding="utf-8")
    size = f"fps=12,scale={WIDTH_PX}:-2"
    asked = [get_ffmpeg_exe(), "-v", "error", "-y", "-f", "concat", "-safe", "0", "-i", str(table), "-vf", size, "-c:v", "libx264", "-crf", "30", "-pix_fmt", "yuv420p", "-movflags", "+faststart", str(out)]
    subprocess.run(asked, check=True, timeout=300)
