"""SYNC: lip scores of the takes whose speaker is seen, and whether the programme's own sound meets its lips. Rides behind FACES and VOICE.

Lip embeddings are made once per face and kept; a new take costs its sound alone. Nothing here fails a job: what cannot be measured is
answered with a sentence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from studio.domain.errors import EngineFailed, EngineUnavailable, NotMeasurable
from studio.domain.faces import LinePresence
from studio.domain.line import Line, Take
from studio.domain.plain import fingerprint, from_plain, to_plain
from studio.domain.project import Project
from studio.domain.sync import LineSync, SpeechOverlap, SyncScore
from studio.domain.timing import TimeSpan
from studio.engines.protocols import Availability, SyncScorer
from studio.engines.rack import EngineRack
from studio.media.face_archive import FaceArchive
from studio.media.wav import read_wav, read_wav_span
from studio.stages.av_offset import FRAME_MS, AvOffset, Stretch, stretches, vote
from studio.stages.sync import PlacedSound, TrackLips, at_speech_rate, dub_overlap, embed_track, score_sound, source_spans, turned_away, why_unmeasurable
from studio.steps.faces import SeenLines, archive_of, kept_presences
from studio.steps.run import Run
from studio.steps.speech import HeardSpeech, kept_speech, source_speech, speech_of
from studio.store.stage_results import StageKey
from studio.workshop import Workshop

SYNC_VERSION = "2"  # changes whenever the same take and mouth may give other numbers
LIPS_VERSION = "1"
OFFSET_VERSION = "2"
TRACK_CROP = "mouth"  # what the archive of faces keeps, so what a scorer must take to judge from it


@dataclass(frozen=True, slots=True)
class KeptLips:
    """Lip embeddings of one track as a blob (.npy), or why there are none."""

    blob: str | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class KeptOffset:
    """The verdict on the programme's sound, the speech (a blob) it was reached on, and how far that was shifted."""

    speech_wav: str
    found: AvOffset
    sound_shift_ms: int | None = None


def run(run: Run) -> None:
    """Score every take that has no score yet; the lines' own takes first."""
    seen = kept_presences(run)
    if seen is None:
        return
    scorer = scorer_for(run.shop.engines)
    run.notice("sync", None if scorer is not None or not seen.lines else f"Lips are not scored: {why_no_scorer(run.shop.engines)}")
    if scorer is not None:
        _check_offset(run, seen, scorer)
    lines = {line.id: line for line in run.shop.lines.cast(run.project.id).lines}
    takes = [take for take in run.shop.lines.project_takes(run.project.id) if take.line_id in lines and run.shop.blobs.exists(take.fitted_blob)]
    takes.sort(key=lambda take: lines[take.line_id].take_id != take.id)
    bench = _Bench(run, seen, scorer, speech_of(run))
    kept = run.shop.results.fingerprints(run.project.id, "sync")
    wanted = [(lines[take.line_id], take, key) for take in takes if kept.get(take.id) != (key := bench.key(lines[take.line_id], take))]
    report = run.reported("Scoring lips")
    for done, (line, take, key) in enumerate(wanted):
        report(done, len(wanted))
        run.keep_unit(StageKey(run.project.id, "sync", take.id, key), lambda line=line, take=take: to_plain(bench.judged(line, take)))
    if wanted:
        report(len(wanted), len(wanted))


def judge_takes(run: Run, line: Line, takes: Iterable[Take]) -> dict[str, LineSync]:
    """Lip verdicts of some takes of one line, by take id, kept like all others; empty where nobody has looked at the picture."""
    seen = kept_presences(run)
    if seen is None:
        return {}
    bench, kept, found = _Bench(run, seen, scorer_for(run.shop.engines), speech_of(run)), run.shop.results.of_stage(run.project.id, "sync"), {}
    for take in takes:
        key = bench.key(line, take)
        known = kept.get(take.id)
        if known is not None and known[0] == key:
            found[take.id] = _line_sync(known[1])
            continue
        found[take.id] = judged = bench.judged(line, take)
        run.keep_unit(StageKey(run.project.id, "sync", take.id, key), lambda judged=judged: to_plain(judged))
    return found


def scorer_for(rack: EngineRack) -> SyncScorer | None:
    """The scorer that judges takes from the mouths kept with a film; None where none can."""
    try:
        return rack.pick("sync scorer", accepts=_takes_mouths)
    except EngineUnavailable:
        return None


