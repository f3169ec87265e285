"""pocketsphinx: optional, English, a draft."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest

from studio.domain.errors import EngineFailed, EngineUnavailable
from studio.engines.protocols import Audio, Words
from studio.engines.transcribe_pocketsphinx import PocketsphinxTranscriber

HAS_PACKAGE = importlib.util.find_spec("pocketsphinx") is not None


def test_it_says_whether_it_is_there_and_how_to_get_it() -> None:
    verdict = PocketsphinxTranscriber().available()
    assert verdict.is_available == HAS_PACKAGE
    assert HAS_PACKAGE or "pip install pocketsphinx" in verdict.why


def test_other_languages_and_rates_are_refused() -> None:
    with pytest.raises(EngineFailed, match="English only"):
        PocketsphinxTranscriber().transcribe(Audio(np.zeros(1600, np.float32), 16_000), "de")
    with pytest.raises(EngineFailed, match="16000 Hz"):
        PocketsphinxTranscriber().transcribe(Audio(np.zeros(1600, np.float32), 8000), "en")


def test_without_the_package_it_is_unavailable_and_with_it_silence_has_no_words() -> None:
    if not HAS_PACKAGE:
        with pytest.raises(EngineUnavailable):
            PocketsphinxTranscriber().load()
        return
    assert PocketsphinxTranscriber().transcribe(Audio(np.zeros(16_000, np.float32), 16_000), "en") == Words("")
