"""The deliveries by kind: which files each is made of. Add one as a function in `DELIVERIES`; `python -m studio export` and the page follow."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from studio.domain.notes import Note
from studio.domain.project import Project
from studio.domain.views import LineRow
from studio.handover.edl import edit_lists
from studio.handover.line_files import LineFile, line_files
from studio.handover.material import Material, gather
from studio.handover.names import delivery_name
from studio.handover.otio import OTIO_SUFFIX, otio_text
from studio.handover.package import ABOUT, Delivery, Part, text_part
from studio.handover.quality import Examined, quality_report
from studio.handover.report_page import report_html, report_json
from studio.handover.stems import BED, LINES, MIX, PREMIX, STEMS, Levels, bed_part, line_parts, mix_difference, mix_part, premix_part, stem_parts
from studio.handover.timeline import dub_timeline
from studio.stages.mix import MIX_RATE_HZ
from studio.workshop import Workshop

DETAILS = "handover.json"
EDLS = "edl"


@dataclass(frozen=True, slots=True)
class Ordered:
    """What a delivery is asked from: the project as it stands now. `page`: the address of the studio's page, for links in reports, ""
    for none."""

    shop: Workshop
    project: Project
    rows: tuple[LineRow, ...]
    notes: tuple[Note, ...] = ()
    page: str = ""

    def material(self) -> Material:
        return gather(self.project, self.rows, self.shop.blobs)

    def examined(self) -> Examined:
        return Examined(self.shop, self.project, self.rows, self.notes)


def stems(order: Ordered) -> Delivery:
    """Everything a mixer opens: lines, stems, premix, bed, mix, and the timelines that point at them."""
    material = order.material()
    levels = Levels(material, order.shop.blobs)
    sound = (bed_part(material, order.shop.blobs), mix_part(material, order.shop))
    parts = (
        *_timelines(order, material),
        *line_parts(material, order.shop.blobs),
        *stem_parts(material, levels),
        premix_part(material, levels),
        *(part for part in sound if part is not None),
    )
    return _delivery(order, material, "stems", parts)


def premix(order: Ordered) -> Delivery:
    """All voices as one file of the picture's length, and the bed beside it where there is one."""
    material = order.material()
    bed = bed_part(material, order.shop.blobs)
    parts = (premix_part(material, Levels(material, order.shop.blobs)), *(() if bed is None else (bed,)))
    return _delivery(order, material, "premix", parts)


def otio(order: Ordered) -> Delivery:
    """The timeline alone; its clips point at the files of a stems delivery beside it."""
    return Delivery(_name(order, "otio"), (_otio_part(order, order.material()),))


def edl(order: Ordered) -> Delivery:
    """One edit list per speaker; clips name the files of a stems delivery."""
    material = order.material()
    return _delivery(order, material, "edl", tuple(_edl_parts(order, material, "")))


def qc(order: Ordered) -> Delivery:
    """The quality report, for people and for programs."""
    report = quality_report(order.examined())
    texts = {"html": report_html(report, order.page), "json": report_json(report, order.page)}
    parts = tuple(text_part(f"{_name(order, 'qc')}.{suffix}", text) for suffix, text in texts.items())
    about = f"{order.project.name}: quality report of the dub, profile {report.profile.title}.\r\n"
    return Delivery(_name(order, "qc"), (text_part(ABOUT, about), *parts))


DELIVERIES: dict[str, Callable[[Ordered], Delivery]] = {"stems": stems, "premix": premix, "otio": otio, "edl": edl, "qc": qc}


def _timelines(order: Ordered, material: Material) -> Iterator[Part]:
    yield _otio_part(order, material)
    yield from _edl_parts(order, material, f"{EDLS}/")


def _otio_part(order: Ordered, material: Material) -> Part:
    return text_part(f"{_name(order, 'timeline')}{OTIO_SUFFIX}", otio_text(dub_timeline(material, order.notes)))


