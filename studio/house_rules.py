"""The house rules of a project as its lines are held against them: settings, speakers and character sheets brought together."""

from __future__ import annotations

from collections.abc import Sequence

from studio.domain.consistency import HouseRules
from studio.domain.line import SpeakerProfile
from studio.domain.project import Project
from studio.workshop import Workshop


def rules_of(shop: Workshop, project: Project, speakers: Sequence[SpeakerProfile]) -> HouseRules:
    house = project.settings.house
    return HouseRules(
        target_language=project.target_language,
        terms=project.settings.translation.terms,
        phrases=house.phrases,
        addresses=house.addresses,
        names={speaker.id: speaker.name for speaker in speakers},
        sheets=shop.shows.sheets(project.id),
        speaker_voices={speaker.id: speaker.voice for speaker in speakers if speaker.voice is not None},
    )
