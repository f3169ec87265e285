"""Speech overlap of dub and source with lip guidance off and on. `python -m bench.overlap INDEX.csv [--json OUT]`.

Enter clips with their words (file, transcript, language, system, set_id; or GRID's words.tsv beside its clips), voiced by espeak-ng in the
language of the words and, where another row of the set translates them, in that one. Each clip is a line twice: the whole clip, and
the part in which speech is heard. Overlap by the studio's own definition, and by the voice-activity engine alone on both sides.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import os
import statistics
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from bench.machine import as_plain, this_machine
from studio.domain.errors import StudioError
from studio.domain.faces import LinePresence, Presence
from studio.domain.line import Line, Slot
from studio.domain.lip_guide import LipGuide
from studio.domain.settings import FitSettings, Guidance
from studio.domain.sync import OVERLAP_DEFINITION, speech_overlap
from studio.domain.timing import TimeSpan
from studio.engines.espeak_pool import EspeakPool
from studio.engines.faces_mediapipe import MediapipeFaceTracker
from studio.engines.protocols import Audio
from studio.engines.speaker_espeak import EspeakSpeaker
from studio.engines.vad_silero import SileroDetector
from studio.file_lips import SeenFile, seen_file
from studio.media.wav import read_wav
from studio.stages.face_speech import assign
from studio.stages.guided_fit import Room
from studio.stages.ingest import SPEECH_RATE_HZ
from studio.stages.speech_activity import heard_spans, level_curve, speech_spans
from studio.stages.sync import at_speech_rate, track_opening
from studio.stages.voice import Voiced, VoiceRequest, voice_line
from studio.steps.speech import MIN_SILENCE_MS

AIM_OVERLAP = 0.85
ROUNDING_RATIO = 0.005  # a rate may pass its limit by what whole samples of a short word cost
AROUND_MS = 500
ORIGINALS = ("", "original", "gt")


@dataclass(frozen=True, slots=True)
class Words:
    """Words to say over a clip. `is_translation`: another language than the clip's."""

    text: str
    language: str
    is_translation: bool = False


@dataclass(frozen=True, slots=True)
class Measured:
    """One voicing. `overlap` by the studio's definition, `overlap_engine` by the engine's spans on both sides; rates as factors of natural."""

    file: str
    language: str
    is_translation: bool
    presence: str
    slot: str
    lip_scale: float
    overlap: float
    overlap_engine: float
    rate: float
    slowest: float
    fastest: float
    remainder_ms: int
    limits_held: bool


@dataclass(frozen=True, slots=True)
class Engines:
    tracker: MediapipeFaceTracker
    detector: SileroDetector
    speaker: EspeakSpeaker


def parse_flags() -> argparse.Namespace:
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("index", type=Path, help="index.csv of clips, or GRID's words.tsv")
    flags.add_argument("--scales", type=float, nargs="+", default=(0.0, 1.0, 3.0), help="lip scales, the first is the base")
    flags.add_argument("--face", type=float, default=0.0, help="face scale wherever the lip scale is not 0")
    flags.add_argument("--every", type=int, default=1, help="only every so many clips")
    flags.add_argument("--json", type=Path, help="write everything here")
    return flags.parse_args()


def main() -> None:
    flags = parse_flags()
    machine = this_machine()
    print(machine, end="\n\n")
    pool = EspeakPool(size=1)
    engines = Engines(MediapipeFaceTracker(), SileroDetector(), EspeakSpeaker(pool))
    rows, skipped = [], []
    for clip, words in list(clips_of(flags.index).items())[:: flags.every]:
        try:
            rows += measured(clip, words, engines, (flags.scales, flags.face))
        except StudioError as error:
            skipped.append(f"{clip.name}: {error}")
            continue
        print(f"  {clip.name} ({', '.join(said.language for said in words)})", file=sys.stderr)
    pool.close()
    summary = summed_up(rows)
    print("\n".join(table(summary)), *(f"left out: {line}" for line in skipped), sep="\n")
    if flags.json is not None:
        content = {"machine": as_plain(machine), "definition": OVERLAP_DEFINITION, "summary": summary, "lines": [asdict(row) for row in rows], "left_out": skipped}
        part = flags.json.with_name(flags.json.name + ".part")
        part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
        os.replace(part, flags.json)


def clips_of(index: Path) -> dict[Path, list[Words]]:
    """Every original with its words, and their translations."""
    if index.suffix == ".tsv":
        words: dict[str, list[str]] = {}
        for row in csv.DictReader(index.read_text(encoding="utf-8").splitlines(), delimiter="\t"):
            words.setdefault(row["clip"], []).extend([row["word"]] if row["word"] not in ("sil", "sp") else [])
        return {index.parent / f"{clip}.mp4": [Words(" ".join(found), "en")] for clip, found in words.items()}
    clips = {}
    rows = [row for row in csv.DictReader(index.read_text(encoding="utf-8").splitlines()) if row["transcript"] and len(row["language"]) == 2]
    for row in (row for row in rows if row["system"] in ORIGINALS and row["width"]):
        others = {other["language"]: other["transcript"] for other in rows if row["set_id"] and other["set_id"] == row["set_id"]}
        translations = [Words(text, language, True) for language, text in others.items() if language != row["language"]]
        clips[index.parent / row["file"]] = [Words(row["transcript"], row["language"]), *translations]
    return clips


