"""Scripts as exports of a project: the as-recorded one brings its takes, the workbook its figures, and each file is what its name says."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from studio.domain.errors import NotReady
from studio.domain.line import LineStatus
from studio.domain.project import JobKind
from studio.formats.cue import Ledger
from studio.formats.dapt_check import dapt_faults
from studio.formats.dapt_read import read_dapt
from studio.formats.scripted import ScriptType
from studio.formats.xml_tree import read_xml
from studio.handover.package import Watch
from studio.script_document import kind_of
from studio.script_exports import ScriptWish
from tests.studio_fixtures import clip_project, fake_studio, finish


def test_an_as_recorded_script_goes_out_with_the_takes_it_refers_to(home: Path, clip: Path) -> None:
    studio = fake_studio(home)
    project = clip_project(studio, clip)
    with pytest.raises(NotReady, match="has no takes yet"):
        studio.export(project.id, "dapt_asrecorded")
    finish(studio, studio.submit(project.id, JobKind.VOICE))
    with zipfile.ZipFile(studio.export(project.id, "dapt_asrecorded")) as archive:
        text = archive.read("script.dapt.ttml").decode()
        document = read_dapt(read_xml(text, "a"), "a", Ledger())
        named = [one.source for event in document.events for one in event.recordings]
        assert dapt_faults(text) == () and document.kind is ScriptType.AS_RECORDED and len(named) == 2
        assert set(named) < set(archive.namelist()) and all(archive.read(name)[:4] == b"RIFF" for name in named)
        assert all(role.actor for role in document.characters)
    told: list[tuple[int, int]] = []
    stems = studio.export_into(project.id, "stems", ScriptWish(home / "out", watch=Watch(lambda done, total: told.append((done, total)))))
    assert {Path(name).name for name in named} == {path.name for path in stems.glob("lines/*.wav")}, "a line's file has one name wherever it goes"
    assert told == sorted(told) and told[-1][0] == told[-1][1] > 0
    rows = zipfile.ZipFile(io.BytesIO(studio.export(project.id, "script_xlsx").read_bytes())).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in rows and rows.count("<row ") == 3
    studio.close()


def test_a_script_grows_from_transcript_to_translation_to_what_is_recorded(home: Path) -> None:
    studio = fake_studio(home)
    project = studio.create_project("Pilot", "en", "de")
    studio.import_script(project.id, b"start,end,speaker,source,target\n1,2,Ann,one,\n3,4,Bob,two,\n", "a.csv")

    def kind() -> ScriptType:
        return kind_of(studio._shop.lines.cast(project.id))

    assert kind() is ScriptType.ORIGINAL
    studio.import_script(project.id, b"start,end,speaker,source,target\n1,2,Ann,one,eins\n3,4,Bob,two,zwei\n", "a.csv")
    assert kind() is ScriptType.TRANSLATED
    studio.set_status(project.id, [row.line.id for row in studio.rows(project.id)], LineStatus.APPROVED)
    assert kind() is ScriptType.PRE_RECORDING
    assert 'scriptType="preRecording"' in studio.export(project.id, "dapt").read_text(encoding="utf-8")
    assert "eins" not in studio.export(project.id, "dapt_original").read_text(encoding="utf-8")
    studio.close()
