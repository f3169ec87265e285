"""From lip features, transcripts and texts to spoken lines: same words over their own mouth, other texts as a dub, texts alone.

    clips.csv and NAME.npz (crops, opening, ok, audio) as models.recipes.lip_features writes them; words: clip, start_s, end_s, word;
    transcripts: clip, language, text; texts: language and text per row, without a header. All tables are tab-separated.

Resumable: each clip's lines are a file of their own under OUT/parts until all are there.
"""

from __future__ import annotations

import csv
import hashlib
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from models.recipes.duration_lines import BANDS, LineFacts, SpokenLine, read_lines, write_lines
from models.recipes.duration_takes import RATE_HZ, Take, human_durations, make_take, mel_of, timings
from studio.domain.errors import EngineFailed
from studio.engines.espeak_pool import EspeakPool, EspeakRequest
from studio.engines.speaker_espeak import espeak_voices
from studio.engines.vad_silero import Hysteresis, SileroDetector

FRAME_MS, SAMPLES_PER_FRAME = 40, 640
VARIANTS = ("", "+f2", "+m3", "+f4")
MIN_SLOT_FRAMES, MAX_SLOT_FRAMES = 12, 200
LEAST_RATE, MOST_RATE = 0.7, 1.25  # a text dubs a slot when its natural length is within these shares of it
SPELLED = {"a": "ay"}  # a lone letter that the voice would join to its neighbour


@dataclass(frozen=True, slots=True)
class Sources:
    """`groups`: speakers whose clips are trained on. `split`: names listed under train, valid, test, or {}; the rest goes by its name."""

    features: Path
    words: dict[str, list[tuple[float, float, str]]] = field(default_factory=dict)
    transcripts: dict[str, tuple[str, str]] = field(default_factory=dict)
    texts: tuple[tuple[str, str], ...] = ()
    groups: frozenset[str] = frozenset()
    split: dict[str, str] = field(default_factory=dict)
    dubs_per_clip: int = 3
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Clip:
    name: str
    group: str
    fold: str
    samples: np.ndarray


def read_words(path: Path) -> dict[str, list[tuple[float, float, str]]]:
    """Words with their times in seconds by clip, silences left out."""
    found: dict[str, list[tuple[float, float, str]]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            if row["word"] not in ("sil", "sp"):
                found.setdefault(row["clip"], []).append((float(row["start_s"]), float(row["end_s"]), row["word"]))
    return found


def read_transcripts(path: Path) -> dict[str, tuple[str, str]]:
    """(language, text) by clip."""
    with path.open(encoding="utf-8", newline="") as file:
        return {row["clip"]: (row["language"], row["text"]) for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)}


def read_texts(path: Path) -> tuple[tuple[str, str], ...]:
    rows = (row.split("\t", 1) for row in path.read_text(encoding="utf-8").splitlines())
    return tuple((row[0], row[1]) for row in rows if len(row) == 2 and row[1].strip())


def fold_of(name: str, group: str, sources: Sources) -> str | None:
    """train, valid or test; None for a clip to leave out. A clip of a speaker that is not trained on is never in train."""
    named = sources.split.get(name)
    if group in sources.groups:
        number = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 10
        return named or {0: "test", 1: "valid"}.get(number, "train")
    if named == "train":  # a scorer that learnt this clip would flatter whatever follows its mouth
        return None
    return named or ("test" if int(hashlib.sha256(group.encode()).hexdigest(), 16) % 2 else "valid")


