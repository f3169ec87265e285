"""The process in which moviepy sets original and dub side by side: a wish on the command line, an MP4 in the folder it names.

Started as `python -m studio.media.composer WISH FENCE…` by `preview.side_by_side`: the original may be a stranger's file, so both are
decoded behind the fence. What goes wrong is the last line of stderr.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from studio.media import cage

if TYPE_CHECKING:
    from moviepy import VideoClip, VideoFileClip


@dataclass(frozen=True, slots=True)
class Wish:
    """Files to show left and right, the highest picture, and the folder to write the file `name` into; `start_ms` None takes everything."""

    left: str
    right: str
    folder: str
    name: str
    height_px: int
    start_ms: int | None = None
    end_ms: int = 0


def compose(wish: Wish) -> None:
    """Write the pair. Raises what moviepy raises."""
    from moviepy import VideoFileClip, clips_array

    with VideoFileClip(wish.left) as left, VideoFileClip(wish.right) as right:
        height_px = min(left.h, right.h, wish.height_px) // 2 * 2
        pair = clips_array([[_part(left, wish, height_px).without_audio(), _part(right, wish, height_px)]])
        pair.write_videofile(
            str(Path(wish.folder) / wish.name), codec="libx264", audio_codec="aac", preset="ultrafast", threads=2, logger=None,
            temp_audiofile_path=wish.folder, ffmpeg_params=["-pix_fmt", "yuv420p", "-movflags", "+faststart"],
        )  # fmt: skip


def _part(clip: VideoFileClip, wish: Wish, height_px: int) -> VideoClip:
    part = clip if wish.start_ms is None else clip.subclipped(wish.start_ms / 1000, min(clip.duration, wish.end_ms / 1000))
    size_px = round(part.w * height_px / part.h / 2) * 2, height_px
    return part if tuple(part.size) == size_px else part.resized(size_px)


def main() -> None:
    """Fence in, compose, end; a file that cannot be composed is one line on stderr and exit code 1."""
    import moviepy  # noqa: F401  while its files can still be read

    cage.enter(sys.argv[2:])
    try:
        compose(Wish(**json.loads(sys.argv[1])))
    except (OSError, ValueError, KeyError, IndexError) as error:
        sys.exit(str(error).strip().split("\n")[-1])


if __name__ == "__main__":
    main()
