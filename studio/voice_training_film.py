"""One film of the user's own, looked at and listened to, as lines that a voice can learn from: words, sound, and the face that says them.

Enter a path and engines; leave a `FilmFootage` and, in the footage folder, NAME.npz for each of its lines: audio int16 at 24 kHz, voiced_s
(spans, 2) where it speaks, and the face at 25 Hz: crops uint8 (pictures, 64, 64), points float32 (pictures, 45, 2), ok bool (pictures,).
What cannot be used is told, line by line.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from studio.domain.faces import LinePresence
from studio.domain.line import Line
from studio.domain.project import LineDraft
from studio.domain.timing import TimeSpan, clock
from studio.engines.protocols import DurationEstimator, FaceTracker
from studio.file_lips import NO_FACE, NO_SOUND, SeenFile, seen_file
from studio.media.decode import read_audio
from studio.media.face_archive import FaceArchive
from studio.media.ffmpeg import storage_error
from studio.media.wav import read_wav_span
from studio.stages.face_speech import assign
from studio.stages.lines import Ears
from studio.stages.speech_activity import heard_spans
from studio.stages.sync import FRAME_MS
from studio.voice_training_texts import LONGEST_LINE_MS, PACES, Words

SOUND_RATE_HZ = 24_000  # of the public vocoders
EDGE_MS = 120  # kept before and after what is heard of a line
LOOSE_MS = 300  # cues may begin so much late, or end so much early
MOST_OVERLAP_MS = 200
SHORTEST_MS = 300
NO_WORDS = "No words are known of it: put NAME.srt, or NAME.txt with all that is said, beside it, or install a recogniser (see `engines`)."
UNNAMED = "Speaker 1"
_DESCRIBED = re.compile(r"[\[\]()♪♫]")
_DASH = re.compile(r"^\s*[-–—]+\s*")
_SECOND_DASH = re.compile(r"\s[-–—]\s?\w")


@dataclass(frozen=True, slots=True)
class FootageLine:
    """A line of a film. `seen_ms`: speech in it while its face is seen."""

    name: str
    speaker: str
    text: str
    start_ms: int
    end_ms: int
    seen_ms: int


@dataclass(frozen=True, slots=True)
class FilmFootage:
    """What a film gives. `why`: why it gives nothing, "" where it does. `origin`: where its words are from. `left_out`: a sentence each.
    `key`: changes with the film, its words and the engines."""

    file: str
    key: str
    length_ms: int = 0
    origin: str = ""
    why: str = ""
    lines: tuple[FootageLine, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def seen_ms(self) -> int:
        return sum(line.seen_ms for line in self.lines)


@dataclass(frozen=True, slots=True)
class Senses:
    """The engines that look and listen, and the language that is spoken."""

    tracker: FaceTracker
    ears: Ears
    estimator: DurationEstimator
    language: str


@dataclass(frozen=True, slots=True)
class _Placed:
    """A line and where its speech is. `span` lies on the grid of pictures."""

    draft: LineDraft
    span: TimeSpan
    voiced: tuple[TimeSpan, ...]


def film_footage(path: Path, blank: FilmFootage, words: Words, senses: Senses, folder: Path) -> FilmFootage:
    """Look at a film and write its lines into `folder`. `blank`: name and key. Raises BadMedia, BadSubtitles, NotMeasurable, MediaToolFailed,
    EngineFailed for a film that cannot be used; OutOfSpace."""
    with seen_file(path, senses.tracker, senses.ears.detector) as seen:
        film = replace(blank, length_ms=seen.info.duration_ms, origin=words.origin)
        if seen.sound is None or seen.archive is None:
            return replace(film, why=NO_SOUND if seen.sound is None else NO_FACE)
        found = words.lines(seen.sound, seen.info.duration_ms, senses.ears, senses.language)
        drafts = _named([draft for draft in found if draft.text.strip()], words, path)
        if not drafts:
            return replace(film, why=f"No words were found in it ({words.origin}).")
        left_out: list[str] = []
        placed = _placed(drafts, seen.sound, seen, left_out)
        placed = _paced(placed, senses, left_out)
        lines = _written(placed, seen, seen.archive, film, folder, left_out)
        return replace(film, lines=tuple(lines), left_out=tuple(left_out), why="" if lines else "None of its lines can be used.")


def _named(drafts: Sequence[LineDraft], words: Words, path: Path) -> list[LineDraft]:
    """Names from subtitles are people's and the same in every film; “Speaker 1” is somebody of one film, and its only one needs no number."""
    if words.names_people:
        return list(drafts)
    is_alone = len({draft.speaker for draft in drafts}) == 1
    return [replace(draft, speaker=None if is_alone or draft.speaker is None else f"{path.stem}, {draft.speaker}") for draft in drafts]


