"""Counts word errors in speech of the GRID commands, with the bundled recogniser that knows their 51 words and no grammar.

Enter a sound and its words; leaves errors per word said. Not a transcriber of the rack: outside its words it is deaf.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from studio.domain.errors import EngineUnavailable
from studio.engines.protocols import Audio

NAME = "grid-listener"


class GridListener:
    """`words`: those it knows; empty where its weights are not here."""

    def __init__(self) -> None:
        self._net: Any = None

    @property
    def words(self) -> frozenset[str]:
        return frozenset(self._opened().config.words) if self._entry() is not None else frozenset()

    def knows(self, words: Iterable[str]) -> bool:
        return set(words) <= self.words

    def spelled(self, words: Sequence[str]) -> str:
        """The words so that a reader says them as the corpus does: single letters by their names."""
        from models.speech.recogniser import as_spoken

        return as_spoken(words)

    def word_error(self, audio: Audio, said: Sequence[str]) -> float:
        """Words changed, added or left out, over words said. Raises EngineUnavailable without weights."""
        heard = self._opened().transcribe(audio.samples, audio.rate_hz)
        return word_error(said, heard)

    def _opened(self) -> Any:
        from models.checkpoint import BadWeights
        from models.speech.recogniser import open_recogniser

        entry = self._entry()
        if entry is None:
            raise EngineUnavailable(NAME, "its weights are not bundled here; train them with python -m models.recipes.grid_recogniser")
        if self._net is None:
            try:
                self._net = open_recogniser(entry.path.parent, sha256=entry.sha256)
            except BadWeights as error:
                raise EngineUnavailable(NAME, str(error)) from error
        return self._net

    def _entry(self) -> Any:
        from models.checkpoint import read_manifest

        return next((one for one in read_manifest().bundled if one.name == NAME), None)


def word_error(said: Sequence[str], heard: Sequence[str]) -> float:
    """Words changed, added or left out, over words said."""
    from models.speech.recogniser import word_errors

    return word_errors(said, heard) / max(1, len(said))
