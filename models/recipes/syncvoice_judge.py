"""Holds what a voice says against the recordings it did not learn from: lip synchrony, words, spectrum, and how long it takes.

    python -m models.recipes.syncvoice_judge --data build/voice --lips build/lip_features --voice build/syncvoice --split test --limit 50

Enters: an archive with faces, a voice, a vocoder; leaves one row per set of conditions, beside the recording itself and the recording through the
vocoder, which are the ceiling. The speaker's own voice is given, every line's whole length, no prompt. Numbers are of the scorer named.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from soxr import resample

from models.recipes.syncvoice_data import Spoken, read_spoken
from models.speech.bundle import Vocoder, open_voice
from models.speech.guidance import GuidanceForm, Scales
from models.speech.recogniser import GridRecogniser, open_recogniser, word_errors
from models.speech.spectrum import FRAMES_PER_S, RATE_HZ
from models.speech.synthesis import Seen, Synthesizer, Utterance
from models.speech.token_durations import TimedTokens
from models.speech.tokens import PAD
from models.speech.vocoder_files import open_vocoder
from studio.domain.errors import NotMeasurable
from studio.engines.protocols import Audio
from studio.engines.sync_lips import LipSyncScorer

SCORED_RATE_HZ = 16_000
BATCH = 10
_BAND = 40  # frames a warped path may stray from the straight one


@dataclass(frozen=True, slots=True)
class Setting:
    """One set of conditions: which streams are given, how strongly, and whether the tokens' true times are given too."""

    name: str
    scales: Scales
    is_timed: bool = False