def kept_syncs(
    shop: Workshop, project: Project, lines: Iterable[Line], takes: Mapping[str, Take], presences: Mapping[str, LinePresence]
) -> dict[str, LineSync]:
    """Lip verdicts of the lines' own takes, by line id, where they were reached on the line, mouth and sound as they are now.
    `presences`: what `kept_presence` says of the lines."""
    kept = shop.results.of_stage(project.id, "sync")
    if not kept:
        return {}
    keys, found = _Keys(shop, project), {}
    for line in lines:
        take = takes.get(line.take_id or "")
        if take is None or take.id not in kept or line.id not in presences:
            continue
        key, plain = kept[take.id]
        if key == keys.of(line, take, presences[line.id]):
            found[line.id] = _line_sync(plain)
    return found


def kept_take_syncs(shop: Workshop, project: Project, line: Line, takes: Iterable[Take], presence: LinePresence | None) -> dict[str, LineSync]:
    """Lip verdicts of any takes of one line, by take id, where they were reached on the line, mouth and sound as they are now."""
    kept = shop.results.of_stage(project.id, "sync") if presence is not None else {}
    if not kept:
        return {}
    keys = _Keys(shop, project)
    return {take.id: _line_sync(kept[take.id][1]) for take in takes if take.id in kept and kept[take.id][0] == keys.of(line, take, presence)}


def kept_offset(shop: Workshop, project: Project) -> AvOffset | None:
    """Whether the programme's sound meets its lips, as last found on the sound as it is heard now; None where nobody has looked."""
    plain = shop.results.latest(project.id, "av_offset")
    if plain is None:
        return None
    kept: KeptOffset = from_plain(KeptOffset, plain)
    is_as_heard = kept.sound_shift_ms == project.settings.sound_shift_ms and kept.speech_wav == kept_speech(shop, project).wav
    return kept.found if is_as_heard else None  # once corrected, a sound must not be corrected again by the same verdict


class _Keys:
    """What a verdict depends on beside its line and take, looked up once for all lines."""

    def __init__(self, shop: Workshop, project: Project) -> None:
        plain = shop.results.latest(project.id, "faces")
        scorer = scorer_for(shop.engines)
        archive = plain["tracks"]["archive"] if plain is not None else None
        self._shared = fingerprint("sync", SYNC_VERSION, archive, _named(scorer), kept_speech(shop, project).wav)

    def of(self, line: Line, take: Take, presence: LinePresence | None) -> str:
        """Made of plain texts: it is asked for every line at every look at the page."""
        seen = "" if presence is None else f"{presence.presence} {presence.track_id} {presence.face_px} {presence.is_profile} {presence.why}"
        return fingerprint(self._shared, f"{take.fitted_blob} {line.span.start_ms} {line.span.end_ms} {seen}")


class _Bench:
    """All that takes are judged with; lips are fetched face by face."""

    def __init__(self, run: Run, seen: SeenLines, scorer: SyncScorer | None, speech: HeardSpeech) -> None:
        self._run, self._scorer, self._speech = run, scorer, speech
        self._archive = seen.faces.tracks.archive
        self._presence = {line.line_id: line.presence for line in seen.lines}
        self._keys = _Keys(run.shop, run.project)
        self._lips: dict[int, TrackLips | str] = {}

    def key(self, line: Line, take: Take) -> str:
        return self._keys.of(line, take, self._presence.get(line.id))

    def judged(self, line: Line, take: Take) -> LineSync:
        sound = PlacedSound(at_speech_rate(read_wav(self._run.shop.blobs.path(take.fitted_blob))), line.span.start_ms)
        around = TimeSpan(line.span.start_ms, max(line.span.end_ms, sound.span.end_ms))
        source = source_spans(source_speech(self._run.shop, self._speech, line.span), self._speech.spans, line.span.start_ms)
        overlap = dub_overlap([span for span in source if span.overlaps(around)], sound)
        try:
            return LineSync(take.id, self._score(line, sound), "", overlap)
        except (NotMeasurable, EngineFailed) as error:
            return LineSync(take.id, None, str(error), overlap)

    def _score(self, line: Line, sound: PlacedSound) -> SyncScore:
        presence = self._presence.get(line.id)
        why = "Nobody has looked for this line's speaker in the picture yet." if presence is None else why_unmeasurable(presence)
        if why is not None or presence is None or presence.track_id is None or self._archive is None:
            raise NotMeasurable(why or "No face speaks this line.")
        if self._scorer is None:
            raise NotMeasurable(f"Lips are not scored: {why_no_scorer(self._run.shop.engines)}")
        lips = self._track_lips(presence.track_id, self._archive, self._scorer)
        return score_sound(lips, sound, self._scorer)

    def _track_lips(self, track_id: int, archive: str, scorer: SyncScorer) -> TrackLips:
        held = self._lips.get(track_id)
        if held is None:
            held = self._lips[track_id] = _lips(self._run, archive, track_id, scorer)
        if isinstance(held, str):
            raise NotMeasurable(held)
        return held


