"""What the page asks about house rules, shows and sign-off through the desk's calls. Part of `Desk`.

Enter: plain values of a JSON body. Leave: `RulesView`, always whole, for it is small; or `SignOffView`. A new verb is a method and its name here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from studio.domain.address import form_name, what_is_checked
from studio.domain.bible import CharacterSheet, contradictions
from studio.domain.consistency import HouseRules
from studio.domain.errors import BadSetting, NotFound
from studio.domain.house import FAMILIAR, FORMAL, MAX_PHRASES, Address
from studio.domain.line import VoiceRef
from studio.domain.pace import SYLLABLES, pace_of
from studio.service import SignOff, Studio, Taken
from studio.ui import desk_present
from studio.ui.call_shapes import record
from studio.ui.desk_views import Reply
from studio.ui.list_desk import BulkReply, words_seen

MAX_ROWS = 2 * MAX_PHRASES
LATER = "What other episodes save later, and voices and sheets for speakers who come later, are brought by “Take from the show”."


@dataclass(frozen=True, slots=True)
class SheetView:
    """A speaker with their character sheet. `voice` and `sheet_voice`: keys of voices, "" where none is fixed."""

    speaker_id: str
    name: str
    lines: int
    voice: str
    sheet_voice: str
    min_pace: float | None
    max_pace: float | None
    register: str
    forbidden: tuple[str, ...]
    preferred: tuple[tuple[str, str], ...]
    note: str


@dataclass(frozen=True, slots=True)
class ShowView:
    id: str
    name: str
    episodes: int


@dataclass(frozen=True, slots=True)
class RulesView:
    """The house rules of a project beside its glossary. `show`: the one it is an episode of. `said`: what a call has to tell."""

    phrases: tuple[tuple[str, str], ...]
    addresses: tuple[Address, ...]
    sheets: tuple[SheetView, ...]
    shows: tuple[ShowView, ...]
    show: ShowView | None
    familiar: str
    formal: str
    checked: str
    pace_unit: str
    violations: int
    complaints: tuple[str, ...] = ()
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SheetChange:
    """A character sheet as the page sends it. `keeps_voice`: the speaker's voice belongs on it."""

    speaker_id: str
    min_pace: float | None = None
    max_pace: float | None = None
    register: str = ""
    forbidden: tuple[str, ...] = ()
    preferred: tuple[tuple[str, str], ...] = ()
    note: str = ""
    keeps_voice: bool = False


