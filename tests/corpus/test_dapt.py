"""DAPT against the schema of the W3C, without pruning anything: exports of generated projects and documents, and every example it comes with."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from studio.domain.errors import BadSubtitles
from studio.domain.line import Line, LineStatus, SpeakerProfile
from studio.domain.project import Cast
from studio.domain.settings import Limits
from studio.domain.timing import TimeSpan
from studio.formats.cue import Ledger
from studio.formats.dapt_read import read_dapt
from studio.formats.dapt_write import write_dapt
from studio.formats.read import read_script
from studio.formats.scripted import ScriptDocument, ScriptType
from studio.formats.xml_tree import read_xml
from studio.script_document import script_document
from studio.service import Studio
from tests.formats.made_scripts import NAMES, TEXTS, documents
from tests.studio_fixtures import fake_studio

pytestmark = pytest.mark.corpus
FRAME = (
    '<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttm="urn:m" xmlns:tta="urn:a" xmlns:tts="urn:s" xmlns:daptm="urn:d" '
    'daptm:scriptType="preRecording" daptm:scriptRepresents="visual" xml:lang="en">'
)
HALF_WRITTEN = {"intro-top-level.xml", "non-dapt-divs.xml"}  # their times are three dots


@pytest.fixture(scope="module")
def schema(corpus_dir: Path) -> Any:
    from xmlschema import XMLSchema

    return XMLSchema(str(corpus_dir / "dapt" / "xml-schemas" / "dapt.xsd"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Studio:
    return fake_studio(tmp_path_factory.mktemp("made"))


@st.composite
def casts(draw: st.DrawFn) -> Cast:
    storable = TEXTS.map(lambda text: text.replace("\x00", ""))
    names = draw(st.lists(NAMES.map(lambda name: name.replace("\x00", "") or "X"), min_size=1, max_size=12))
    speakers = tuple(SpeakerProfile(draw(st.uuids(version=4)).hex, name) for name in names)
    lines = []
    for _ in range(draw(st.integers(0, 12))):
        start_ms = draw(st.integers(0, 90_000))
        span = TimeSpan(start_ms, start_ms + draw(st.integers(1, 9_000)))
        status, speaker = draw(st.sampled_from(LineStatus)), draw(st.sampled_from(speakers))
        lines.append(Line(draw(st.uuids(version=4)).hex, span, speaker.id, draw(storable), draw(storable), status, notes=tuple(draw(st.lists(storable, max_size=2)))))
    return Cast(speakers, tuple(lines))


@settings(max_examples=50, deadline=None, phases=[Phase.generate], derandomize=True, suppress_health_check=list(HealthCheck))
@given(cast=casts(), pair=st.sampled_from((("en", "zh"), ("he", "en"), ("en", "en"), ("ja", "ar"))))
def test_scripts_of_fifty_generated_projects_are_valid(made: Studio, schema: Any, cast: Cast, pair: tuple[str, str]) -> None:
    project = made.create_project("Épisode <1> & שלום", *pair)
    made._shop.lines.replace_cast(project.id, replace(cast, lines=tuple(replace(line, id=uuid.uuid4().hex) for line in cast.lines)))
    for kind in ScriptType:
        text = write_dapt(script_document(made._shop, project, kind))
        assert [str(error) for error in schema.iter_errors(text)] == []


@settings(max_examples=50, deadline=None, phases=[Phase.generate], derandomize=True, suppress_health_check=list(HealthCheck))
@given(documents())
def test_fifty_generated_documents_are_valid(schema: Any, document: ScriptDocument) -> None:
    assert [str(error) for error in schema.iter_errors(write_dapt(document))] == []


def test_a_script_of_a_thousand_lines_is_valid(made: Studio, schema: Any) -> None:
    speaker = SpeakerProfile("a" * 32, "Ann")
    lines = tuple(Line(f"{at:032x}", TimeSpan(at * 700, at * 700 + 650), speaker.id, f"line {at} " * 9, "第" * 20) for at in range(1000))
    project = made.create_project("Long", "en", "zh")
    made._shop.lines.replace_cast(project.id, Cast((speaker,), lines))
    text = write_dapt(script_document(made._shop, project))
    assert schema.is_valid(text)
    assert len(read_script(text.encode(), "a.ttml", limits=Limits(), max_cue_ms=60_000).lines) == 1000


def test_every_example_and_fixture_is_read_and_comes_back_the_same(corpus_dir: Path) -> None:
    folder = corpus_dir / "dapt"
    paths = [*sorted((folder / "examples").iterdir()), *sorted((folder / "schema-validator").rglob("*.ttml"))]
    assert len(paths) >= 26
    read = {}
    for path in paths:
        text = path.read_text(encoding="utf-8")
        document = read_dapt(read_xml(text if _is_whole(text) else _framed(text), path.name), path.name, ledger := Ledger())
        assert document.events or ledger.skipped() or path.name in {"sourceMediaIdentifier.xml", "metadata-proprietary.xml", "metadata-ttml2.xml"}, path.name
        again = read_dapt(read_xml(write_dapt(document), path.name), path.name, Ledger())
        assert again.events == document.events and again.characters == document.characters
        read[path.name] = document
    assert {name for name, document in read.items() if not document.events} <= HALF_WRITTEN | {name for name in read if name.startswith(("metadata", "source"))}
    assert read["valid_dapt.ttml"].characters[0].actor == "Matthias Schoenaerts"


def test_examples_as_they_stand_are_read_or_refused_with_a_sentence(corpus_dir: Path) -> None:
    for path in sorted((corpus_dir / "dapt" / "examples").iterdir()):
        try:
            read_script(path.read_bytes(), path.name, limits=Limits(), max_cue_ms=60_000)
        except BadSubtitles as error:
            assert path.name in str(error)


def _is_whole(text: str) -> bool:
    return "<tt xmlns" in text and "..." not in text.split("<body>")[0]


def _framed(text: str) -> str:
    """A fragment of the specification's examples made a document: dots that stand for the rest are taken out."""
    text = re.sub(r"^\s*\.{2,3}\s*|\s*\.{2,3}\s*$", "", text.strip()).replace("<tt ...", "<tt").replace('"..."', '"audio"')
    text = re.sub(r"(?m)^\s*\.{2,3}\s*$", "", text)
    text = re.sub(r"<tt(?=[\s>])[^>]*>|</tt>", "", text).strip()
    if "<body" in text and "<audio" in text and "<div" not in text:
        return _in_event(text[text.index("<body>") + 6 : text.index("</body>")])
    if "<body" in text:
        return f"{FRAME}{text}</tt>"
    if "<metadata" in text[:40] or "<head" in text[:40]:
        return f"{FRAME}{text if '<head' in text[:40] else f'<head>{text}</head>'}<body/></tt>"
    return f"{FRAME}<body>{text}</body></tt>" if "<div" in text else _in_event(text)


def _in_event(text: str) -> str:
    inner = text if "<p>" in text else f"<p>{text}</p>"
    return f'{FRAME}<body><div xml:id="e" begin="1s" end="2s">{inner}</div></body></tt>'
