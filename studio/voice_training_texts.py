"""What is said in a film that a voice is to learn from: subtitles beside it, else a text beside it, else what a recogniser hears.

Enter the film's path and, once it is looked at, its sound; leave lines with times, and why others were left out. A further source of words
is one more class with `key` and `lines`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from studio.domain.errors import BadMedia, BadSubtitles
from studio.domain.project import LineDraft
from studio.domain.settings import Limits, LineSettings
from studio.engines.protocols import DurationEstimator, Transcriber
from studio.engines.transcribe_manual import ManualTranscriber
from studio.formats.read import read_script, within
from studio.stages.lines import Ears, hear_lines

SUBTITLES, TEXT = (".srt", ".vtt", ".ass", ".ssa", ".ttml"), ".txt"
COMPANIONS = (*SUBTITLES, TEXT)
LONGEST_LINE_MS = 12_000
LONGEST_SENTENCE_MS = 6_000  # of a text without times: longer ones are cut at commas
MOST_JOINED = 8  # sentences, or stretches of speech, that may make one line
JOINING_MS = 50  # what every further sentence or stretch in a line costs, in ms of lengths that differ: short lines say best where they are
MOST_DRIFT_MS = 20_000  # of speech, between where a sentence is in the text and where it is heard
PACES = (0.45, 2.2)  # times espeak-ng's: what is slower or faster is not what is said there
HEARD = LineSettings(max_line_ms=10_000)
_SENTENCE_ENDS = re.compile(r"(?<=[.!?…。！？])[\"'’”»)\]]*\s+|\s*\n\s*|(?<=[。！？])")
_COMMAS = re.compile(r"(?<=[,;:，；：、–—])\s*")


class Words(Protocol):
    """`key` changes whenever the lines may; `origin` names the source in a sentence; `names_people`: whether a speaker has a name of their own."""

    names_people: bool

    @property
    def origin(self) -> str: ...

    @property
    def key(self) -> tuple[str, ...]: ...

    def lines(self, sound: Path, length_ms: int, ears: Ears, language: str) -> Sequence[LineDraft]:
        """Lines of a sound file (mono, 16 kHz). Raises BadSubtitles, BadMedia, and what the engines raise."""
        ...


@dataclass(frozen=True, slots=True)
class SubtitleWords:
    path: Path
    names_people: bool = True

    @property
    def origin(self) -> str:
        return self.path.name

    @property
    def key(self) -> tuple[str, ...]:
        return _file_key(self.path)

    def lines(self, sound: Path, length_ms: int, ears: Ears, language: str) -> Sequence[LineDraft]:
        """The cues that begin while the film lasts."""
        script = read_script(_bytes(self.path), self.path.name, limits=Limits(), max_cue_ms=LineSettings().max_cue_ms)
        return within(script, length_ms).lines


@dataclass(frozen=True, slots=True)
class WholeText:
    """All that is said in a film, without times."""

    path: Path
    estimator: DurationEstimator
    names_people: bool = False

    @property
    def origin(self) -> str:
        return self.path.name

    @property
    def key(self) -> tuple[str, ...]:
        return _file_key(self.path)

    def lines(self, sound: Path, length_ms: int, ears: Ears, language: str) -> Sequence[LineDraft]:
        """Its sentences, shared out to the stretches of speech. Raises BadSubtitles where the text does not fit what is heard."""
        try:
            text = _bytes(self.path).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise BadSubtitles(self.path.name, "it is no UTF-8 text; save it as UTF-8.") from error
        spans = hear_lines(sound, language, replace(ears, transcriber=ManualTranscriber()), HEARD).lines
        sentences = self._sentences(text, language)
        if not sentences or not spans:
            raise BadSubtitles(self.path.name, "there are no words in it." if spans else "no speech is heard in the film that it could belong to.")
        found = shared_out(sentences, spans)
        if not found:
            raise BadSubtitles(self.path.name, "its words do not fit the speech that is heard; give the film subtitles with times instead.")
        return found

    def _sentences(self, text: str, language: str) -> list[tuple[str, int]]:
        whole = [part.strip() for part in _SENTENCE_ENDS.split(text) if any(map(str.isalnum, part))]
        timed = zip(whole, self._times_ms(whole, language), strict=True)
        cut = [
            piece
            for sentence, length_ms in timed
            for piece in (_COMMAS.split(sentence) if length_ms > LONGEST_SENTENCE_MS else [sentence])
            if any(map(str.isalnum, piece))
        ]
        return list(zip(cut, self._times_ms(cut, language), strict=True))

    def _times_ms(self, texts: Sequence[str], language: str) -> list[int]:
        return [max(1, estimate.total_ms) for estimate in self.estimator.estimate_many(texts, language)]


@dataclass(frozen=True, slots=True)
class HeardWords:
    transcriber: Transcriber
    names_people: bool = False

    @property
    def origin(self) -> str:
        return f"heard by {self.transcriber.name}"

    @property
    def key(self) -> tuple[str, ...]:
        return self.transcriber.name, self.transcriber.version

    def lines(self, sound: Path, length_ms: int, ears: Ears, language: str) -> Sequence[LineDraft]:
        """What is recognised; stretches without words have an empty text."""
        return hear_lines(sound, language, replace(ears, transcriber=self.transcriber), HEARD).lines


def beside(film: Path, language: str) -> Path | None:
    """The file with a film's words: NAME.srt and its like, or NAME.en.srt; else NAME.txt; None where there is none."""
    tried = [film.with_name(f"{film.stem}{middle}{ending}") for ending in COMPANIONS for middle in ("", f".{language}")]
    return next((path for path in tried if path.is_file()), None)


