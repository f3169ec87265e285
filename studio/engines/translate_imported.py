"""Translator over texts a person brought: a second subtitle file, or the target column of a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from studio.engines.protocols import Availability, TranslationRequest, Wording


class ImportedTranslator:
    """Proposes for each line id the text it was given; lines without one get no proposal."""

    name = "imported"
    version = "1"
    licence = "the user's own text"
    follows_instructions = False

    def __init__(self, texts: Mapping[str, str] | None = None) -> None:
        self._texts = dict(texts or {})

    def available(self) -> Availability:
        return Availability(True, "texts come from a file you upload")

    def load(self) -> None:
        return None

    def supports(self, source_language: str, target_language: str) -> Availability:
        if self._texts:
            return Availability(True, "texts were imported")
        return Availability(False, "no translation has been imported; upload one on the Upload tab or with --translation")

    def propose(self, requests: Sequence[TranslationRequest]) -> Iterator[tuple[str, tuple[Wording, ...]]]:
        for request in requests:
            text = self._texts.get(request.line_id, "").strip()
            yield request.line_id, (Wording(text, 0.0),) if text else ()