def _lips(run: Run, archive_key: str, track_id: int, scorer: SyncScorer) -> TrackLips | str:
    """The lips of one face, embedded if need be and kept; a sentence where they cannot be."""
    archive = FaceArchive(run.shop.blobs.path(archive_key))
    blobs, unit = run.shop.blobs, f"{scorer.name}:{track_id}"
    key = fingerprint("lips", LIPS_VERSION, archive_key, track_id, _named(scorer))
    plain = run.shop.results.get(run.project.id, "lips", unit, key)
    kept = None if plain is None else from_plain(KeptLips, plain)
    if kept is None or (kept.blob is not None and not blobs.exists(kept.blob)):

        def work() -> Any:
            try:
                windows = embed_track(archive, track_id, scorer)
            except NotMeasurable as error:
                return to_plain(KeptLips(None, str(error)))
            with blobs.create(".npy") as draft:
                np.save(draft.path, windows, allow_pickle=False)
            return to_plain(KeptLips(draft.key))

        kept = from_plain(KeptLips, run.keep_unit(StageKey(run.project.id, "lips", unit, key), work))
    if kept.blob is None:
        return kept.why
    windows = np.load(blobs.path(kept.blob), mmap_mode="r", allow_pickle=False)
    curves = archive.curves(track_id)
    return TrackLips(curves.start_frame, windows, curves.found, turned_away(curves))


def _check_offset(run: Run, seen: SeenLines, scorer: SyncScorer) -> None:
    """Hold the programme's own sound against its lips, and say so where it is early or late."""
    speech, tracks = speech_of(run), seen.faces.tracks
    archive = archive_of(run.shop, tracks)
    if archive is None or speech.wav is None or not speech.spans:
        run.notice("av_offset", None)
        return
    wav, shift_ms = speech.wav, run.project.settings.sound_shift_ms

    def work() -> KeptOffset:
        chosen = stretches(tracks, speech.spans)
        report, scores = run.reported("Checking the sound against the lips"), []
        for done, stretch in enumerate(chosen):
            report(done, len(chosen))
            if (score := _own_score(run, archive, wav, stretch, scorer)) is not None:
                scores.append((stretch, score))
        return KeptOffset(wav, replace(vote(scores), scorer=scorer.name), shift_ms)

    key = fingerprint("av_offset", OFFSET_VERSION, tracks.archive, speech, shift_ms, _named(scorer))
    kept: KeptOffset = run.once("av_offset", key, KeptOffset, work)
    advice = " Correct it on the Upload tab, or leave it where it is meant."
    run.notice("av_offset", kept.found.why + advice if kept.found.is_off else None)


def _own_score(run: Run, archive: FaceArchive, wav: str, stretch: Stretch, scorer: SyncScorer) -> SyncScore | None:
    """One stretch of the source's own sound; None where it cannot be judged."""
    span = TimeSpan(stretch.start_frame * FRAME_MS, stretch.end_frame * FRAME_MS)
    try:
        lips = scorer.embed_lips(archive.mouths(stretch.track_id, stretch.start_frame, stretch.end_frame))
        return scorer.score(lips, read_wav_span(run.shop.blobs.path(wav), span))
    except NotMeasurable:
        return None


def _takes_mouths(scorer: SyncScorer) -> Availability:
    return Availability(scorer.crop == TRACK_CROP, f"it judges {scorer.crop} crops, and films are kept as mouths")


def why_no_scorer(rack: EngineRack) -> str:
    """Why no take can be scored here, a sentence; "" where takes can."""
    try:
        rack.pick("sync scorer", accepts=_takes_mouths)
    except EngineUnavailable as error:
        return str(error)
    return ""


def _named(scorer: SyncScorer | None) -> tuple[str, ...]:
    return () if scorer is None else (scorer.name, scorer.version, scorer.crop)


def _line_sync(plain: Mapping[str, Any]) -> LineSync:
    """As `from_plain`, which is too slow for every line of a film at every look."""
    score, overlap = plain["score"], plain["overlap"]
    return LineSync(plain["take_id"], None if score is None else SyncScore(**score), plain["why"], None if overlap is None else SpeechOverlap(**overlap))
