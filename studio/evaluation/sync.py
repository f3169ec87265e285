"""How well a sync scorer hears: offsets found in shifted originals, and originals ranked over dubs of the same picture.

Enters a table of clips (CSV: file, set_id, system, duration_s, …); leaves shares and one row per clip. Each clip is looked at once and
nothing is kept on disk. Clips that cannot be judged are listed with the reason and not counted.
"""

from __future__ import annotations

import csv
import random
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from studio.domain.errors import BadMedia, BadSetting, EngineFailed, MediaToolFailed, NotMeasurable
from studio.domain.faces import FaceTrack
from studio.engines.protocols import Audio, FaceTracker, SyncScorer, VoiceActivityDetector
from studio.file_lips import NO_FACE, SeenFile, faces_of, seen_file
from studio.stages.sync import FRAME_MS

MOST_SHIFT_FRAMES = 15
NEAR_FRAMES = 2  # a dub may sit this far from its place and is still ranked by how well it fits there
ORIGINAL = ("", "original")
NO_RECORDING = ("animation", "synthetic_face", "multi_scene", "composite_long")
NOBODY_SPEAKS = ("no_audio", "no_face", "no_face_segments", "no_speech", "active_speaker_silence", "silence", "silent")
SHIFT_RULE = "the whole sound moved by whole frames, filled with silence where it comes late and where it ends early; length and picture as they were"
RANKING_RULE = f"smallest mean distance within ±{NEAR_FRAMES} frames of where the sound is (LSE-D with the offset held near zero), lower wins"
OWN_RULE = (
    "share of injected shifts found within one frame of the offset that the same scorer finds in the clip as it is, where the sum is within reach: an upper bound on "
    "within_1_frame where footage is out of sync in itself, and it forgives a scorer that is wrong in the same way each time"
)
Watch = Callable[[int, int], None]


@runtime_checkable
class ShowsDistances(Protocol):
    """A scorer that tells the mean distance at every offset, from the earliest sound to the latest."""

    def distances(self, lips: np.ndarray, audio: Audio) -> Any: ...


@dataclass(frozen=True, slots=True)
class SyncPlan:
    """`shifts_per_clip` injected shifts, drawn within ±15 frames by `seed` and the clip's place; originals shorter than `least_s` are
    not shifted."""

    table: Path
    seed: int = 0
    shifts_per_clip: int = 5
    least_s: float = 2.0
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class ClipRow:
    """A row of the table. `true_offset_frames`: what the clip's own sound is known to be early by (column offset_frames), else 0."""

    number: int
    file: str
    category: str
    set_id: str
    system: str
    true_offset_frames: int

    @property
    def is_original(self) -> bool:
        return self.system in ORIGINAL

    @property
    def why_not_shifted(self) -> str | None:
        """Why its own offset is no recording's; None where it is."""
        if not self.is_original:
            return f"a dub by {self.system}"
        if self.category in NO_RECORDING:
            return f"no single recording of one face ({self.category})"
        return f"nobody seen speaks ({self.category})" if self.category in NOBODY_SPEAKS else None


@dataclass(frozen=True, slots=True)
class Trial:
    """One injected shift, frames, positive: the sound made early; what was found, and by how much it is wrong."""

    injected_frames: int
    found_frames: int
    error_frames: int


@dataclass(frozen=True, slots=True)
class ClipResult:
    """`trials` empty and `near_distance` None where the clip could not be judged so; `why` says why. `offset_frames`, `lse_c`, `lse_d`:
    of its own sound as it is. `is_looked_at` False: it tells nothing, and was left alone."""

    row: ClipRow
    trials: tuple[Trial, ...] = ()
    near_distance: float | None = None
    offset_frames: int | None = None
    lse_c: float | None = None
    lse_d: float | None = None
    windows: int = 0
    why: str = ""
    is_looked_at: bool = True


@dataclass(frozen=True, slots=True)
class SyncResult:
    """`clips`: originals whose shifts were judged, with `trials` shifts in all; `pairs`: (original, dub) of one picture. `unmeasurable`:
    clips looked at without an answer; `not_judged`: clips that tell nothing here. `within_1_frame_of_own`: see OWN_RULE."""

    scorer: str
    scorer_version: str
    crop: str
    within_1_frame: float | None
    within_1_frame_of_own: float | None
    exact: float | None
    original_over_dub: float | None
    clips: int
    trials: int
    pairs: int
    unmeasurable: int
    not_judged: int
    results: tuple[ClipResult, ...]


