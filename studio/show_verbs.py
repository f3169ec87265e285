"""The verbs about house rules and shows: key phrases, forms of address, character sheets; joining a show, and giving it what was decided.

Part of `Studio`. Enter: ids and plain values, of the user's own projects and shows only. Leave: records of `domain/bible.py`. Everything
raised is a StudioError. An episode copies what it takes: a show that changes later changes no episode that was not asked to take it again.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from studio.domain.bible import Bible, CharacterSheet, Merged, Pair, Show, contradictions, merged
from studio.domain.consistency import Consistency, HouseRules
from studio.domain.errors import BadSetting, NotFound, NotReady
from studio.domain.glossary import folded
from studio.domain.house import MAX_ADDRESSES, MAX_PHRASES, Address, HouseSettings
from studio.domain.line import SpeakerProfile, VoiceRef
from studio.domain.project import Cast, Project
from studio.domain.terms import MAX_TERM_CHARS, MAX_TERMS
from studio.house_rules import rules_of
from studio.line_verbs import clean_name
from studio.lip_verbs import LipVerbs
from studio.review import voices_on_offer
from studio.store.changes import Action
from studio.store.text import storable


@dataclass(frozen=True, slots=True)
class Taken:
    """What an episode took from its show. `voices`, `sheets`: names of the speakers who got one; `complaints`: a sentence for each rule
    that was said twice, or found no room."""

    show: Show
    voices: tuple[str, ...] = ()
    sheets: tuple[str, ...] = ()
    complaints: tuple[str, ...] = ()


class ShowVerbs(LipVerbs):
    # a project's own rules

    def set_phrases(self, project_id: str, pairs: Iterable[Pair]) -> tuple[str, ...]:
        """Key names and phrases with their fixed rendering. Returns a sentence for each that contradicts another. Raises BadSetting."""
        listed = tuple((_one_line(source), _one_line(target)) for source, target in pairs)
        self._change_house(project_id, lambda house: replace(house, phrases=listed), "Key phrases")
        return contradictions(listed, "The list of key phrases")

    def set_addresses(self, project_id: str, addresses: Sequence[Address]) -> None:
        """Who addresses whom in which form. Raises BadSetting."""
        kept = tuple(replace(one, speaker=_one_line(one.speaker), to=_one_line(one.to)) for one in addresses)
        self._change_house(project_id, lambda house: replace(house, addresses=kept), "Forms of address")

    def set_sheet(self, project_id: str, speaker_id: str, sheet: CharacterSheet) -> None:
        """How a character speaks; a blank sheet takes it away. Raises NotFound."""
        self._shop.shows.set_sheets(self._own(project_id).id, {speaker_id: sheet}, by=self.user)

    def sheets(self, project_id: str) -> dict[str, CharacterSheet]:
        """Character sheets by speaker id."""
        return self._shop.shows.sheets(self._own(project_id).id)

    def house_rules(self, project_id: str) -> HouseRules:
        """What the project's lines are held against."""
        project = self._own(project_id)
        return rules_of(self._shop, project, self._shop.lines.speakers(project.id))

    def consistency(self, project_id: str) -> dict[str, tuple[str, ...]]:
        """Sentences about lines that break a rule, by line id."""
        project = self._own(project_id)
        cast = self._shop.lines.cast(project.id)
        return dict(Consistency(rules_of(self._shop, project, cast.speakers), cast.lines).sentences)

    # shows

    def shows(self) -> tuple[Show, ...]:
        """The user's shows, newest first."""
        return self._shop.shows.list(self.user)

    def episode_counts(self) -> dict[str, int]:
        """Projects per show id."""
        return self._shop.shows.episodes(self.user)

    def create_show(self, name: str) -> Show:
        return self._shop.shows.create(Show(uuid.uuid4().hex, self.user, clean_name(name, "show")))

    def rename_show(self, show_id: str, name: str) -> Show:
        return self._shop.shows.change(show_id, self.user, lambda show: replace(show, name=clean_name(name, "show")))

    def delete_show(self, show_id: str) -> None:
        """Its episodes stay, with all they took from it."""
        self._shop.shows.delete(show_id, self.user)

    def show_of(self, project_id: str) -> Show | None:
        """The show a project is an episode of."""
        show_id = self._shop.shows.show_id(self._own(project_id).id)
        try:
            return None if show_id is None else self._shop.shows.get(show_id, self.user)
        except NotFound:
            return None

    def join_show(self, project_id: str, show_id: str) -> Taken:
        """Make a project an episode of a show and take what the show knows, as `take_from_show` does. Raises NotFound."""
        project = self._own(project_id)
        show = self._shop.shows.get(show_id, self.user)
        self._shop.shows.join(project.id, show.id)
        return self.take_from_show(project.id)

    def leave_show(self, project_id: str) -> None:
        """The project keeps what it took."""
        self._shop.shows.join(self._own(project_id).id, None)

    def take_from_show(self, project_id: str) -> Taken:
        """Add the show's rules to the project's own, which stay where both speak of the same; character sheets and voices go to the
        speakers of that name who have none. Raises NotReady for a project of no show."""
        project, show = self._own(project_id), self._its_show(project_id)
        bible = show.bible(project.source_language, project.target_language)
        both = merged(self._bible(project), bible)
        complaints = (*both.complaints, *_no_room(both.bible))
        action = Action(self.user, f"Taken from “{show.name}”", id=uuid.uuid4().hex)
        self._keep(project, both.bible, action)
        cast = self._shop.lines.cast(project.id)
        sheets = _new_sheets(cast.speakers, self._shop.shows.sheets(project.id), bible)
        self._shop.shows.set_sheets(project.id, sheets, by=action)
        voices = self._free_voices(project, cast, bible)
        for speaker, voice in voices:
            self._shop.lines.set_speaker_voice(project.id, speaker.id, voice, by=action)
        named = {speaker.id: speaker.name for speaker in cast.speakers}
        return Taken(show, tuple(speaker.name for speaker, _ in voices), tuple(named[one] for one in sheets), complaints)

    def save_to_show(self, project_id: str) -> Merged:
        """Give the show what this episode decided: its rules, its voices, its sheets. They replace what the show said of the same; what
        only the show says stays. Raises NotReady for a project of no show."""
        project, show = self._own(project_id), self._its_show(project_id)
        mine = self._bible(project)
        told: list[Merged] = []

        def change(now: Show) -> Show:
            told.append(merged(mine, now.bible(project.source_language, project.target_language)))
            return now.with_bible(told[-1].bible)

        self._shop.shows.change(show.id, self.user, change)
        return told[-1]

    # within

    def _its_show(self, project_id: str) -> Show:
        show = self.show_of(project_id)
        if show is None:
            raise NotReady("This project is no episode of a show; join one first.")
        return show

    def _bible(self, project: Project) -> Bible:
        """What a project has decided, as a bible. A speaker's chosen voice stands on their sheet."""
        house, sheets = project.settings.house, self._shop.shows.sheets(project.id)
        characters = []
        for speaker in self._shop.lines.speakers(project.id):
            sheet = sheets.get(speaker.id, CharacterSheet(speaker.name))
            sheet = replace(sheet, voice=speaker.voice) if speaker.voice is not None else sheet
            characters += [] if sheet.is_blank else [sheet]
        pair = project.source_language, project.target_language
        return Bible(*pair, project.settings.translation.terms, house.phrases, house.addresses, tuple(characters))

    def _keep(self, project: Project, bible: Bible, action: Action) -> None:
        def change(now: Project) -> Project:
            house = HouseSettings(bible.phrases[:MAX_PHRASES], bible.addresses[:MAX_ADDRESSES])
            terms = tuple(pair for pair in bible.terms if max(map(len, pair)) <= MAX_TERM_CHARS)[:MAX_TERMS]
            translation = replace(now.settings.translation, terms=terms)
            return replace(now, settings=replace(now.settings, translation=translation, house=house))

        self._shop.projects.change(project.id, self.user, change, by=action)

    def _free_voices(self, project: Project, cast: Cast, bible: Bible) -> tuple[tuple[SpeakerProfile, VoiceRef], ...]:
        """Voices of the show for speakers who have none, as far as they are on offer here and nobody else's."""
        offered = {(info.ref.engine, info.ref.voice) for info in voices_on_offer(project, self._shop.engines, self._shop.lines.reference_voices(project.id))}
        taken = {(one.voice.engine, one.voice.voice) for one in cast.speakers if one.voice is not None}
        found: list[tuple[SpeakerProfile, VoiceRef]] = []
        for speaker in cast.speakers:
            sheet = bible.sheet(speaker.name)
            if speaker.voice is not None or sheet is None or sheet.voice is None:
                continue
            key = sheet.voice.engine, sheet.voice.voice
            if key in offered and key not in taken:
                taken.add(key)
                found.append((speaker, sheet.voice))
        return tuple(found)

    def _change_house(self, project_id: str, change: Callable[[HouseSettings], HouseSettings], title: str) -> None:
        def changed(project: Project) -> Project:
            return replace(project, settings=replace(project.settings, house=change(project.settings.house)))

        self._shop.projects.change(project_id, self.user, changed, by=Action(self.user, title))


def _new_sheets(speakers: Sequence[SpeakerProfile], known: dict[str, CharacterSheet], bible: Bible) -> dict[str, CharacterSheet]:
    by_name = {folded(sheet.name): sheet for sheet in bible.characters}
    return {one.id: sheet for one in speakers if one.id not in known and (sheet := by_name.get(folded(one.name))) is not None}


def _no_room(bible: Bible) -> tuple[str, ...]:
    """An episode holds less than a show can; what finds no room is told."""
    rows = (("terms", len(bible.terms), MAX_TERMS), ("key phrases", len(bible.phrases), MAX_PHRASES), ("forms of address", len(bible.addresses), MAX_ADDRESSES))
    return tuple(f"A project holds {most} {what}; {many - most} of the show were left out." for what, many, most in rows if many > most)


def _one_line(text: str) -> str:
    if not isinstance(text, str):
        raise BadSetting("A house rule is text.")
    return storable(" ".join(text.split()), "A house rule")
