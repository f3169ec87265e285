"""Ready-made guidance scales, and the sentence that warns where lips cost words. Settings in, sentences out; a new preset is one more entry."""

from __future__ import annotations

from dataclasses import dataclass, replace

from studio.domain.settings import Guidance

LIPS_COST_WORDS = (
    "The lips on the screen say other words than the dub: in another language than the original's, lip guidance pulls the voice toward "
    "sounds that are not in the text. Keep lips at 0 and let the face carry the timing, or listen to every line."
)
TOO_STRONG = "Scales above {limit:g} overdo their condition: words blur and the voice grows harsh. 1 is where the method was measured."
STRONGEST_SAFE = 2.0


@dataclass(frozen=True, slots=True)
class GuidancePreset:
    """`key` is stable; `label` and `why` are for the page; `warning` is "" where there is none."""

    key: str
    label: str
    why: str
    face_scale: float
    lip_scale: float
    warning: str = ""

    def applied_to(self, scales: Guidance) -> Guidance:
        """The same scales of text and pauses, with this preset's of the picture."""
        return replace(scales, face_scale=self.face_scale, lip_scale=self.lip_scale)


_WORDS = GuidancePreset("words", "Words alone", "Timed by the text; the picture is not looked at.", 0.0, 0.0)
_FACE = GuidancePreset("translation", "Translation", "The face carries timing and energy, the lips are left out.", 1.0, 0.0)
_BOTH = GuidancePreset("same_language", "Same language", "The voice is locked to the mouth, as for a line said again.", 1.0, 1.0)


def presets(source_language: str, target_language: str) -> tuple[GuidancePreset, ...]:
    """All presets, the one that suits this pair of languages first."""
    if source_language == target_language:
        return _BOTH, _FACE, _WORDS
    return _FACE, _WORDS, replace(_BOTH, warning=LIPS_COST_WORDS)


def guidance_warning(scales: Guidance, source_language: str, target_language: str) -> str:
    """Where these scales cost intelligibility, a sentence; else ""."""
    if max(scales.face_scale, scales.lip_scale) > STRONGEST_SAFE:
        return TOO_STRONG.format(limit=STRONGEST_SAFE)
    return LIPS_COST_WORDS if scales.lip_scale > 0 and source_language != target_language else ""
