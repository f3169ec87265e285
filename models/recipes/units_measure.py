"""Step `measure` of the unit recipe: what the cards say, on voices and phrases that no training heard.

Leaves a plain dictionary. A question counts as answered where, of all answers in the run, the right one is the nearest in units.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from models.parts.mel import LogMel, MelConfig
from models.recipes.units_pairs import UnitPair, load_pairs
from models.recipes.units_speech import Phrase, Voices
from models.recipes.units_vocoder import Said, say_all
from models.units.encoder import UnitEncoder, open_encoder
from models.units.features import RATE_HZ
from models.units.kmeans import deduplicate
from models.units.losses import mel_distance
from models.units.translator import Limits, UnitTranslator, open_translator
from models.units.vocoder import UnitVocoder, open_vocoder
from studio.media.decode import SoundQuery, audio_blocks

ORDER = 4  # of unit BLEU
HEARD_PAIRS = 300
NEAREST_AMONG = 1500  # answers that the right one has to beat


@dataclass(frozen=True, slots=True)
class TimedWord:
    """A word of a clip; frames of 20 ms. `samples`: the whole clip at 16 kHz."""

    clip: str
    samples: torch.Tensor
    start_frames: int
    end_frames: int
    word: str


def measure(run: argparse.Namespace, voices: Voices, phrases: Mapping[str, Sequence[Phrase]]) -> dict:
    """Per direction and test set, then the vocoder."""
    encoder, translator, vocoder = (
        opened(run.out / name) for opened, name in ((open_encoder, "encoder"), (open_translator, "translator"), (open_vocoder, "vocoder"))
    )
    answers = load_pairs(run.out, "train")
    found: dict = {}
    for test in ("voices", "phrases"):
        pairs = load_pairs(run.out, test)
        for direction in sorted({pair.direction for pair in pairs}):
            asked = [pair for pair in pairs if pair.direction == direction]
            rivals = [pair for pair in answers if pair.direction == direction][:NEAREST_AMONG]
            found[f"{direction}, unheard {test}"] = judge_answers(translator, asked[: run.held_out], rivals)
    unheard = {direction: some[-run.held_out :: 2] for direction, some in phrases.items()}  # the list's end, which no step learns from
    found["encoder"] = judge_hearing(answers[:: max(1, len(answers) // HEARD_PAIRS)])
    if run.words is not None:
        found["encoder, human words"] = judge_words(encoder, timed_words(run.words, run.held_out))
    return found | {"vocoder": judge_vocoder(vocoder, encoder, say_all(unheard, encoder, voices, vocoder.config.voices))}


def judge_answers(translator: UnitTranslator, asked: Sequence[UnitPair], rivals: Sequence[UnitPair]) -> dict:
    """`unit_error_ratio`: edits per unit of the reference. `right_phrase`: share whose nearest answer is the right one; `right_by_frequency`:
    the same, each phrase as often as the corpus has it."""
    said = []
    for pair in asked:
        source, target = pair.direction.split("-")
        said.append(translator.translate(pair.sources[0], source, target, Limits()).units.tolist())
    wanted = [pair.target.tolist() for pair in asked]
    edits = [edit_distance(one, other) for one, other in zip(said, wanted, strict=True)]
    known = {pair.translation: pair.target.tolist() for pair in (*rivals, *asked)}
    right = [nearest(one, known) == pair.translation for one, pair in zip(said, asked, strict=True)]
    times = [pair.weight**2 for pair in asked]
    return {
        "pairs": len(asked),
        "unit_bleu": round(unit_bleu(said, wanted), 1),
        "unit_error_ratio": round(sum(edits) / sum(map(len, wanted)), 3),
        "exact": round(sum(edit == 0 for edit in edits) / len(asked), 3),
        "right_phrase": round(sum(right) / len(asked), 3),
        "right_by_frequency": round(sum(count for count, is_right in zip(times, right, strict=True) if is_right) / sum(times), 3),
    }


def judge_hearing(pairs: Sequence[UnitPair]) -> dict:
    """How alike a phrase is in two voices, against two phrases in two voices: edits per unit of the longer string."""
    heard = [(pair.sources[0].tolist(), pair.sources[1].tolist()) for pair in pairs]
    same = [edit_distance(*both) / max(map(len, both)) for both in heard]
    others = [edit_distance(one[0], other[1]) / max(len(one[0]), len(other[1])) for one, other in zip(heard, heard[1:], strict=False)]
    return {
        "phrases": len(pairs),
        "apart_same_phrase_two_voices": round(sum(same) / len(same), 3),
        "apart_two_phrases": round(sum(others) / max(1, len(others)), 3),
    }


def timed_words(table: Path, clips: int) -> list[TimedWord]:
    """Words of every n-th clip of a table (columns clip, start_s, end_s, word; pauses are "sil" and "sp"), with the clips beside it."""
    rows = [line.split("\t") for line in table.read_text(encoding="utf-8").splitlines()[1:]]
    names = sorted({row[0] for row in rows})
    chosen = names[:: max(1, len(names) // clips)][:clips]
    sounds = {}
    for name in chosen:
        path = next(iter(sorted(table.parent.glob(f"{name}.*"))))
        sounds[name] = torch.from_numpy(np.concatenate(list(audio_blocks(SoundQuery(path, rate_hz=RATE_HZ, channels=1))))[:, 0].copy())
    return [
        TimedWord(name, sounds[name], round(50 * float(start)), round(50 * float(end)), word)
        for name, start, end, word in rows
        if name in sounds and word not in ("sil", "sp")
    ]


def judge_words(encoder: UnitEncoder, words: Sequence[TimedWord]) -> dict:
    """Share of words whose nearest word in another clip, by units, is the same; and the share that the commonest word would get."""
    whole = {word.clip: encoder.units_of(word.samples) for word in words}
    said = [deduplicate(whole[word.clip][word.start_frames : word.end_frames]).units.tolist() for word in words]
    right = 0
    for index, one in enumerate(words):
        others = [place for place, other in enumerate(words) if other.clip != one.clip]
        best = min(others, key=lambda place: edit_distance(said[index], said[place]) / max(1, len(said[index]), len(said[place])))
        right += words[best].word == one.word
    commonest = Counter(word.word for word in words).most_common(1)[0][1]
    return {"words": len(words), "nearest_is_the_same_word": round(right / len(words), 3), "by_the_commonest": round(commonest / len(words), 3)}


def nearest(units: Sequence[int], known: Mapping[str, Sequence[int]]) -> str:
    """The text whose units need the fewest edits, of those of about the same length."""
    return min(known, key=lambda text: (edit_distance(units, known[text]) / max(len(units), len(known[text])), text))


def edit_distance(one: Sequence[int], other: Sequence[int]) -> int:
    """Levenshtein's, over unit ids."""
    row = list(range(len(other) + 1))
    for index, left in enumerate(one, start=1):
        before, row[0] = row[0], index
        for place, right in enumerate(other, start=1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (left != right))
    return row[-1]