def _edl_parts(order: Ordered, material: Material, folder: str) -> Iterator[Part]:
    for name, text in edit_lists(dub_timeline(material, order.notes)).items():
        yield text_part(folder + name, text)


def _name(order: Ordered, kind: str) -> str:
    return delivery_name(order.project.name, order.project.target_language, kind)


def _delivery(order: Ordered, material: Material, kind: str, parts: tuple[Part, ...]) -> Delivery:
    names = {part.name for part in parts}
    about = text_part(ABOUT, "\r\n".join([*_about(order, material, names), ""]))
    details = text_part(DETAILS, json.dumps(_details(material, names), ensure_ascii=False, indent=1))
    return Delivery(_name(order, kind), (about, details, *parts))


def _about(order: Ordered, material: Material, names: set[str]) -> Iterator[str]:
    """What lies in the folder, for the person who opens it."""
    base = material.base
    yield f"{material.project.name}: dub from {material.project.source_language} to {material.project.target_language}"
    yield ""
    yield f"Picture: {float(base.fps):.3f} frames a second, {'drop-frame' if base.is_drop_frame else 'non-drop'} timecode from {base.timecode(0)}."
    yield f"Sound: {MIX_RATE_HZ} Hz, 24 bit; picture-length files have {material.samples} samples."
    yield ""
    if any(name.startswith(f"{LINES}/") for name in names):
        yield f"{LINES}/  one file per line, as voiced: no gain, no fade; handles of {material.project.settings.handover.handle_ms} ms or a little more."
        yield "        Each begins on a frame and bears its timecode (bext time reference)."
    if any(name.startswith(f"{STEMS}/") for name in names):
        yield f"{STEMS}/  one file per speaker, as long as the picture, at the level of the lines they replace; no programme gain, no limiter."
    if PREMIX in names:
        yield f"{PREMIX}  all voices, mono, as long as the picture; no true peak above {material.project.settings.mix.true_peak_dbtp:g} dBTP."
    yield from _about_bed(names)
    if MIX in names:
        difference = mix_difference(material, order.shop)
        ending = f" Its end was {'cut by' if difference > 0 else 'filled up with'} {abs(difference)} samples." if difference else ""
        yield f"{MIX}  the mix of the last render, sample for sample.{ending}"
    elif any(name.startswith(f"{STEMS}/") for name in names):
        yield f"{MIX}  is not here: the dub has not been rendered yet."


def _about_bed(names: set[str]) -> Iterator[str]:
    bed = next((name for name in names if name.startswith(f"{BED}.")), None)
    if bed is not None:
        yield f"{bed}  the music and effects exactly as they were uploaded, byte for byte."
    elif PREMIX in names:
        yield f"{BED}  is not here: no music-and-effects stem was uploaded; the mix is made over the lowered original."


def _details(material: Material, names: set[str]) -> dict[str, Any]:
    """The same for programs: every line's file with its place."""
    base = material.base
    return {
        "rate": f"{base.fps.numerator}/{base.fps.denominator}",
        "drop_frame": base.is_drop_frame,
        "start_timecode": base.timecode(0),
        "sample_rate_hz": MIX_RATE_HZ,
        "picture_samples": material.samples,
        "files": sorted(names),
        "lines": [_line_entry(file, material) for file in line_files(material)],
    }


def _line_entry(file: LineFile, material: Material) -> dict[str, Any]:
    row, (first, after) = file.heard.row, file.samples(material.base)
    return {
        "number": row.number,
        "id": row.line.id,
        "speaker": row.speaker.name,
        "text": file.heard.take.text,
        "file": f"{LINES}/{file.name}",
        "timecode_in": material.base.timecode(file.start),
        "timecode_out": material.base.timecode(file.end),
        "file_start_samples": first,
        "file_length_samples": after - first,
        "take_start_samples": file.heard.start_samples,
        "take_length_samples": file.heard.length_samples,
        "is_stale": row.is_take_stale,
    }
