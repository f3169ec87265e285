"""The transcriber that is always there: it hears no words, so that every line waits to be typed in, never invented."""

from __future__ import annotations

from studio.engines.protocols import Audio, Availability, Words


class ManualTranscriber:
    """Transcriber without recognition."""

    name = "manual"
    version = "1"
    licence = "Apache-2.0"

    def available(self) -> Availability:
        return Availability(True, "ready; lines get their times from the audio, their words are typed in")

    def load(self) -> None:
        """Nothing to load."""

    def transcribe(self, audio: Audio, language: str) -> Words:
        """No words, whatever the audio."""
        return Words("")