def unit_bleu(said: Sequence[Sequence[int]], wanted: Sequence[Sequence[int]]) -> float:
    """BLEU-4 over the corpus of unit strings, 0..100, one added to every order's counts above the first."""
    logs = 0.0
    for order in range(1, ORDER + 1):
        right = total = 0
        for one, other in zip(said, wanted, strict=True):
            mine, theirs = (Counter(tuple(row[at : at + order]) for at in range(len(row) - order + 1)) for row in (one, other))
            right, total = right + (mine & theirs).total(), total + mine.total()
        spare = int(order > 1)
        logs += math.log(max(right + spare, 1e-9) / max(total + spare, 1)) / ORDER
    short = min(0.0, 1 - sum(map(len, wanted)) / max(1, sum(map(len, said))))
    return 100 * math.exp(logs + short)


def judge_vocoder(vocoder: UnitVocoder, encoder: UnitEncoder, said: Sequence[Said]) -> dict:
    """Given the units of a phrase and their true lengths, how far the voice is from the original, and what it is heard as."""
    mel, distances, apart, edits, units = LogMel(MelConfig(bands=80)), [], [], 0, 0
    lengths_off = []
    for one in said:
        name = vocoder.config.voices[one.voice]
        made = vocoder.speak(one.units, name)
        distances.append(float(mel_distance(made[None], one.samples[None], mel)))
        shifted = one.samples.roll(len(one.samples) // 2)
        apart.append(float(mel_distance(shifted[None], one.samples[None], mel)))
        runs = deduplicate(one.units)
        heard = deduplicate(encoder.units_of(made)).units.tolist()
        edits, units = edits + edit_distance(heard, runs.units.tolist()), units + len(runs.units)
        if one.is_natural:
            lengths_off.append((vocoder.durations(runs.units, name) - runs.lengths).abs().mean())
    return {
        "phrases": len(said),
        "mel_distance": round(sum(distances) / len(said), 3),
        "mel_distance_of_the_wrong_half": round(sum(apart) / len(said), 3),
        "unit_error_ratio_heard_again": round(edits / units, 3),
        "duration_error_ms": round(20 * float(torch.stack(lengths_off).mean()), 1) if lengths_off else None,
    }