def read_index(path: Path, limit: int | None = None) -> tuple[ClipRow, ...]:
    """The table's clips in order. Raises BadSetting."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadSetting(f"{path} cannot be read as a table of clips: {_why_unread(error)}") from error
    if not rows or "file" not in rows[0]:
        raise BadSetting(f"{path} has no column “file”; a table of clips has file, set_id and system, and a row per clip.")
    return tuple(_row(number, row, path) for number, row in enumerate(rows[:limit], start=1))


def evaluate_sync(plan: SyncPlan, tracker: FaceTracker, detector: VoiceActivityDetector, scorer: SyncScorer, watch: Watch) -> SyncResult:
    """Judge every clip that tells something: originals, and dubs whose picture has an original. Raises BadSetting for the table."""
    rows = read_index(plan.table, plan.limit)
    with_original = {row.set_id for row in rows if row.is_original and row.set_id}
    results = []
    for done, row in enumerate(rows):
        watch(done, len(rows))
        if row.why_not_shifted is None or row.set_id in with_original:
            results.append(_judged(plan, row, tracker, detector, scorer))
        else:
            results.append(ClipResult(row, why=row.why_not_shifted, is_looked_at=False))
    watch(len(rows), len(rows))
    return _summary(scorer, results)


def injected_shifts(plan: SyncPlan, row: ClipRow) -> tuple[int, ...]:
    """The shifts of a clip, none of which takes its sound out of reach: the same for the same seed and file, whatever else the table
    holds."""
    own = row.true_offset_frames
    reach = range(max(-MOST_SHIFT_FRAMES, -MOST_SHIFT_FRAMES - own), min(MOST_SHIFT_FRAMES, MOST_SHIFT_FRAMES - own) + 1)
    return tuple(random.Random(f"{plan.seed} {row.file}").sample(reach, min(plan.shifts_per_clip, len(reach))))


def ranked(results: Sequence[ClipResult]) -> list[tuple[ClipResult, ClipResult, bool]]:
    """(original, dub, whether the original wins) for every dub of a picture whose original was judged too."""
    originals: dict[str, ClipResult] = {}
    for result in results:
        if result.row.is_original and result.row.set_id and result.near_distance is not None:
            originals.setdefault(result.row.set_id, result)
    pairs = []
    for dub in results:
        original = originals.get(dub.row.set_id) if not dub.row.is_original else None
        if original is not None and original.near_distance is not None and dub.near_distance is not None:
            pairs.append((original, dub, original.near_distance < dub.near_distance))
    return pairs


def _judged(plan: SyncPlan, row: ClipRow, tracker: FaceTracker, detector: VoiceActivityDetector, scorer: SyncScorer) -> ClipResult:
    try:
        with seen_file(plan.table.parent / row.file, tracker, detector) as seen:
            return _measured(plan, row, seen, scorer)
    except (NotMeasurable, BadMedia, MediaToolFailed, EngineFailed) as error:
        return ClipResult(row, why=str(error))


def _measured(plan: SyncPlan, row: ClipRow, seen: SeenFile, scorer: SyncScorer) -> ClipResult:
    faces, why = _faces(seen, scorer)
    if not faces:
        return ClipResult(row, why=why)
    is_shifted = row.why_not_shifted is None and seen.info.duration_ms >= 1000 * plan.least_s
    trials = tuple(_trial(seen, faces, scorer, row, frames) for frames in injected_shifts(plan, row)) if is_shifted else ()
    track, lips = max(faces, key=lambda face: scorer.score(face[1], seen.heard(face[0])).lse_c)
    own = scorer.score(lips, seen.heard(track))
    short = f"under {plan.least_s:g} s, so not shifted" if row.why_not_shifted is None and not is_shifted else row.why_not_shifted or ""
    near = near_distance(scorer, lips, seen.heard(track)) if row.set_id else None
    return ClipResult(row, trials, near, own.offset_frames, own.lse_c, own.lse_d, own.windows, short)


def _faces(seen: SeenFile, scorer: SyncScorer) -> tuple[list[tuple[FaceTrack, np.ndarray]], str]:
    """Faces that can be judged and are seen about as long as the longest of them; none: why."""
    found, whys = [], []
    for face in faces_of(seen, scorer):
        if face.lips is None:
            whys.append(face.why)
            continue
        try:
            scorer.score(face.lips, seen.heard(face.track))
            found.append((face.track, face.lips))
        except NotMeasurable as error:
            whys.append(str(error))
    longest = max((len(lips) for _, lips in found), default=0)
    return [face for face in found if 2 * len(face[1]) >= longest], whys[0] if whys else NO_FACE


def _trial(seen: SeenFile, faces: Sequence[tuple[FaceTrack, np.ndarray]], scorer: SyncScorer, row: ClipRow, injected: int) -> Trial:
    """The offset of the face that stands out most, once the sound plays `injected` frames early."""
    scores = [scorer.score(lips, seen.heard(track, later_ms=-injected * FRAME_MS)) for track, lips in faces]
    found = max(scores, key=lambda score: score.lse_c).offset_frames
    return Trial(injected, found, found - (row.true_offset_frames + injected))


def near_distance(scorer: SyncScorer, lips: np.ndarray, audio: Audio) -> float:
    """How far sound and lips are apart about where they are; only to be held against the same scorer on the same picture."""
    if not isinstance(scorer, ShowsDistances):
        return scorer.score(lips, audio).lse_d
    means = scorer.distances(lips, audio).mean_distances
    middle = len(means) // 2
    return float(min(means[middle - NEAR_FRAMES : middle + NEAR_FRAMES + 1]))


def _summary(scorer: SyncScorer, results: Sequence[ClipResult]) -> SyncResult:
    errors = [abs(trial.error_frames) for result in results for trial in result.trials]
    wins = [is_won for _, _, is_won in ranked(results)]
    return SyncResult(
        scorer=scorer.name,
        scorer_version=scorer.version,
        crop=scorer.crop,
        within_1_frame=_share([error <= 1 for error in errors]),
        within_1_frame_of_own=_share(_near_own(results)),
        exact=_share([error == 0 for error in errors]),
        original_over_dub=_share(wins),
        clips=sum(bool(result.trials) for result in results),
        trials=len(errors),
        pairs=len(wins),
        unmeasurable=sum(result.is_looked_at and result.offset_frames is None for result in results),
        not_judged=sum(not result.is_looked_at for result in results),
        results=tuple(results),
    )


def _near_own(results: Sequence[ClipResult]) -> list[bool]:
    """For each injected shift that leaves the clip's own offset within reach, whether it was found within a frame of their sum."""
    wanted = [(trial, result.offset_frames + trial.injected_frames) for result in results if result.offset_frames is not None for trial in result.trials]
    return [abs(trial.found_frames - frames) <= 1 for trial, frames in wanted if abs(frames) <= MOST_SHIFT_FRAMES]


def _why_unread(error: Exception) -> str:
    match error:
        case FileNotFoundError():
            return "there is no such file."
        case IsADirectoryError():
            return "it is a folder; name the table in it."
        case PermissionError():
            return "its owner has not allowed it; change who may read it."
        case UnicodeDecodeError():
            return "it is no text in UTF-8; save it so."
        case OSError():
            return f"the disk gave up on it ({error.strerror or 'no reason given'})."
    return "it is no CSV; save it with commas between its columns and a row per clip."


def _share(hits: Sequence[bool]) -> float | None:
    return statistics.fmean(hits) if hits else None


def _row(number: int, row: dict[str, str], path: Path) -> ClipRow:
    known = (row.get("offset_frames") or "0").strip()
    if not known.lstrip("+-").isdigit():
        raise BadSetting(f"{path}, clip {number}: offset_frames is “{known}”, and a whole number of frames is wanted.")
    texts = [(row.get(name) or "").strip() for name in ("file", "category", "set_id", "system")]
    if not texts[0]:
        raise BadSetting(f"{path}, clip {number}: the column file is empty.")
    return ClipRow(number, *texts, int(known))
