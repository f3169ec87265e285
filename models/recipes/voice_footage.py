"""Footage that the studio has looked at becomes utterances that a voice learns from: tokens with their times, mel, voice, lip features.

    python -m models.recipes.voice_footage --footage FOLDER --voice FOLDER --voiceprint FILE --lip-encoder FOLDER --out FOLDER --lips FOLDER

`python -m studio train voice` runs this between looking and learning. FOLDER of --footage: `footage.csv` (name, speaker, language, text, film,
start_ms) and NAME.npz with audio int16 at 24 kHz, voiced_s (spans, 2), and the face at 25 Hz: crops, points, ok. Leaves what `models.recipes.voice_archive`
leaves, in --out, and NAME.npy in --lips. What is there is not made again, unless voice, speaker encoder or lip encoder are others now.
--lip-features FOLDER instead of --lip-encoder: features of the user's own encoder, FILM.npz of each film at 25 pictures a second.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np
import torch

from models.checkpoint import MODEL_FILE, BadWeights, sha256_of
from models.recipes.voice_alignment import TimedTokens, WordTime, fitted_to_words, is_sounded, token_times, word_groups
from models.recipes.voice_archive import COLUMNS as ARCHIVE_COLUMNS, UTTERANCES_FILE, Archive
from models.recipes.voice_sources import Spoken, splits
from models.speech.bundle import VoiceBundle, open_voice
from models.speech.frozen_speaker import open_frozen_speaker
from models.speech.lip_encoder import LipEncoder, open_lip_encoder
from models.speech.spectrum import VocoderMel
from models.speech.text_tokenizers import tokenizer_named
from models.speech.tokens import CLAUSE_ENDS, UnspeakableText, named
from models.speech.visual import read_features
from models.speech.weights_files import weights_file
from studio.domain.errors import EngineFailed
from studio.engines.espeak_phones import EspeakPhones
from studio.engines.espeak_pool import EspeakPool, EspeakRequest
from studio.engines.speaker_espeak import espeak_voices

FOOTAGE_FILE, MADE_WITH_FILE = "footage.csv", "made_with.json"
GROUP, TIER, LICENCE = "footage", "own", "the owner's"
TOKEN_S = 0.08  # of a token whose language espeak-ng times in other signs
CLAUSE_BONUS_S = 0.25  # a pause is this much likelier behind a comma than between two words
HELD_OUT_RATIO, MOST_HELD_OUT, FEWEST_TO_HOLD_OUT = 0.05, 16, 8
COLUMNS = (*ARCHIVE_COLUMNS, "aligned")


@dataclass(frozen=True, slots=True)
class FootageRow:
    """One line of `footage.csv`."""

    name: str
    speaker: str
    language: str
    text: str
    film: str = ""
    start_ms: int = 0


class LineReader:
    """Texts as the tokens of one voice, and as long as espeak-ng would say each."""

    def __init__(self, pool: EspeakPool, tokenizer: str) -> None:
        self._pool, self._kind, self._phones = pool, tokenizer, EspeakPhones(pool)

    def natural(self, text: str, language: str) -> TimedTokens:
        """Tokens with times of their own. Where espeak-ng has no such signs (pinyin, letters), all sounded ones are equally long.

        Raises UnspeakableText, EngineFailed, ValueError."""
        tokens = tokenizer_named(self._kind, self._phones, language).tokens(text)
        voices = espeak_voices(self._pool, language)
        if not voices:
            raise ValueError(f"espeak-ng does not speak “{language}”, so its words cannot be timed.")
        phones = self._pool.time([EspeakRequest(text, voices[0].identifier)])[0].phones
        try:
            return token_times(tokens, phones)
        except ValueError:
            edges = np.cumsum([0.0] + [TOKEN_S * is_sounded(token) for token in tokens])
            return TimedTokens(tuple(tokens), edges[:-1], edges[1:])


def fitted_to_voiced(natural: TimedTokens, voiced_s: np.ndarray) -> TimedTokens:
    """The tokens where speech is heard: words shared out to the voiced spans (count, 2) so that each span's words would take about its
    length at one pace, pauses rather behind commas; within a span they fill it. Raises ValueError where there is no word or no span."""
    groups = word_groups(natural.tokens)
    if not groups or not len(voiced_s):
        raise ValueError("There is nothing to time: no word is in the text, or nothing is heard.")
    spans = _merged(voiced_s, len(groups))
    lengths = np.array([natural.end_s[group[-1]] - natural.start_s[group[0]] for group in groups]).clip(min=0.02)
    ends_clause = np.array([_is_clause_end(natural.tokens, group) for group in groups])
    counts = shared_words(lengths * (spans[:, 1] - spans[:, 0]).sum() / lengths.sum(), ends_clause, spans[:, 1] - spans[:, 0])
    words, first = [], 0
    for (start_s, end_s), count in zip(spans, counts, strict=True):
        own = lengths[first : first + count]
        edges = start_s + (end_s - start_s) * np.concatenate([[0.0], np.cumsum(own)]) / own.sum()
        words += [WordTime(float(low), float(high), "") for low, high in zip(edges[:-1], edges[1:], strict=True)]
        first += count
    return fitted_to_words(natural, words)


def shared_words(words_s: np.ndarray, ends_clause: np.ndarray, spans_s: np.ndarray) -> list[int]:
    """How many words each span gets, in order, at least one: least squares of the lengths, a bonus for spans that end with a clause."""
    count, total = len(words_s), np.concatenate([[0.0], np.cumsum(words_s)])
    cost, came = np.full((len(spans_s) + 1, count + 1), np.inf), np.zeros((len(spans_s) + 1, count + 1), int)
    cost[0, 0] = 0.0
    for number, span_s in enumerate(spans_s, start=1):
        for last in range(number, count - (len(spans_s) - number) + 1):
            bonus = CLAUSE_BONUS_S**2 if ends_clause[last - 1] else 0.0
            tried = cost[number - 1, :last] + (total[last] - total[:last] - span_s) ** 2 - bonus
            came[number, last] = int(np.argmin(tried))
            cost[number, last] = tried[came[number, last]]
    counts, last = [], count
    for number in range(len(spans_s), 0, -1):
        counts.append(last - int(came[number, last]))
        last = int(came[number, last])
    return counts[::-1]


def _merged(voiced_s: np.ndarray, most: int) -> np.ndarray:
    """At most `most` spans: the narrowest gaps are closed first."""
    spans = voiced_s.astype(np.float64)
    while len(spans) > most:
        place = int(np.argmin(spans[1:, 0] - spans[:-1, 1]))
        spans = np.concatenate([spans[:place], [[spans[place, 0], spans[place + 1, 1]]], spans[place + 2 :]])
    return spans


def _is_clause_end(tokens: Sequence[str], group: Sequence[int]) -> bool:
    rest = tokens[group[-1] + 1 : group[-1] + 3]
    return any(token in CLAUSE_ENDS for token in rest)


def read_footage(folder: Path) -> list[FootageRow]:
    with (folder / FOOTAGE_FILE).open(encoding="utf-8", newline="") as file:
        return [
            FootageRow(row["name"], row["speaker"], row["language"], row["text"], row.get("film") or "", int(row.get("start_ms") or 0))
            for row in csv.DictReader(file)
        ]


def spoken_of(folder: Path, rows: Sequence[FootageRow], reader: LineReader, bundle: VoiceBundle) -> Iterator[Spoken | str]:
    """The lines that the voice can learn from; a sentence for each that it cannot."""
    held = min(MOST_HELD_OUT, max(1, round(len(rows) * HELD_OUT_RATIO))) if len(rows) >= FEWEST_TO_HOLD_OUT else 0
    fold = splits([row.name for row in rows], 0, held)
    for row in rows:
        path = folder / f"{row.name}.npz"
        with np.load(path, allow_pickle=False) as file:
            audio, voiced_s = file["audio"].astype(np.float32) / 32768, file["voiced_s"]
        try:
            natural = reader.natural(row.text, row.language)
            if unknown := bundle.table.look_up(natural.tokens).unknown:
                raise UnspeakableText(f"the voice has no token for {named(unknown)}.")
            timed = fitted_to_voiced(natural, voiced_s)
        except (EngineFailed, ValueError) as error:
            yield f"{row.name} “{row.text}”: {error}"
            continue
        yield Spoken(row.name, row.speaker, GROUP, TIER, LICENCE, fold[row.name], row.text, audio, timed, False, path)


def written(archive: Archive, found: Iterator[Spoken | str]) -> list[tuple[str, ...]]:
    """Every line written that can be; the others told. Their rows for the table."""
    rows = []
    for spoken in found:
        if isinstance(spoken, str):
            print(f"Left out: {spoken}", flush=True)
            continue
        try:
            rows.append(archive.write(spoken))
        except ValueError as error:
            print(f"Left out: {spoken.name}: {error}", flush=True)
    return rows


def write_rows(out: Path, rows: Sequence[tuple[str, ...]]) -> None:
    """`utterances.csv` of these lines and no others; their token times are guessed, which its last column says."""
    path = out / UTTERANCES_FILE
    beside = path.with_suffix(".part")
    with beside.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *((*row, "0") for row in rows)])
    os.replace(beside, path)


LipsOf = Callable[[str, np.ndarray], np.ndarray]  # a line's name and its mouths (pictures, 64, 64) → (pictures, width)


def encoded_lips(net: LipEncoder) -> LipsOf:
    return lambda name, mouths: net.encode(torch.from_numpy(mouths)).numpy()


def own_lips(folder: Path, rows: Sequence[FootageRow]) -> LipsOf:
    """Lips from the user's own features of whole films, cut to each line. Raises ValueError for a film without them, or too few of them."""
    by_name, read = {row.name: row for row in rows}, {}

    def cut(name: str, mouths: np.ndarray) -> np.ndarray:
        row = by_name[name]
        if row.film not in read:
            read.clear()  # lines come film by film; features of hours need not stay in memory
            read[row.film] = read_features(features_file(folder, row.film)).values
        first, last = row.start_ms * 25 // 1000, row.start_ms * 25 // 1000 + len(mouths)
        if last > len(read[row.film]) + 1:
            raise ValueError(f"The features of {row.film} end after {len(read[row.film])} pictures, and a line lasts until {last} at 25 a second; extract them from the whole film at 25 fps.")
        return read[row.film][np.minimum(np.arange(first, last), len(read[row.film]) - 1)]

    return cut