def measured(clip: Path, words: Sequence[Words], engines: Engines, scales: tuple[Sequence[float], float]) -> Iterator[Measured]:
    """The clip as a line in both slots, said in all its words, at every lip scale and the face scale. Raises StudioError for a clip
    without picture, sound or speech."""
    with seen_file(clip, engines.tracker, engines.detector) as seen:
        if seen.sound is None or not seen.speech:
            raise StudioError("no speech is heard in it.")
        audio = read_wav(seen.sound)
        source = heard_spans(audio, seen.speech)
        first_ms, last_ms = seen.speech[0].start_ms, seen.speech[-1].end_ms
        for name, slot in (("clip", Slot(0, seen.info.duration_ms, 0)), ("heard", Slot(first_ms, last_ms - first_ms, 0))):
            cues = cues_of(seen, audio, source, slot)
            for said, scale in itertools.product(words, scales[0]):
                guide = replace(cues, scales=Guidance(scales[1] if scale > 0 else 0.0, scale))
                room, voice = Room(slot, FitSettings(), guide), engines.speaker.voices(said.language)[0].ref
                voiced = voice_line(VoiceRequest(said.text, said.language, voice, slot, room.settings, guide), engines.speaker)
                found = numbers(voiced, room, (source, seen.speech), engines.detector)
                yield Measured(clip.name, said.language, said.is_translation, str(cues.presence), name, scale, *found)


def cues_of(seen: SeenFile, audio: Audio, source: Sequence[TimeSpan], slot: Slot) -> LipGuide:
    """What a line over `slot` may follow, without scales yet."""
    span = TimeSpan(slot.start_ms, slot.start_ms + slot.length_ms)
    found: LinePresence = assign(seen.tracks, seen.archive, [Line("line", span, "speaker", "")], seen.speech)["line"]
    first, last = (ms * SPEECH_RATE_HZ // 1000 for ms in (span.start_ms, span.end_ms))
    level = level_curve(Audio(audio.samples[first:last], audio.rate_hz))
    return LipGuide(found.presence, Guidance(), track_opening(seen.archive, found.track_id, span), tuple(source), level)


def numbers(
    voiced: Voiced, room: Room, source: tuple[Sequence[TimeSpan], Sequence[TimeSpan]], detector: SileroDetector
) -> tuple[float, float, float, float, float, int, bool]:
    """The last fields of `Measured`, in order. `source`: its speech by the studio's definition, and as the engine gives it."""
    report, start_ms, limits = voiced.report, room.slot.start_ms, room.settings
    own = speech_overlap(source[0], speech_spans(voiced.fitted, start_ms=start_ms))
    by_engine = speech_overlap(source[1], engine_spans(voiced.fitted, start_ms, detector))
    slowest = report.rate_ratio if report.slowest_ratio is None else report.slowest_ratio
    fastest = report.rate_ratio if report.fastest_ratio is None else report.fastest_ratio
    held = limits.min_ratio - ROUNDING_RATIO <= slowest and fastest <= limits.max_ratio + ROUNDING_RATIO
    overlaps = own.jaccard if own is not None else 0.0, by_engine.jaccard if by_engine is not None else 0.0
    return *overlaps, report.rate_ratio, slowest, fastest, report.remainder_ms, held


def engine_spans(audio: Audio, start_ms: int, detector: SileroDetector) -> list[TimeSpan]:
    """Where the engine hears speech in a take that starts at `start_ms`, silence around it so that it may settle."""
    silence = np.zeros(AROUND_MS * SPEECH_RATE_HZ // 1000, np.float32)
    samples = np.concatenate([silence, at_speech_rate(audio).samples, silence])
    found = detector.speech(iter([samples]), SPEECH_RATE_HZ, min_silence_ms=MIN_SILENCE_MS)
    moved = [(max(0, span.start_ms - AROUND_MS + start_ms), span.end_ms - AROUND_MS + start_ms) for span in found]
    return [TimeSpan(first, last) for first, last in moved if last > first]


def summed_up(rows: Sequence[Measured]) -> list[dict[str, str | float | int]]:
    """Means by slot, presence and scale; on-screen lines first, then all."""
    found = []
    for wanted in (Presence.ON_SCREEN.value, "all"):
        some = [row for row in rows if wanted in (row.presence, "all")]
        for slot, scale in sorted({(row.slot, row.lip_scale) for row in some}):
            group = [row for row in some if (row.slot, row.lip_scale) == (slot, scale)]
            found.append(
                {
                    "lines": wanted,
                    "slot": slot,
                    "lip_scale": scale,
                    "count": len(group),
                    "overlap": round(statistics.fmean(row.overlap for row in group), 3),
                    "overlap_engine": round(statistics.fmean(row.overlap_engine for row in group), 3),
                    "share_at_aim": round(statistics.fmean(row.overlap >= AIM_OVERLAP for row in group), 3),
                    "rate": round(statistics.fmean(row.rate for row in group), 3),
                    "slowest": round(min(row.slowest for row in group), 3),
                    "fastest": round(max(row.fastest for row in group), 3),
                    "rate_spread": round(statistics.fmean(row.fastest / row.slowest - 1 for row in group), 3),
                    "remainder_ms": sum(row.remainder_ms for row in group),
                    "limits_held": round(statistics.fmean(row.limits_held for row in group), 3),
                }
            )
    return found


def table(summary: Sequence[dict[str, str | float | int]]) -> list[str]:
    if not summary:
        return ["no clip could be measured"]
    names = list(summary[0])
    widths = [max(len(name), *(len(str(row[name])) for row in summary)) for name in names]
    out = ["  ".join(name.rjust(width) for name, width in zip(names, widths, strict=True))]
    return out + ["  ".join(str(row[name]).rjust(width) for name, width in zip(names, widths, strict=True)) for row in summary]


if __name__ == "__main__":
    main()