def _placed(drafts: Sequence[LineDraft], sound: Path, seen: SeenFile, left_out: list[str]) -> list[_Placed]:
    """Lines with the speech that is heard in and just round them, apart from their neighbours."""
    ordered = sorted(drafts, key=lambda draft: (draft.start_ms, draft.end_ms))
    found = []
    for place, draft in enumerate(ordered):
        before_ms = max((other.end_ms for other in ordered[:place]), default=0)
        after_ms = min((other.start_ms for other in ordered[place + 1 :]), default=seen.info.duration_ms)
        text, why = _clean(draft.text)
        if not why and (before_ms > draft.start_ms + MOST_OVERLAP_MS or after_ms < draft.end_ms - MOST_OVERLAP_MS):
            why = "Two lines overlap, so two people may speak at once."
        if not why:
            low_ms, high_ms = max(before_ms, draft.start_ms - LOOSE_MS), min(after_ms, draft.end_ms + LOOSE_MS, seen.info.duration_ms)
            placed = _heard(replace(draft, text=text), sound, (low_ms, high_ms), seen.speech) if high_ms > low_ms else None
            if isinstance(placed, _Placed):
                found.append(placed)
                continue
            why = placed or "It lies behind the end of the film."
        left_out.append(_told(draft, why))
    return found


