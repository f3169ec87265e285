"""Is the translation of one piece? Glossary, key phrases, forms of address, pace, words and voice of each character, and the same words said
the same way as before. House rules and the lines of a project in; sentences per line out. Pure, and fast: a project's lines are read once.

`Consistency(rules, lines).sentences` is about all of them, `again` about what they are a moment later, `of(line)` about one. A new check is a method that yields sentences.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from studio.domain.address import addressing, form_name
from studio.domain.bible import CharacterSheet, Pair
from studio.domain.glossary import folded, missed_terms, terms_in
from studio.domain.house import Address
from studio.domain.line import Line, VoiceRef
from studio.domain.pace import pace_of
from studio.domain.scene_cuts import scenes
from studio.domain.term_places import Places, first_of

SAME_FROM_CHARS = 16  # shorter lines ("Yes.", "All right.") may well be said differently each time
SAME_FROM_WIDE_CHARS = 6  # of scripts that need fewer characters for as much
PACE_FROM_MS, PACE_FROM_UNITS = 600, 3  # of less, a pace says nothing
_SHOWN_CHARS = 60
_WIDE_FROM = "\u2e80"


@dataclass(frozen=True, slots=True)
class HouseRules:
    """What lines are held against. `names`: speakers by id; `sheets`: character sheets by the id of their speaker; `speaker_voices`: the
    voice chosen for a speaker, where one is."""

    target_language: str
    terms: tuple[Pair, ...] = ()
    phrases: tuple[Pair, ...] = ()
    addresses: tuple[Address, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    sheets: Mapping[str, CharacterSheet] = field(default_factory=dict)
    speaker_voices: Mapping[str, VoiceRef] = field(default_factory=dict)


class Consistency:
    """All lines of a project against its rules. Lines in timeline order; their numbers count from 1. `sentences`: by line id, for the
    lines that break a rule. Does not change once made; `again` makes another one out of it."""

    def __init__(self, rules: HouseRules, lines: Sequence[Line], before: Consistency | None = None) -> None:
        """`before`: a look at the same project, of which all that still holds is taken over; it changes nothing but the time taken."""
        self.rules, self._lines = rules, tuple(lines)
        kept = before if before is not None and before.rules == rules and _are_same_but_for_wording(before._lines, self._lines) else None
        self._read(kept)
        known = dict(kept.sentences) if kept is not None else {}
        for at in range(len(self._lines)) if kept is None else self._to_look_at(kept):
            known[self._lines[at].id] = tuple(self._sentences(self._lines[at], at))
        self.sentences: Mapping[str, tuple[str, ...]] = {line_id: found for line_id, found in known.items() if found}

    def again(self, rules: HouseRules, lines: Sequence[Line]) -> Consistency:
        """The same look at what the project is now; quick where few wordings changed."""
        return Consistency(rules, lines, self)

    def of(self, line: Line) -> tuple[str, ...]:
        """The sentences of one line with the translation, times and voice it has now; its source, speaker and place are as they were."""
        number = self._numbers.get(line.id)
        return () if number is None else tuple(self._sentences(line, number - 1))

    def _read(self, kept: Consistency | None) -> None:
        """What all lines together say. `kept`: a look whose lines differ in their wording only."""
        lines, rules = self._lines, self.rules
        self._numbers = {line.id: number for number, line in enumerate(lines, start=1)} if kept is None else kept._numbers
        self._folded = [folded(line.source_text) for line in lines] if kept is None else kept._folded
        self._terms = Places(first_of(rules.terms), self._folded) if kept is None else kept._terms
        self._phrases = Places(first_of(rules.phrases), self._folded) if kept is None else kept._phrases
        self._forms = _expected_forms(rules, lines) if kept is None else kept._forms
        changed = frozenset(range(len(lines))) if kept is None else frozenset(_changed(kept._lines, lines))
        self._same = self._first_of_same() if changed else kept._same if kept is not None else {}
        self._first_lines = self._first_by_speaker() if changed or kept is None else kept._first_lines
        is_phrased = kept is None or not changed.isdisjoint(self._phrases.places())
        self._kept_in = self._first_kept() if is_phrased else kept._kept_in if kept is not None else {}
        self._words_at = self._spoken_words(changed) | (kept._words_at - changed if kept is not None else frozenset())

    def _to_look_at(self, kept: Consistency) -> frozenset[int]:
        """Places whose sentences may differ from those of `kept`."""
        found = set(_changed(kept._lines, self._lines))
        found |= {at for at in self._same.keys() | kept._same.keys() if self._same.get(at) != kept._same.get(at) or self._same.get(at) in found}
        if self._kept_in != kept._kept_in:
            found |= set(self._phrases.places())
        for speaker_id in self._first_lines.keys() | kept._first_lines.keys():
            now, was = self._first_lines.get(speaker_id), kept._first_lines.get(speaker_id)
            if now != was:
                found |= {self._numbers[line_id] - 1 for line_id in (now, was) if line_id is not None}
        return frozenset(found)

    def _sentences(self, line: Line, at: int) -> Iterator[str]:
        if not line.target_text.strip():
            return
        yield from self._missed_terms(line, at)
        yield from self._missed_phrases(line, at)
        yield from self._said_before(line, at)
        yield from self._address(line)
        sheet = self.rules.sheets.get(line.speaker_id)
        if sheet is not None:
            yield from self._pace(line, sheet)
            yield from self._words(line, sheet, at)
            yield from self._voice(line, sheet)

    # words that are fixed

    def _missed_terms(self, line: Line, at: int) -> Iterator[str]:
        held = self._terms.of(at)
        missed = missed_terms(line.source_text, line.target_text, held) if held else ()
        if missed:
            yield f"The translation leaves out {', '.join(f'“{term}”' for term in missed)} of the glossary."

    def _missed_phrases(self, line: Line, at: int) -> Iterator[str]:
        held = self._phrases.of(at)
        missed = set(missed_terms(line.source_text, line.target_text, held)) if held else set()
        for source, target in terms_in(line.source_text, held) if missed else ():
            if target not in missed:
                continue
            earlier = self._kept_in.get((source, target))
            if earlier is not None and earlier < at + 1:
                yield f"“{source}” was “{target}” in line {earlier}; this translation has it otherwise."
            else:
                yield f"“{source}” is “{target}” by the house rules; this translation has it otherwise."

    def _said_before(self, line: Line, at: int) -> Iterator[str]:
        first = self._same.get(at)
        if first is None:
            return
        before = self._lines[first].target_text
        if folded(before) != folded(line.target_text):
            yield f"The same words were “{_short(before)}” in line {first + 1}."

    # how people speak to each other

    def _address(self, line: Line) -> Iterator[str]:
        expected = self._forms.get(line.id)
        if expected is None:
            return
        language = self.rules.target_language
        for found in addressing(line.target_text, language, is_one_listener=expected.is_one_listener):
            if found.form != expected.form:
                speaker = self.rules.names.get(line.speaker_id, "")
                yield f"{speaker} says “{form_name(language, expected.form)}” to {expected.to}; “{found.word}” here is the other form."

    # how a character speaks

    def _pace(self, line: Line, sheet: CharacterSheet) -> Iterator[str]:
        if sheet.min_pace is None and sheet.max_pace is None or line.span.length_ms < PACE_FROM_MS:
            return
        pace = pace_of(line.target_text, self.rules.target_language, line.span.length_ms)
        if pace is None or pace.count < PACE_FROM_UNITS:
            return
        low, high = sheet.min_pace or 0.0, sheet.max_pace or float("inf")
        if not low <= pace.per_second <= high:
            word = "faster" if pace.per_second > high else "slower"
            yield f"At {pace.per_second:.1f} {pace.unit} a second this is {word} than {sheet.name} speaks ({_range(sheet)})."

    def _words(self, line: Line, sheet: CharacterSheet, at: int) -> Iterator[str]:
        if line.target_text == self._lines[at].target_text and at not in self._words_at:
            return
        for word, _ in terms_in(line.target_text, [(word, word) for word in sheet.forbidden]):
            yield f"{sheet.name} never says “{word}”."
        for word, instead in terms_in(line.target_text, sheet.preferred):
            yield f"{sheet.name} says “{instead}”, not “{word}”."

    def _voice(self, line: Line, sheet: CharacterSheet) -> Iterator[str]:
        """A line's own voice is told on the line, a speaker's on their first line only."""
        if sheet.voice is None:
            return
        of_speaker = self.rules.speaker_voices.get(line.speaker_id) if self._first_lines.get(line.speaker_id) == line.id else None
        chosen = line.voice if line.voice is not None else of_speaker
        if chosen is not None and (chosen.engine, chosen.voice) != (sheet.voice.engine, sheet.voice.voice):
            whose = "This line" if line.voice is not None else sheet.name
            yield f"{whose} has the voice “{chosen.voice}”; the sheet of {sheet.name} says “{sheet.voice.voice}”."

    # read once

    def _first_of_same(self) -> dict[int, int]:
        """For each line whose words were said before: where they were first translated."""
        first: dict[str, int] = {}
        found: dict[int, int] = {}
        for at, text in enumerate(self._folded):
            if len(text) < (SAME_FROM_WIDE_CHARS if text[:1] >= _WIDE_FROM else SAME_FROM_CHARS) or not self._lines[at].target_text.strip():
                continue
            if (before := first.setdefault(text, at)) != at:
                found[at] = before
        return found

    def _first_kept(self) -> dict[Pair, int]:
        """For each key phrase the number of the first line that renders it as it should be."""
        found: dict[Pair, int] = {}
        for at in self._phrases.places():
            line, held = self._lines[at], self._phrases.of(at)
            missed = set(missed_terms(line.source_text, line.target_text, held))
            for pair in terms_in(line.source_text, held):
                if pair[1] not in missed:
                    found.setdefault(pair, at + 1)
        return found

    def _spoken_words(self, places: frozenset[int]) -> frozenset[int]:
        """Which of these places may hold a word of any sheet in their translation."""
        words = {word for sheet in self.rules.sheets.values() for word in (*sheet.forbidden, *(never for never, _ in sheet.preferred))}
        if not words or not places:
            return frozenset()
        listed = sorted(places)
        holders = Places([(word, word) for word in words], [folded(self._lines[at].target_text) for at in listed])
        return frozenset(listed[at] for at in holders.places())

    def _first_by_speaker(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for line in self._lines:
            if line.target_text.strip():
                found.setdefault(line.speaker_id, line.id)
        return found


def _are_same_but_for_wording(before: Sequence[Line], now: Sequence[Line]) -> bool:
    """Whether all that is read once for all lines together still holds."""
    return len(before) == len(now) and all(
        was is line or (was.id, was.source_text, was.speaker_id, was.span) == (line.id, line.source_text, line.speaker_id, line.span)
        for was, line in zip(before, now, strict=True)
    )


def _changed(before: Sequence[Line], now: Sequence[Line]) -> list[int]:
    return [at for at, (was, line) in enumerate(zip(before, now, strict=True)) if was is not line and was != line]


@dataclass(frozen=True, slots=True)
class _Expected:
    form: str
    to: str
    is_one_listener: bool


def _expected_forms(rules: HouseRules, lines: Sequence[Line]) -> dict[str, _Expected]:
    """The form each line should use, where it is certain: all who are present in its scene are addressed alike by its speaker."""
    if not rules.addresses:
        return {}
    forms = {(folded(one.speaker), folded(one.to)): one.form for one in rules.addresses}
    names = {speaker_id: folded(name) for speaker_id, name in rules.names.items()}
    found: dict[str, _Expected] = {}
    for scene in scenes(lines):
        present = dict.fromkeys(line.speaker_id for line in scene)
        by_speaker = {speaker_id: _expected(speaker_id, present, names, rules.names, forms) for speaker_id in present}
        found |= {line.id: expected for line in scene if (expected := by_speaker[line.speaker_id]) is not None}
    return found


def _expected(
    speaker_id: str, present: Mapping[str, None], names: Mapping[str, str], shown: Mapping[str, str], forms: Mapping[Pair, str]
) -> _Expected | None:
    speaker = names.get(speaker_id, "")
    others = [one for one in present if one != speaker_id]
    to_all = forms.get((speaker, ""))
    wanted = {forms.get((speaker, names.get(one, "")), to_all) for one in others} or {to_all}
    form = next(iter(wanted))
    if len(wanted) > 1 or form is None:
        return None
    to = " and ".join(shown.get(one, "") for one in others[:3]) + (" and others" if len(others) > 3 else "") if others else "everybody"
    return _Expected(form, to, is_one_listener=len(others) == 1)


def _range(sheet: CharacterSheet) -> str:
    if sheet.min_pace is None:
        return f"up to {sheet.max_pace:g}"
    return f"{sheet.min_pace:g} or more" if sheet.max_pace is None else f"{sheet.min_pace:g} to {sheet.max_pace:g}"


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _SHOWN_CHARS else f"{plain[:_SHOWN_CHARS]}…"