class ShowsDesk:
    _studio: Studio
    _project_id: str

    def rules(self) -> RulesView:
        return self._rules()

    def set_phrases(self, pairs: Sequence[Sequence[str]]) -> RulesView:
        complaints = self._studio.set_phrases(self._project_id, _pairs(pairs))
        return replace(self._rules(), complaints=complaints)

    def set_addresses(self, addresses: Sequence[dict[str, str]]) -> RulesView:
        if not isinstance(addresses, list) or len(addresses) > MAX_ROWS or not all(isinstance(one, dict) for one in addresses):
            raise BadSetting("Forms of address are a list of who says which form to whom.")
        listed = [Address(one.get("speaker", ""), one.get("to", ""), one.get("form", "")) for one in addresses]
        self._studio.set_addresses(self._project_id, listed)
        return self._rules()

    def set_sheet(self, **values: Any) -> RulesView:
        change = record(SheetChange, values)
        speaker = next((one for one in self._studio.project(self._project_id).speakers if one.id == change.speaker_id), None)
        if speaker is None:
            raise NotFound("speaker", str(change.speaker_id))
        sheet = CharacterSheet(
            name=speaker.name,
            voice=speaker.voice if change.keeps_voice else None,
            min_pace=change.min_pace,
            max_pace=change.max_pace,
            register=_text(change.register),
            forbidden=tuple(_text(word) for word in change.forbidden if _text(word)),
            preferred=tuple((_text(never), _text(but)) for never, but in _pairs(change.preferred)),
            note=_text(change.note),
        )
        self._studio.set_sheet(self._project_id, speaker.id, sheet)
        return self._rules()

    # shows

    def create_show(self, name: str) -> RulesView:
        """A new show with this project as its first episode; the show learns what the project has decided."""
        show = self._studio.create_show(_text(name))
        self._studio.join_show(self._project_id, show.id)
        return self.save_to_show()

    def join_show(self, show_id: str) -> RulesView:
        return self._took(self._studio.join_show(self._project_id, show_id))

    def take_from_show(self) -> RulesView:
        return self._took(self._studio.take_from_show(self._project_id))

    def save_to_show(self) -> RulesView:
        told = self._studio.save_to_show(self._project_id)
        bible = told.bible
        terms, phrases, characters = (_many(len(known), noun) for known, noun in ((bible.terms, "term"), (bible.phrases, "key phrase"), (bible.characters, "character")))
        said = f"The show now knows {terms}, {phrases} and {characters}."
        return replace(self._rules(), complaints=told.complaints, said=(said,))

    def leave_show(self) -> RulesView:
        self._studio.leave_show(self._project_id)
        return replace(self._rules(), said=("This project left its show and keeps what it took.",))

    # sign-off

    def plan_sign_off(self, speaker_id: str | None = None, scene_line_id: str | None = None) -> SignOff:
        rows = self._studio.rows(self._project_id)
        return self._studio.plan_sign_off(self._project_id, rows, speaker_id=speaker_id, scene_line_id=scene_line_id)

    def sign_off(self, line_ids: Sequence[str], seen: Mapping[str, str] | None = None) -> BulkReply:
        """Approve these lines as one action. `seen`: their translations as the page shows them; an approval holds for those words."""
        done = self._studio.approve_lines(self._project_id, [str(one) for one in line_ids], seen=words_seen(seen))
        return BulkReply(self._whole().desk, done.changed_count, done.passed_over)

    # within

    def _whole(self) -> Reply:
        return Reply(desk=self.view())  # type: ignore[attr-defined]

    def _took(self, taken: Taken) -> RulesView:
        parts = (("Voices", taken.voices), ("Character sheets", taken.sheets))
        said = tuple(f"{what} taken over for {', '.join(names)}." for what, names in parts if names)
        return replace(self._rules(), complaints=taken.complaints, said=(f"This project is an episode of “{taken.show.name}” and has what the show knows.", *said, LATER))

    def _rules(self) -> RulesView:
        studio, project_id = self._studio, self._project_id
        rules, project = studio.house_rules(project_id), studio.project(project_id).project
        show, counts = studio.show_of(project_id), studio.episode_counts()
        language = project.target_language
        found = contradictions(rules.terms) + contradictions(rules.phrases, "The list of key phrases")
        return RulesView(
            phrases=rules.phrases,
            addresses=rules.addresses,
            sheets=self._sheets(rules),
            shows=tuple(ShowView(one.id, one.name, counts.get(one.id, 0)) for one in studio.shows()),
            show=None if show is None else ShowView(show.id, show.name, counts.get(show.id, 0)),
            familiar=form_name(language, FAMILIAR),
            formal=form_name(language, FORMAL),
            checked=what_is_checked(language),
            pace_unit=unit.unit if (unit := pace_of("a", language, 1000)) is not None else SYLLABLES,
            violations=len(studio.consistency(project_id)),
            complaints=found,
        )

    def _sheets(self, rules: HouseRules) -> tuple[SheetView, ...]:
        counts: dict[str, int] = {}
        for row in self._studio.rows(self._project_id):
            counts[row.line.speaker_id] = counts.get(row.line.speaker_id, 0) + 1
        views = []
        for speaker_id, name in rules.names.items():
            sheet = rules.sheets.get(speaker_id, CharacterSheet(name))
            voice = rules.speaker_voices.get(speaker_id)
            views.append(
                SheetView(
                    speaker_id, name, counts.get(speaker_id, 0), _key(voice), _key(sheet.voice),
                    sheet.min_pace, sheet.max_pace, sheet.register, sheet.forbidden, sheet.preferred, sheet.note,
                )
            )  # fmt: skip
        return tuple(views)


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _key(voice: VoiceRef | None) -> str:
    return desk_present.voice_key(voice) if voice is not None else ""


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise BadSetting("A house rule is text.")
    return " ".join(value.split())


def _pairs(pairs: object) -> list[tuple[str, str]]:
    """Rows of two texts; rows with an empty side are left out. Raises BadSetting for anything else."""
    if not isinstance(pairs, list | tuple) or len(pairs) > MAX_ROWS or not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs):
        raise BadSetting(f"Key phrases are up to {MAX_PHRASES} rows of a source and a target.")
    return [(source, target) for source, target in ((_text(pair[0]), _text(pair[1])) for pair in pairs) if source and target]


SHOWS_CALLS: dict[str, Callable[..., Any]] = {
    "rules": ShowsDesk.rules,
    "set_phrases": ShowsDesk.set_phrases,
    "set_addresses": ShowsDesk.set_addresses,
    "set_sheet": ShowsDesk.set_sheet,
    "create_show": ShowsDesk.create_show,
    "join_show": ShowsDesk.join_show,
    "take_from_show": ShowsDesk.take_from_show,
    "save_to_show": ShowsDesk.save_to_show,
    "leave_show": ShowsDesk.leave_show,
    "plan_sign_off": ShowsDesk.plan_sign_off,
    "sign_off": ShowsDesk.sign_off,
}
