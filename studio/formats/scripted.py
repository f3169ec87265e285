"""A dubbing script as the trade passes it on: who says what when, in which language, how far along it is.

DAPT, spreadsheets and our own exports all speak `ScriptDocument`; each format holds what it can of it. Times are ms of the programme.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction

from studio.domain.line import LineStatus
from studio.domain.project import OnScreen

DIALOGUE = "audio.dialogue"


class ScriptType(StrEnum):
    """The four kinds of script of W3C DAPT, by the words it has for them."""

    ORIGINAL = "originalTranscript"
    TRANSLATED = "translatedTranscript"
    PRE_RECORDING = "preRecording"
    AS_RECORDED = "asRecorded"


@dataclass(frozen=True, slots=True)
class ScriptCharacter:
    """A role of the programme; `actor` is who speaks it in the dub, None where nobody is cast."""

    id: str
    name: str
    actor: str | None = None


@dataclass(frozen=True, slots=True)
class TextPiece:
    """The words of an event in one language. `from_language`: what it was translated from; its own language for an original; ""
    where nobody said."""

    language: str
    text: str
    from_language: str = ""

    @property
    def is_translation(self) -> bool:
        said = self.from_language.lower()
        return bool(said) and said not in ("zxx", "und") and said != self.language.lower()


@dataclass(frozen=True, slots=True)
class Recording:
    """Sound of an event: `source` is a URL or a path beside the script. `offset_ms` counts from the event's start; the clip is the
    part of the file that is used, to its end where `clip_end_ms` is None. `gain_ratio` 1.0 leaves the level alone."""

    source: str
    offset_ms: int = 0
    clip_start_ms: int = 0
    clip_end_ms: int | None = None
    gain_ratio: float = 1.0


@dataclass(frozen=True, slots=True)
class Description:
    """A remark on an event of a named kind (scene, pronunciationNote, x-…)."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class ScriptEvent:
    """One line of the script. `texts`: the original first, then its translations; `status` None is not stated."""

    id: str
    start_ms: int
    end_ms: int
    texts: tuple[TextPiece, ...] = ()
    character_ids: tuple[str, ...] = ()
    on_screen: OnScreen | None = None
    status: LineStatus | None = None
    notes: tuple[str, ...] = ()
    descriptions: tuple[Description, ...] = ()
    recordings: tuple[Recording, ...] = ()
    represents: str = DIALOGUE


@dataclass(frozen=True, slots=True)
class ScriptDocument:
    """A whole script. `language`: of the words to be spoken; `from_language`: of the programme ("" not stated). `media`: what the
    programme is called; `fps` None: frames are never mentioned."""

    kind: ScriptType
    language: str
    from_language: str = ""
    characters: tuple[ScriptCharacter, ...] = ()
    events: tuple[ScriptEvent, ...] = ()
    title: str = ""
    media: str | None = None
    fps: Fraction | None = None
    represents: tuple[str, ...] = (DIALOGUE,)

    def name_of(self, character_id: str) -> str:
        """The role's name, or its id where the document does not name it."""
        return next((one.name for one in self.characters if one.id == character_id), character_id)

    def source_text(self, event: ScriptEvent) -> str:
        """The original words; "" where only a translation is given."""
        originals = [piece.text for piece in event.texts if not piece.is_translation]
        return _joined(originals[:1] if self._is_one_language else originals)

    def target_text(self, event: ScriptEvent) -> str:
        """The words in the script's own language, else in the language translated into last. A script that adapts within one
        language holds the original first, then the adaptation."""
        if self._is_one_language:
            return _joined([piece.text for piece in event.texts[1:] if not piece.is_translation])
        translated = [piece for piece in event.texts if piece.is_translation]
        languages = [piece.language.lower() for piece in translated]
        wanted = self.language.lower() if self.language.lower() in languages else languages[-1] if languages else ""
        return _joined([piece.text for piece in translated if piece.language.lower() == wanted])

    @property
    def _is_one_language(self) -> bool:
        return self.kind is not ScriptType.ORIGINAL and self.language.lower() == self.from_language.lower()


def _joined(texts: list[str]) -> str:
    return " ".join(text for text in texts if text)