SETTINGS = (
    Setting("none", Scales(1.0)),
    Setting("face", Scales(1.0, face=1.0)),
    Setting("lip", Scales(1.0, lip=1.0)),
    Setting("both", Scales(1.0, face=1.0, lip=1.0)),
    Setting("both 2", Scales(1.0, face=1.0, lip=2.0)),
    Setting("timed", Scales(1.0), is_timed=True),
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one sound: LSE-C and LSE-D None where it could not be scored, `word_errors` None where nobody listened."""

    lse_c: float | None
    lse_d: float | None
    offset_frames: int | None
    words: int
    word_errors: int | None
    mel_distance: float


@dataclass(frozen=True, slots=True)
class Judges:
    scorer: LipSyncScorer
    listener: GridRecogniser | None


def judge(samples: np.ndarray, mel: np.ndarray, spoken: Spoken, mouths: np.ndarray, judges: Judges) -> Verdict:
    """One sound of 24 kHz, as long as the line, against the line's recording and mouth."""
    heard = resample(samples, RATE_HZ, SCORED_RATE_HZ).astype(np.float32)
    try:
        score = judges.scorer.score(judges.scorer.embed_lips(mouths), Audio(heard, SCORED_RATE_HZ))
    except NotMeasurable:
        score = None
    said = spoken.text.split()
    errors = word_errors(said, judges.listener.transcribe(heard, SCORED_RATE_HZ)) if judges.listener is not None else None
    found = (None, None, None) if score is None else (score.lse_c, score.lse_d, score.offset_frames)
    return Verdict(*found, len(said), errors, warped_distance(mel, spoken.mel.astype(np.float32)))


def warped_distance(made: np.ndarray, recorded: np.ndarray) -> float:
    """Mean distance in decibels per band between two log-mels (frames, bands), each at its own level, along the best warp of time."""
    first, second = (mel - mel.mean() for mel in (made, recorded))
    cost = np.sqrt(np.maximum(((first**2).mean(1)[:, None] + (second**2).mean(1)[None] - 2 * first @ second.T / first.shape[1]), 0.0))
    rows, columns = cost.shape
    total, steps = np.full((rows + 1, columns + 1), np.inf), np.zeros((rows + 1, columns + 1))
    total[0, 0] = 0.0
    for row in range(1, rows + 1):
        centre = row * columns // rows
        for column in range(max(1, centre - _BAND), min(columns, centre + _BAND) + 1):
            before = ((row - 1, column - 1), (row - 1, column), (row, column - 1))
            best = min(before, key=lambda place: total[place])
            total[row, column], steps[row, column] = total[best] + cost[row - 1, column - 1], steps[best] + 1
    return float(8.686 * total[rows, columns] / steps[rows, columns])


def utterance_of(spoken: Spoken, setting: Setting, seed: int) -> Utterance:
    """A line as the setting lets the voice have it: whole length, the speaker's voice, no prompt."""
    has_face, has_lip = setting.scales.face > 0, setting.scales.lip > 0
    seen = Seen(spoken.is_seen, spoken.face if has_face or has_lip else None, spoken.lips if has_lip else None) if has_face or has_lip else None
    timed = timed_tokens(spoken) if setting.is_timed else None
    return Utterance(spoken.tokens, spoken.frames, timed, spoken.voice, spoken.mel, seen, seed=seed)


def timed_tokens(spoken: Spoken) -> TimedTokens:
    """The recording's own token times as frames, silences on the pad."""
    tokens, frames, at = [], [], 0
    for token, start, end in zip(spoken.tokens, spoken.starts_s, spoken.ends_s, strict=True):
        first, last = (min(spoken.frames, round(float(value) * FRAMES_PER_S)) for value in (start, end))
        tokens += [PAD, token]
        frames += [max(0, first - at), max(0, last - max(first, at))]
        at = max(at, last)
    return TimedTokens(tuple(tokens), tuple(frames), spoken.frames)


def judged(voice: Synthesizer, lines: Sequence[Spoken], mouths: Callable[[str], np.ndarray], setting: Setting, judges: Judges, steps: int) -> tuple[list[Verdict], float]:
    """Verdicts, and seconds of work over seconds of sound."""
    found, spent, length = [], 0.0, 0.0
    for at in range(0, len(lines), BATCH):
        some = lines[at : at + BATCH]
        started = time.process_time()
        said = voice.say([utterance_of(line, setting, seed=at + number) for number, line in enumerate(some)], setting.scales, steps=steps)
        spent, length = spent + time.process_time() - started, length + sum(line.frames for line in some) / FRAMES_PER_S
        found += [judge(one.samples, one.mel, line, mouths(line.name), judges) for one, line in zip(said, some, strict=True)]
    return found, spent / length


def summary(verdicts: Sequence[Verdict]) -> dict[str, float]:
    """Means over the lines; word errors only where somebody listened."""
    scored = [one for one in verdicts if one.lse_d is not None and one.offset_frames is not None]
    listened = [one for one in verdicts if one.word_errors is not None]
    words = {"word_error": sum(one.word_errors or 0 for one in listened) / max(1, sum(one.words for one in listened))} if listened else {}
    return {
        "LSE_C": float(np.mean([one.lse_c for one in scored])),
        "LSE_D": float(np.mean([one.lse_d for one in scored])),
        "within_1_frame": float(np.mean([abs(one.offset_frames or 0) <= 1 for one in scored])),
        **words,
        "mel_distance_db": float(np.mean([one.mel_distance for one in verdicts])),
        "lines": len(verdicts),
    }


def recordings(lines: Sequence[Spoken], folder: Path, vocoder: Vocoder, judges: Judges) -> dict[str, dict[str, float]]:
    """The recording, and the recording's spectrum through the vocoder."""
    plain, through = [], []
    for line in lines:
        with np.load(folder / f"{line.name}.npz", allow_pickle=False) as kept:
            mouths, audio = kept["mouths"], kept["audio"].astype(np.float32) / 32767
        plain.append(judge(audio, line.mel.astype(np.float32), line, mouths, judges))
        with torch.inference_mode():
            said = vocoder.sound_of(torch.from_numpy(line.mel.astype(np.float32))[None])[0].numpy()
        through.append(judge(said, line.mel.astype(np.float32), line, mouths, judges))
    return {"recording": summary(plain), "recording through the vocoder": summary(through)}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m models.recipes.syncvoice_judge", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--lips", type=Path)
    parser.add_argument("--voice", type=Path, required=True)
    parser.add_argument("--vocoder", type=Path)
    parser.add_argument("--listener", type=Path)
    parser.add_argument("--scorer", type=Path, help="another lip scorer than the bundled one")
    parser.add_argument("--split", default="test")
    parser.add_argument("--limit", type=int, default=50)
    parser.add_argument("--steps", type=int, default=16)
    parser.add_argument("--form", choices=tuple(GuidanceForm), default=GuidanceForm.NESTED)
    parser.add_argument("--settings", default=",".join(one.name for one in SETTINGS))
    parser.add_argument("--also", action="append", default=[], type=_scales, metavar="FACE,LIP,TEXT", help="one more row under these scales, such as 1,2,2")
    parser.add_argument("--without-recordings", action="store_true")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args(arguments)
    lines = [line for line in read_spoken(asked.data, (asked.split,), lips=asked.lips) if len(line.is_seen)][: asked.limit]
    vocoder = open_vocoder(asked.vocoder)
    judges = Judges(LipSyncScorer(asked.scorer), None if asked.listener is None else open_recogniser(asked.listener))
    voice = Synthesizer(open_voice(asked.voice), vocoder)
    rows = {} if asked.without_recordings else recordings(lines, asked.data, vocoder, judges)
    for name, row in rows.items():
        _say(name, row)
    for setting in (*(one for one in SETTINGS if one.name in asked.settings.split(",")), *asked.also):
        setting = replace(setting, scales=replace(setting.scales, form=GuidanceForm(asked.form)))
        verdicts, factor = judged(voice, lines, lambda name: np.load(asked.data / f"{name}.npz", allow_pickle=False)["mouths"], setting, judges, asked.steps)
        rows[setting.name] = {**summary(verdicts), "real_time_factor": factor}
        _say(setting.name, rows[setting.name])
    if asked.json is not None:
        asked.json.write_text(json.dumps({"steps": asked.steps, "split": asked.split, "form": asked.form, "conditions": rows}, indent=1), encoding="utf-8")
    return 0


def _scales(text: str) -> Setting:
    """A row of the reader's own. Raises argparse.ArgumentTypeError for anything but three numbers from 0 to 20."""
    try:
        face, lip, words = (float(value) for value in text.split(","))
        return Setting(f"face {face:g}, lip {lip:g}, text {words:g}", Scales(words, face=face, lip=lip))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"scales are three numbers, face, lip and text, such as 1,2,2; “{text}” is not.") from error


def _say(name: str, row: dict[str, float]) -> None:
    print(f"{name:30}", "  ".join(f"{key} {value:.3f}" if isinstance(value, float) else f"{key} {value}" for key, value in row.items()), flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
