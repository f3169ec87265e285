"""Voices made of recordings of people: whose they are, who agreed, and what a take made with such a voice keeps of it.

Plain values between the page, the store and the voice step. A reference without consent cannot be made.
"""

from __future__ import annotations

from dataclasses import dataclass

from studio.domain.errors import BadSetting
from studio.domain.settings import Guidance

MAX_WHOSE_CHARS, MAX_STATEMENT_CHARS, MAX_TRANSCRIPT_CHARS = 120, 400, 600
STATEMENT = "The person whose voice this is has agreed to its use in this dub, or the right to use it has been cleared."
OWN_VOICE_STATEMENT = "The speaker has agreed to be dubbed in their own voice, or the right to do so has been cleared."


@dataclass(frozen=True, slots=True)
class Consent:
    """Whose voice it is, and the sentence that was ticked. Raises BadSetting where either is missing."""

    whose: str
    statement: str = STATEMENT

    def __post_init__(self) -> None:
        for value, longest, what in (
            (self.whose, MAX_WHOSE_CHARS, "Say whose voice this is"),
            (self.statement, MAX_STATEMENT_CHARS, "Tick that its owner has agreed"),
        ):
            if not value.strip() or len(value) > longest or not value.isprintable():
                raise BadSetting(f"{what}, in one line of at most {longest} characters; without it a voice cannot be copied.")


@dataclass(frozen=True, slots=True)
class ReferenceVoice:
    """A recording that a voice is made of. `blob`: mono WAV. `transcript`: its words, "" where they are not known (voices that continue a
    recording need them). `speaker_id`: the project's own speaker it was cut from, None for an upload."""

    id: str
    name: str
    blob: str
    length_ms: int
    consent: Consent
    transcript: str = ""
    speaker_id: str | None = None
    created_at: str = ""


@dataclass(frozen=True, slots=True)
class TakeVoice:
    """How a voice that sees made a take. `scales` as asked; `saw_face` False: the visual branches were off, and `why` says why.
    `reference_id` and `consent`: of the recording it speaks like, None for a voice of its own."""

    scales: Guidance
    steps: int
    seed: int
    quality: str
    saw_face: bool
    why: str = ""
    reference_id: str | None = None
    consent: Consent | None = None