def _heard(draft: LineDraft, sound: Path, limits_ms: tuple[int, int], speech: Sequence[TimeSpan]) -> _Placed | str:
    """A line placed where it is heard within limits; why not otherwise."""
    low_ms, high_ms = limits_ms
    near = [span for span in speech if span.end_ms > low_ms and span.start_ms < high_ms]
    voiced = heard_spans(read_wav_span(sound, TimeSpan(low_ms, high_ms)), near, start_ms=low_ms) if near else ()
    if sum(span.length_ms for span in voiced) < SHORTEST_MS:
        return "Hardly any speech is heard there."
    start_ms = max(low_ms, voiced[0].start_ms - EDGE_MS) // FRAME_MS * FRAME_MS
    end_ms = -(-min(high_ms, voiced[-1].end_ms + EDGE_MS) // FRAME_MS) * FRAME_MS
    if end_ms - start_ms > LONGEST_LINE_MS:
        return f"It lasts {(end_ms - start_ms) / 1000:.1f} s; lines to learn from last {LONGEST_LINE_MS // 1000} s at most."
    return _Placed(draft, TimeSpan(start_ms, end_ms), voiced)


def _clean(text: str) -> tuple[str, str]:
    """The words of a cue, and why they cannot be used."""
    flat = _DASH.sub("", " ".join(text.split()))
    if _DESCRIBED.search(flat):
        return flat, "It holds a note in brackets or music, which nobody says."
    if flat != " ".join(text.split()) and _SECOND_DASH.search(flat):
        return flat, "Two people speak in it."
    return flat, ""


def _paced(placed: Sequence[_Placed], senses: Senses, left_out: list[str]) -> list[_Placed]:
    """Those whose words take about as long as what is heard: wrong words teach a voice to mumble."""
    estimates = senses.estimator.estimate_many([one.draft.text for one in placed], senses.language) if placed else []
    found = []
    for one, estimate in zip(placed, estimates, strict=True):
        heard_ms = sum(span.length_ms for span in one.voiced)
        if PACES[0] * estimate.speech_ms <= heard_ms <= PACES[1] * estimate.total_ms:
            found.append(one)
        else:
            left_out.append(_told(one.draft, f"Its words take about {estimate.speech_ms / 1000:.1f} s to say, and {heard_ms / 1000:.1f} s of speech are heard."))
    return found


def _written(placed: Sequence[_Placed], seen: SeenFile, archive: FaceArchive, film: FilmFootage, folder: Path, left_out: list[str]) -> list[FootageLine]:
    """The lines whose speaker is seen, each in its file."""
    lines = [Line(str(place), one.span, one.draft.speaker or UNNAMED, one.draft.text) for place, one in enumerate(placed)]
    presences = assign(seen.tracks, archive, lines, seen.speech) if lines else {}
    track = next((one.index for one in seen.info.audio if one.is_default), seen.info.audio[0].index)
    found = []
    for line, one in zip(lines, placed, strict=True):
        presence = presences[line.id]
        if presence.track_id is None:
            left_out.append(_told(one.draft, presence.why))
            continue
        face = _face(archive, presence, one.span)
        heard = {
            "audio": _sixteen_bits(read_audio(seen.path, track=track, rate_hz=SOUND_RATE_HZ, span=one.span)),
            "voiced_s": np.array([(span.start_ms - one.span.start_ms, span.end_ms - one.span.start_ms) for span in one.voiced], np.float32) / 1000,
        }
        name = f"{film_name(film.file)}_{film.key[:8]}_{len(found):04d}"
        _save(folder / f"{name}.npz", heard | face)
        seen_ms = _seen_ms(face["ok"], one)
        found.append(FootageLine(name, one.draft.speaker or Path(film.file).stem, line.source_text, one.span.start_ms, one.span.end_ms, seen_ms))
    return found


def film_name(file: str) -> str:
    """A relative path as part of a file name: its stem in plain letters, told apart from others by a hash."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", Path(file).stem).strip("-")[:40] or "film"
    return f"{plain}-{hashlib.sha256(file.encode('utf-8', 'surrogateescape')).hexdigest()[:6]}"


def _face(archive: FaceArchive, presence: LinePresence, span: TimeSpan) -> dict[str, np.ndarray]:
    """A face during a line; where it is not there yet or any more, its nearest picture stands, and `ok` is False."""
    assert presence.track_id is not None
    first, last = span.start_ms // FRAME_MS, span.end_ms // FRAME_MS
    begin, end = archive.span(presence.track_id)
    low, high = max(first, begin), min(last, end)
    order = np.clip(np.arange(first, last), low, high - 1) - low
    is_there = (np.arange(first, last) >= low) & (np.arange(first, last) < high)
    found = archive.curves(presence.track_id, low, high).found
    crops, points = archive.mouths(presence.track_id, low, high), archive.points(presence.track_id, low, high)
    return {"crops": crops[order], "points": points[order].astype(np.float32), "ok": found[order] & is_there}


def _seen_ms(is_seen: np.ndarray, one: _Placed) -> int:
    middles_ms = one.span.start_ms + (np.arange(len(is_seen)) + 0.5) * FRAME_MS
    is_voiced = np.any([(middles_ms >= span.start_ms) & (middles_ms < span.end_ms) for span in one.voiced], axis=0)
    return int((is_seen & is_voiced).sum()) * FRAME_MS


def _sixteen_bits(samples: np.ndarray) -> np.ndarray:
    return (np.clip(samples, -1, 1) * 32767).astype(np.int16)


def _save(path: Path, arrays: dict[str, np.ndarray]) -> None:
    beside = path.with_suffix(".part.npz")
    try:
        np.savez_compressed(beside, **arrays)
        os.replace(beside, path)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise storage_error(error, path) from error


def _told(draft: LineDraft, why: str) -> str:
    return f"{clock(draft.start_ms)} “{' '.join(draft.text.split())[:40]}”: {why}"