def shared_out(sentences: Sequence[tuple[str, int]], spans: Sequence[LineDraft]) -> list[LineDraft]:
    """Sentences (text, natural ms) given to stretches of speech in order: every line is some of either, so that all are said at about one
    pace. Empty where no such lines exist within LONGEST_LINE_MS and PACES."""
    natural = np.concatenate([[0], np.cumsum([length for _, length in sentences])])
    heard = np.concatenate([[0], np.cumsum([span.end_ms - span.start_ms for span in spans])])
    pace = float(heard[-1] / natural[-1])
    if not PACES[0] <= pace <= PACES[1]:
        return []
    cost = np.full((len(sentences) + 1, len(spans) + 1), np.inf)
    came = np.zeros((*cost.shape, 2), int)
    cost[0, 0] = 0.0
    for row in range(1, cost.shape[0]):
        near = np.flatnonzero(np.abs(pace * natural[row] - heard) <= MOST_DRIFT_MS)
        for column in near[near > 0]:
            for before in range(max(0, row - MOST_JOINED), row):
                firsts = np.arange(max(0, column - MOST_JOINED), column)
                lengths = np.array([spans[column - 1].end_ms - spans[first].start_ms for first in firsts])
                span_ms = heard[column] - heard[firsts]
                tried = cost[before, firsts] + (pace * (natural[row] - natural[before]) - span_ms) ** 2 / span_ms
                tried += JOINING_MS * (row - before + column - firsts - 2)
                tried[(lengths > LONGEST_LINE_MS) & (firsts < column - 1)] = np.inf
                best = int(np.argmin(tried))
                if tried[best] < cost[row, column]:
                    cost[row, column], came[row, column] = tried[best], (before, firsts[best])
    return _traced(sentences, spans, came) if np.isfinite(cost[-1, -1]) else []


def _traced(sentences: Sequence[tuple[str, int]], spans: Sequence[LineDraft], came: np.ndarray) -> list[LineDraft]:
    lines, row, column = [], len(sentences), len(spans)
    while row:
        before, first = (int(value) for value in came[row, column])
        text = " ".join(sentence for sentence, _ in sentences[before:row])
        lines.append(LineDraft(spans[first].start_ms, spans[column - 1].end_ms, text, spans[first].speaker))
        row, column = before, first
    return lines[::-1]


def _file_key(path: Path) -> tuple[str, ...]:
    facts = path.stat()
    return path.name, str(facts.st_size), str(facts.st_mtime_ns)


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > Limits().max_subtitle_bytes:
            raise BadSubtitles(path.name, "it is far too large to be the words of a film.")
        return path.read_bytes()
    except OSError as error:
        raise BadMedia(path.name, f"it cannot be read ({error.strerror}).") from error
