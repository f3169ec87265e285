"""Shows on disk: their owner's only, whole, and sheets that follow their speaker."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import Engine

from studio.domain.bible import Bible, CharacterSheet, Show
from studio.domain.errors import BadSetting, NotFound
from studio.domain.house import FORMAL, Address
from studio.domain.line import VoiceRef
from studio.domain.project import Project
from studio.store.database import new_id
from studio.store.lines import LineStore
from studio.store.shows import ShowStore
from tests.store.samples import a_cast

BIBLE = Bible("en", "zh", (("ferry", "渡轮"),), (), (Address("Mara", "", FORMAL),), (CharacterSheet("Mara", VoiceRef("e", "v"), 3, None, "plain", ("哦",), (("船", "渡轮"),), "🎬"),))


@pytest.fixture
def store(engine: Engine) -> ShowStore:
    return ShowStore(engine)


def test_a_show_comes_back_whole_and_to_its_owner_only(store: ShowStore) -> None:
    show = store.create(Show(new_id(), "ada", "Harbour", (BIBLE,)))
    assert store.get(show.id, "ada") == show and store.list("ada") == (show,) and store.list("bob") == ()
    for act in (lambda: store.get(show.id, "bob"), lambda: store.change(show.id, "bob", lambda now: now), lambda: store.delete(show.id, "bob")):
        with pytest.raises(NotFound):
            act()


def test_a_change_starts_from_what_is_stored_and_keeps_who_owns_it(store: ShowStore) -> None:
    show = store.create(Show(new_id(), "ada", "Harbour"))
    store.change(show.id, "ada", lambda now: now.with_bible(BIBLE))
    after = store.change(show.id, "ada", lambda now: replace(now, name="Lights", owner="eve", id="x"))
    assert after == replace(show, name="Lights", bibles=(BIBLE,)) == store.get(show.id, "ada")
    with pytest.raises(BadSetting, match="half an emoji"):
        store.change(show.id, "ada", lambda now: now.with_bible(replace(BIBLE, terms=(("\ud83d", "x"),))))


def test_a_show_that_is_gone_leaves_its_episodes_alone(store: ShowStore, project: Project) -> None:
    show = store.create(Show(new_id(), project.owner, "Harbour"))
    store.join(project.id, show.id)
    assert store.show_id(project.id) == show.id and store.episodes(project.owner) == {show.id: 1}
    store.delete(show.id, project.owner)
    assert store.show_id(project.id) is None and store.episodes(project.owner) == {}


def test_sheets_stand_under_the_name_their_speaker_has_now(engine: Engine, store: ShowStore, project: Project) -> None:
    cast, lines = a_cast(), LineStore(engine)
    lines.replace_cast(project.id, cast, by="ada")
    speaker = cast.speakers[0]
    store.set_sheets(project.id, {speaker.id: replace(BIBLE.characters[0], name="whatever")})
    lines.update_speaker(project.id, speaker.id, name="Mara B.", by="ada")
    assert store.sheets(project.id) == {speaker.id: replace(BIBLE.characters[0], name="Mara B.")}
    with pytest.raises(NotFound):
        store.set_sheets(project.id, {speaker.id: CharacterSheet("x"), "nobody": CharacterSheet("x")})
    assert len(store.sheets(project.id)) == 1, "all or none"
    store.set_sheets(project.id, {speaker.id: CharacterSheet("x")})
    assert store.sheets(project.id) == {}