def clips_of(sources: Sources) -> Iterator[Clip]:
    """Originals with sound and a mouth that is seen, in the order of clips.csv."""
    with (sources.features / "clips.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        fold = fold_of(row["name"], row["group"], sources)
        if row["system"] != "original" or fold is None:
            continue
        with np.load(sources.features / f"{row['name']}.npz", allow_pickle=False) as arrays:
            seen, audio = arrays["ok"], arrays["audio"]
        frames = min(len(seen), len(audio) // SAMPLES_PER_FRAME)
        if frames >= MIN_SLOT_FRAMES and seen[:frames].mean() >= 0.85:
            yield Clip(row["name"], row["group"], fold, audio[: frames * SAMPLES_PER_FRAME].astype(np.float32) / 32768)


def prepare(sources: Sources, out: Path, pool: EspeakPool) -> list[SpokenLine]:
    """All lines; what a stopped run had made is taken up again."""
    parts = out / "parts"
    parts.mkdir(parents=True, exist_ok=True)
    naturals = _text_lines(sources, out, pool)
    lines = list(naturals)
    by_length = _by_length(naturals)
    for clip in clips_of(sources):
        kept = parts / f"{clip.name}.npz"
        if not kept.is_file():
            write_lines(kept, _clip_lines(clip, sources, by_length, pool))
        lines += read_lines(kept)
    write_lines(out / "lines.npz", lines)
    return lines


def _text_lines(sources: Sources, out: Path, pool: EspeakPool) -> list[SpokenLine]:
    """Each text alone, with its natural durations and no spectra: what the voice's timing is learnt from."""
    kept = out / "parts" / "texts.npz"
    if kept.is_file():
        return read_lines(kept)
    voices = {language: espeak_voices(pool, language) for language in {language for language, _ in sources.texts}}
    known = [(language, text) for language, text in sources.texts if voices[language]]
    asked = [EspeakRequest(text, voices[language][0].identifier) for language, text in known]
    made, nothing = [], np.zeros((0, BANDS), np.float32)
    for (language, text), (symbols, natural) in zip(known, timings(pool, asked), strict=True):
        if symbols:
            fold = {0: "test", 1: "valid"}.get(int(hashlib.sha256(text.encode()).hexdigest(), 16) % 20, "train")
            facts = LineFacts("", "text", fold, language, "", text, False, 0, 0)
            made.append(SpokenLine(facts, symbols, nothing, np.zeros(len(symbols), np.int64), natural, None))
    write_lines(kept, made)
    return made


def _by_length(lines: Sequence[SpokenLine]) -> list[tuple[float, LineFacts]]:
    return sorted(((float(line.natural.sum()), line.facts) for line in lines), key=lambda pair: pair[0])


def _clip_lines(clip: Clip, sources: Sources, texts: list[tuple[float, LineFacts]], pool: EspeakPool) -> list[SpokenLine]:
    timed, spoken = _lookup(sources.words, clip.name), _lookup(sources.transcripts, clip.name)
    slot = _slot(clip, timed)
    if slot is None:
        return []
    chooser = random.Random(f"{sources.seed}-{clip.name}")
    made = []
    if timed is not None or spoken is not None:
        language = "en" if timed is not None else spoken[0]
        text = " ".join(SPELLED.get(word, word) for _, _, word in timed) if timed is not None else spoken[1]
        for variant in chooser.sample(VARIANTS, 2 if clip.fold == "train" else 1):
            made.append(_same_words(clip, slot, (language, variant, text), timed, pool))
    own = [facts for units, facts in texts if facts.fold == clip.fold and LEAST_RATE <= units / (2 * slot[1]) <= MOST_RATE]
    for facts in chooser.sample(own, min(sources.dubs_per_clip, len(own))):
        made.append(_line(clip, slot, (facts.language, chooser.choice(VARIANTS), facts.text), pool))
    return [line for line in made if line is not None]


def _lookup(table: dict, name: str) -> object:
    """By the feature's name, or by what follows its first underscore (the name of the file it was made from)."""
    return table.get(name, table.get(name.partition("_")[2]))


def _slot(clip: Clip, timed: list[tuple[float, float, str]] | None) -> tuple[int, int] | None:
    """Start and count of the 25 Hz frames from the first to the last sound of speech; None where there is too little or too much."""
    if timed is not None:
        start_ms, end_ms = 1000 * timed[0][0], 1000 * timed[-1][1]
    else:
        spans = SileroDetector(Hysteresis(pad_ms=0)).speech(iter([clip.samples]), RATE_HZ, min_silence_ms=200)
        if not spans:
            return None
        start_ms, end_ms = spans[0].start_ms, spans[-1].end_ms
    first = round(start_ms / FRAME_MS)
    frames = min(round(end_ms / FRAME_MS), len(clip.samples) // SAMPLES_PER_FRAME) - first
    return (first, frames) if MIN_SLOT_FRAMES <= frames <= MAX_SLOT_FRAMES else None


def _same_words(
    clip: Clip, slot: tuple[int, int], spoken: tuple[str, str, str], timed: list[tuple[float, float, str]] | None, pool: EspeakPool
) -> SpokenLine | None:
    line_take = _take(pool, spoken[2], spoken[0], spoken[1])
    if line_take is None:
        return None
    start = slot[0] * SAMPLES_PER_FRAME
    mel = mel_of(clip.samples[start : start + slot[1] * SAMPLES_PER_FRAME])[: 4 * slot[1]]
    start_ms, length_ms = FRAME_MS * slot[0], FRAME_MS * slot[1]
    words = None
    if timed is not None:
        words = [(min(max(1000 * s - start_ms, 0.0), length_ms), min(max(1000 * e - start_ms, 0.0), length_ms)) for s, e, _ in timed]
    human = human_durations(line_take, mel, words)
    return _spoken(clip, slot, spoken, line_take, human)


def _line(clip: Clip, slot: tuple[int, int], spoken: tuple[str, str, str], pool: EspeakPool) -> SpokenLine | None:
    take = _take(pool, spoken[2], spoken[0], spoken[1])
    return None if take is None else _spoken(clip, slot, spoken, take, None, is_same_words=False)


def _spoken(
    clip: Clip, slot: tuple[int, int], spoken: tuple[str, str, str], take: Take, human: np.ndarray | None, *, is_same_words: bool = True
) -> SpokenLine:
    language, variant, text = spoken
    facts = LineFacts(clip.name, clip.group, clip.fold, language, variant, text, is_same_words, *slot)
    return SpokenLine(facts, take.symbols, take.frames, take.parts, take.natural, human)


def _take(pool: EspeakPool, text: str, language: str, variant: str) -> Take | None:
    """None where espeak-ng has no voice for the language, or says nothing."""
    voices = espeak_voices(pool, language)
    if not voices:
        return None
    try:
        return make_take(pool, text, voices[0].identifier + variant)
    except EngineFailed:
        return None


def read_split(path: Path | None) -> dict[str, str]:
    """Fold by clip name from a JSON object of lists under train, valid and test; {} without a file."""
    if path is None:
        return {}
    content = json.loads(path.read_text(encoding="utf-8"))
    return {name: fold for fold in ("train", "valid", "test") for name in content[fold]}
