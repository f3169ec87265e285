"""Scripts into a project: what an update changes, what it leaves alone, and scripts that belong elsewhere."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from studio.domain.errors import BadSetting, BadSubtitles, NotReady
from studio.domain.line import LineStatus
from studio.domain.project import Project, Script
from studio.script_doubts import Held, doubts
from studio.service import LineEdit, Studio
from tests.studio_fixtures import fake_studio

TALK = "".join(
    f"{at + 1}\n00:00:{at * 2:02d},000 --> 00:00:{at * 2 + 1:02d},500\n{words}\n\n"
    for at, words in enumerate(("Where have you been?", "At the harbour.", "The ferry has left.", "Then we swim.", "It is cold.", "It is only water."))
).encode()
HEADER = "id,start,end,speaker,source,target,status,notes,on_screen\r\n"


@pytest.fixture
def studio(home: Path) -> Studio:
    return fake_studio(home)


def talk(studio: Studio) -> Project:
    project = studio.create_project("Ferry", "en", "de")
    studio.import_script(project.id, TALK, "talk.srt")
    return project


def texts(studio: Studio, project: Project) -> list[tuple[str, str]]:
    return [(row.line.source_text, row.line.target_text) for row in studio.rows(project.id)]


def test_an_update_brings_times_speakers_texts_status_and_notes_and_removes_nothing(studio: Studio) -> None:
    project = talk(studio)
    first, second = (row.line for row in studio.rows(project.id)[:2])
    studio.revise_line(project.id, second.id, LineEdit(target_text="Am Hafen.", status=LineStatus.APPROVED))
    table = HEADER + (
        f"{first.id},0:00:00.100,0:00:01.700,דנה,Where have you been?,Wo warst du?,adapted,softly,\r\n,0:00:02.000,0:00:03.500,Speaker 1,At the harbour.,Im Hafen.,,,\r\n"
    )
    plan = studio.update_from_script(project.id, table.encode(), "back.csv")
    assert (len(plan.changed), plan.same, len(plan.added), len(plan.missing)) == (2, 0, 0, 4)
    assert [change.field for change in plan.changed[0].changes] == ["times", "speaker", "translation", "status", "notes"]
    after = studio.rows(project.id)
    assert (after[0].line.span.start_ms, after[0].speaker.name, after[0].line.status, after[0].line.notes) == (100, "דנה", LineStatus.ADAPTED, ("softly",))
    assert (after[1].line.target_text, after[1].line.status) == ("Im Hafen.", LineStatus.ADAPTED), "what was approved is not what is there now"
    assert len(after) == 6
    studio.undo(project.id)
    assert texts(studio, project)[:2] == [("Where have you been?", ""), ("At the harbour.", "Am Hafen.")]


def test_subtitles_of_one_language_change_the_side_they_are_like(studio: Studio) -> None:
    project = talk(studio)
    german = TALK.decode()
    for english, words in (("Where have you been?", "Wo bist du gewesen?"), ("The ferry has left.", "Die letzte Fähre ist weg.")):
        german = german.replace(english, words)
    studio.import_script(project.id, german.encode(), "de.srt", as_target=True)
    studio.update_from_script(project.id, german.replace("Wo bist du gewesen?", "Wo warst du?").encode(), "de2.srt")
    assert texts(studio, project)[0] == ("Where have you been?", "Wo warst du?")
    assert studio.update_from_script(project.id, TALK.replace(b"Then we swim", b"So we swim"), "en2.srt").changed[0].changes[0].field == "source"


def test_a_script_for_another_video_is_refused_and_nothing_changes(studio: Studio) -> None:
    project = talk(studio)
    before = texts(studio, project)
    other = b"".join(b"%d\n00:10:%02d,000 --> 00:10:%02d,900\nEntirely other matter %d\n\n" % (at, at * 2, at * 2, at) for at in range(1, 9))
    for call in (lambda: studio.update_from_script(project.id, other, "other.srt"), lambda: studio.import_script(project.id, other, "other.srt", as_target=True)):
        with pytest.raises(BadSubtitles, match=r"seems to be for another video.*0 of its 8 lines.*Nothing was changed"):
            call()
    assert texts(studio, project) == before
    assert len(studio.update_from_script(project.id, other, "other.srt", anyway=True).added) == 8


def test_what_was_shown_is_what_is_done(studio: Studio) -> None:
    project = talk(studio)
    data = TALK.replace(b"It is cold", b"It is icy")
    plan = studio.plan_update(project.id, data, "talk.srt")
    assert texts(studio, project)[4][0] == "It is cold."
    studio.revise_line(project.id, studio.rows(project.id)[4].line.id, LineEdit(source_text="It is very cold."))
    with pytest.raises(BadSetting, match="changed since this was shown"):
        studio.update_from_script(project.id, data, "talk.srt", mark=plan.mark)
    studio.update_from_script(project.id, data, "talk.srt", mark=studio.plan_update(project.id, data, "talk.srt").mark)
    assert texts(studio, project)[4][0] == "It is icy."


def test_an_update_needs_lines(studio: Studio) -> None:
    project = studio.create_project("Bare", "en", "de")
    with pytest.raises(NotReady, match="import it as the lines first"):
        studio.update_from_script(project.id, TALK, "talk.srt")


def test_lines_that_come_back_under_their_ids_keep_them(studio: Studio) -> None:
    project = talk(studio)
    ids = [row.line.id for row in studio.rows(project.id)]
    table = HEADER + "".join(f"{key},{at},{at + 0.5},Ann,line {at},Zeile {at},locked,,\r\n" for at, key in enumerate([*ids[:3], ids[0], "f" * 32]))
    studio.import_script(project.id, table.encode(), "back.csv")
    rows = studio.rows(project.id)
    assert [row.line.id for row in rows[:3]] == ids[:3] and len({row.line.id for row in rows}) == 5
    assert {row.line.status for row in rows} == {LineStatus.LOCKED}


def test_every_doubt_is_a_sentence_with_what_differs(studio: Studio, clip: Path) -> None:
    project = studio.create_project("Clip", "en", "de")
    project = studio.upload_media(project.id, clip, "Episode 3.mov")
    script = studio.read_script(TALK.replace(b"00:00:", b"01:00:"), "talk.srt")
    told = doubts(Held(project, (), replace(script, media="file:///x/Episode%204.mxf", source_language="fr-CA", target_language="de")))
    assert [sentence.split(" ")[0:3] for sentence in told] == [["It", "was", "made"], ["It", "is", "spoken"], ["6", "of", "its"]]
    assert doubts(Held(project, (), Script(script.lines[:0], media="C:\\films\\episode 3.mp4", source_language="en"))) == ()
