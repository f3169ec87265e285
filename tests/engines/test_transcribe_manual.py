"""The transcriber that hears no words."""

from __future__ import annotations

import numpy as np

from studio.engines.protocols import Audio, Words
from studio.engines.transcribe_manual import ManualTranscriber


def test_it_is_always_there_and_never_invents_a_word() -> None:
    transcriber = ManualTranscriber()
    transcriber.load()
    assert transcriber.available().is_available
    assert transcriber.transcribe(Audio(np.ones(16_000, np.float32), 16_000), "xx") == Words("")