def features_file(folder: Path, film: str) -> Path:
    """FILM.npz or FILM.npy, the film's own folder and name without its ending. Raises ValueError where there is neither."""
    stem = folder / Path(film).with_suffix("")
    found = next((path for ending in (".npz", ".npy") if (path := stem.with_name(stem.name + ending)).is_file()), None)
    if found is None:
        raise ValueError(f"There are no visual features of {film}: put {stem.name}.npz (“features”, pictures at 25 fps by width) into {stem.parent}.")
    return found


def write_lips(lips_of: LipsOf, archive: Path, rows: Sequence[tuple[str, ...]], out: Path) -> None:
    """NAME.npy (pictures, width) of every line that has none yet."""
    out.mkdir(parents=True, exist_ok=True)
    for name in [row[0] for row in rows if not (out / f"{row[0]}.npy").is_file()]:
        with np.load(archive / f"{name}.npz", allow_pickle=False) as file:
            features = lips_of(name, file["mouths"])
        beside = out / f"{name}.part.npy"
        np.save(beside, features)
        os.replace(beside, out / f"{name}.npy")


def tidy(out: Path, lips: Path, rows: Sequence[FootageRow], made_with: dict[str, str]) -> None:
    """Let go of what an earlier run made of lines that are no longer there, or of all where it was made with other nets."""
    table, record = out / UTTERANCES_FILE, out / MADE_WITH_FILE
    is_same = record.is_file() and json.loads(record.read_text(encoding="utf-8")) == made_with
    kept = {row.name for row in rows} if is_same else set()
    if table.is_file():
        with table.open(encoding="utf-8", newline="") as file:
            for name in {row["name"] for row in csv.DictReader(file)} - kept:
                (out / f"{name}.npz").unlink(missing_ok=True)
                (lips / f"{name}.npy").unlink(missing_ok=True)
    beside = record.with_suffix(".part")
    beside.write_text(json.dumps(made_with, indent=1) + "\n", encoding="utf-8")
    os.replace(beside, record)


