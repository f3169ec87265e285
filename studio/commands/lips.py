"""`python -m studio score` and `faces`: lip synchrony of a clip, and who is seen in it, as JSON.

What cannot be measured is an answer (exit 0, with the reason); only what cannot be read at all is an error.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from studio.domain.errors import BadMedia, BadSetting, MediaToolFailed, NotMeasurable

_CROPS = ("face", "track")

if TYPE_CHECKING:
    from studio.domain.faces import FaceTrack
    from studio.domain.sync import SyncScore
    from studio.engines.protocols import Availability, SyncScorer
    from studio.engines.rack import EngineRack
    from studio.file_lips import FileScore, SeenFile, TrackScore


def score_clip(
    clip: Annotated[Path, typer.Argument(metavar="CLIP", help="A video with sound.")],
    scorer: Annotated[str, typer.Option("--scorer", help="Sync scorer; see `engines`.")] = "auto",
    crop: Annotated[str | None, typer.Option("--crop", help="What a SyncNet is shown: track (follows the face) or face (the whole picture is one).")] = None,
    out: Annotated[Path | None, typer.Option("--json", help="Also write the result as JSON here.")] = None,
) -> None:
    """LSE-C, LSE-D and AV offset of a clip, face by face, or why they cannot be measured."""
    from studio.bootstrap import build_engines

    rack = build_engines()
    judge = pick_scorer(rack, scorer, crop)
    content: dict[str, Any] = {"file": clip.name, "scorer": judge.name, "scorer_version": judge.version, "crop": judge.crop}
    try:
        content |= _scored(clip, rack, judge)
    except NotMeasurable as error:
        content |= {**_numbers(None), "track": None, "why": str(error), "tracks": []}
    except MediaToolFailed as error:
        raise BadMedia(clip.name, f"it cannot be read to its end ({error.detail})") from error
    _tell(content, out)


def list_faces(
    video: Annotated[Path, typer.Argument(metavar="VIDEO", help="A video.")],
    out: Annotated[Path | None, typer.Option("--json", help="Also write the result as JSON here.")] = None,
) -> None:
    """Who is seen when: face tracks with their shots, sizes and how they are turned, and how fast they were found."""
    from studio.bootstrap import build_engines
    from studio.file_lips import NO_FACE, seen_file

    rack = build_engines()
    content: dict[str, Any] = {"file": video.name}
    try:
        with seen_file(video, rack.pick("face tracker"), rack.pick("voice activity")) as seen:
            tracks = [track_entry(track) for track in seen.tracks.tracks]
            content |= {"why": "" if tracks else NO_FACE, **_speed(seen), "engine": seen.tracks.engine, "tracks": tracks}
    except NotMeasurable as error:
        content |= {"why": str(error), "tracks": []}
    except MediaToolFailed as error:
        raise BadMedia(video.name, f"it cannot be read to its end ({error.detail})") from error
    _tell(content, out)


def pick_scorer(rack: EngineRack, name: str, crop: str | None) -> SyncScorer:
    """The scorer asked for, looking at the crop asked for, its weights opened: junk is refused before a film is looked at. Raises
    BadSetting, EngineUnavailable."""
    from studio.engines.protocols import Availability
    from studio.file_lips import HasCrops

    def accepts(engine: SyncScorer) -> Availability:
        is_able = crop in (None, engine.crop) or (isinstance(engine, HasCrops) and crop in _CROPS)
        return Availability(is_able, f"it judges {engine.crop} crops, not {crop}")

    if crop is not None and crop not in (*_CROPS, "mouth"):
        raise BadSetting(f"--crop is face or track, not “{crop}”.")
    found = rack.pick("sync scorer", name, accepts=accepts)
    judge = found if crop in (None, found.crop) else found.with_crop(crop)
    judge.load()
    return judge


def _scored(clip: Path, rack: EngineRack, scorer: SyncScorer) -> dict[str, Any]:
    from studio.file_lips import score_file, seen_file

    with seen_file(clip, rack.pick("face tracker"), rack.pick("voice activity")) as seen:
        found = score_file(seen, scorer)
        return {**headline(found), "tracks": [_score_entry(one) for one in found.tracks], **_speed(seen)}


def headline(found: FileScore) -> dict[str, Any]:
    """A file's numbers, of the face that stands out most, or why there are none."""
    best = found.best
    if best is None or best.score is None:
        return {**_numbers(None), "track": None, "why": found.why}
    return {**_numbers(best.score), "track": best.track.id, "why": ""}


def track_entry(track: FaceTrack) -> dict[str, Any]:
    return {
        "id": track.id,
        "start_ms": track.start_ms,
        "end_ms": track.end_ms,
        "shot": track.shot,
        "face_px": round(track.face_px, 1),
        "mouth_px": round(track.mouth_px, 1),
        "profile_share": round(track.profile_share, 3),
        "found_share": round(track.found_share, 3),
        "speaking_share": None if track.speaking_share is None else round(track.speaking_share, 3),
    }


def _score_entry(one: TrackScore) -> dict[str, Any]:
    return {**track_entry(one.track), **_numbers(one.score), "why": one.why}


def _numbers(score: SyncScore | None) -> dict[str, Any]:
    """The numbers under the field's names, and under names that programs find easier."""
    lse_c, lse_d = (None, None) if score is None else (round(score.lse_c, 4), round(score.lse_d, 4))
    offset_frames, windows = (None, 0) if score is None else (score.offset_frames, score.windows)
    return {"LSE-C": lse_c, "LSE-D": lse_d, "lse_c": lse_c, "lse_d": lse_d, "offset_frames": offset_frames, "windows": windows}


def _speed(seen: SeenFile) -> dict[str, Any]:
    return {"frames": seen.tracks.frame_count, "seconds": round(seen.seconds, 3), "frames_per_second": round(seen.frames_per_second, 1)}


def _tell(content: dict[str, Any], out: Path | None) -> None:
    text = json.dumps(content, ensure_ascii=False, indent=1)
    if out is not None:
        from studio.evaluation.report import write_text

        write_text(out, text + "\n")
    print(text)
