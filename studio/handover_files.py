"""Deliveries as downloads: a single file as it is, several as one ZIP. What `exports.py` names, made by `handover/deliveries.py`.

Enter: a project and a kind. Leaves: a path in the cache, or, for `streamed`, the bytes as they are made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from studio.domain.plain import fingerprint
from studio.domain.project import Project
from studio.handover.package import Delivery, write_file, write_zip, zip_chunks, zip_size
from studio.playback import cached
from studio.steps.render import mix_key
from studio.workshop import Workshop

if TYPE_CHECKING:
    from studio.script_exports import ScriptWish
    from studio.service import Studio

HANDOVER_KINDS: dict[str, str] = {
    "stems": "For the mixer: a WAV per line with handles, a stem per speaker, the premix, the bed, the mix and the timelines (folder or ZIP).",
    "premix": "All voices as one mono WAV of the picture's length, and the untouched bed (folder or ZIP).",
    "otio": "OpenTimelineIO: every take on its speaker's track, notes and flags as markers; points at the files of “stems”.",
    "edl": "CMX 3600 edit lists, one per speaker; they name the files of “stems” (folder or ZIP).",
    "qc": "Quality report: every finding with its line and timecode, loudness against the delivery profile (HTML and JSON).",
}


@dataclass(frozen=True, slots=True)
class Streamed:
    """A download that is made while it is sent: its name, its length, its bytes."""

    name: str
    media_type: str
    size_bytes: int
    chunks: Iterator[bytes]


def make_delivery(studio: Studio, shop: Workshop, project: Project, kind: str) -> Path:
    """The delivery as one file, made anew where anything it is made from has changed."""
    delivery = studio.delivery(project.id, kind)
    alone = len(delivery.parts) == 1
    suffix = Path(delivery.parts[0].name).suffix if alone else ".zip"
    key = fingerprint("delivery", kind, _state(studio, shop, project))
    return cached(shop, key, suffix, lambda draft: write_file(delivery.parts[0], draft) if alone else write_zip(delivery, draft))


def write_delivery(kind: str, studio: Studio, shop: Workshop, project: Project, wish: ScriptWish) -> Path:
    """Write a delivery into the folder wished for. Raises as `Studio.hand_over` does."""
    return studio.hand_over(project.id, kind, wish.folder, wish.watch)


def streamed(delivery: Delivery) -> Streamed:
    """A delivery as it goes to a browser: nothing is written to disk on the way."""
    if len(delivery.parts) == 1:
        (part,) = delivery.parts
        return Streamed(part.name, "application/octet-stream", part.size_bytes, part.chunks())
    return Streamed(f"{delivery.name}.zip", "application/zip", zip_size(delivery), zip_chunks(delivery))


def _state(studio: Studio, shop: Workshop, project: Project) -> tuple[object, ...]:
    """All that a delivery is made from."""
    cast = shop.lines.cast(project.id)
    takes = {take.id: take for take in shop.lines.circled_takes(project.id)}
    kept = shop.results.latest(project.id, "render")
    rows = tuple((row.number, row.line, row.speaker.name, row.flags, row.is_take_stale, row.sync, row.prediction) for row in studio.rows(project.id))
    return mix_key(project, cast, takes), project.name, project.target_language, project.settings, rows, studio.notes(project.id), kept