def state_of(folder: Path) -> str:
    """Another text whenever a file of features was replaced."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in (".npz", ".npy"))
    return sha256(repr([(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files]).encode()).hexdigest()


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m models.recipes.voice_footage", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--footage", type=Path, required=True, help="folder of lines that the studio has looked at")
    parser.add_argument("--voice", type=Path, required=True, help="the voice that is to learn: its tokens are used")
    parser.add_argument("--voiceprint", type=Path, required=True, help="weights of the frozen speaker encoder, Resemblyzer or CAM++")
    lips = parser.add_mutually_exclusive_group(required=True)
    lips.add_argument("--lip-encoder", type=Path, help="folder of the lip encoder")
    lips.add_argument("--lip-features", type=Path, help="folder of features of your own, FILM.npz at 25 fps")
    parser.add_argument("--out", type=Path, required=True, help="folder of the utterances")
    parser.add_argument("--lips", type=Path, required=True, help="folder of the lip features")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    options = parse(argv)
    try:
        bundle = open_voice(options.voice)
        archive = Archive(options.out, VocoderMel(), open_frozen_speaker(options.voiceprint))
        encoder = None if options.lip_encoder is None else open_lip_encoder(options.lip_encoder)
    except BadWeights as error:
        raise SystemExit(str(error)) from error
    options.out.mkdir(parents=True, exist_ok=True)
    rows = read_footage(options.footage)
    made_with = {"tokenizer": bundle.tokenizer, "voiceprint": sha256_of(weights_file(options.voiceprint))}
    made_with |= {"lip encoder": sha256_of(options.lip_encoder / MODEL_FILE)} if encoder is not None else {"lip features": state_of(options.lip_features)}
    tidy(options.out, options.lips, rows, made_with)
    pool = EspeakPool(size=1)
    try:
        made = written(archive, spoken_of(options.footage, rows, LineReader(pool, bundle.tokenizer), bundle))
    finally:
        pool.close()
    if not made:
        raise SystemExit("No line is left to learn from.")
    write_rows(options.out, made)
    try:
        write_lips(own_lips(options.lip_features, rows) if encoder is None else encoded_lips(encoder), options.out, made, options.lips)
    except ValueError as error:
        raise SystemExit(str(error)) from error
    print(f"{len(made)} of {len(rows)} lines to learn from, {sum(float(row[7]) for row in made) / 60:.1f} minutes.", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
