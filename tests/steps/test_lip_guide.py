"""What the lips say is found again from what was kept, and only lines that follow it depend on it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from studio.domain.faces import FaceTrack, FaceTracks, LinePresence, Presence
from studio.domain.line import Line, Slot, VoiceRef
from studio.domain.plain import fingerprint, to_plain
from studio.domain.project import Job, JobKind, Project
from studio.domain.settings import Guidance, Settings
from studio.domain.sync import speech_overlap
from studio.domain.timing import TimeSpan
from studio.line_verbs import LineEdit
from studio.media.face_archive import FaceArchiveWriter, FaceRow
from studio.media.wav import read_wav
from studio.review import take_key
from studio.service import Studio
from studio.stages.speech_activity import speech_spans
from studio.stages.voice import VOICE_VERSION
from studio.steps.faces import KeptFaces, SeenLine, SeenLines
from studio.steps.lip_guide import LipCues, cues, guide_keys, lip_guide
from studio.steps.speech import HeardSpeech
from studio.store.stage_results import StageKey
from tests.studio_fixtures import clip_project, fake_studio, finish

SHUT, WIDE = 0.01, 0.11


@pytest.fixture
def studio(home: Path) -> Studio:
    return fake_studio(home)


@pytest.fixture
def project(studio: Studio, clip: Path) -> Project:
    """Two lines over a clip that sounds from 0.5 to 1.3 and from 1.8 to 2.6 s."""
    project = clip_project(studio, clip)
    finish(studio, studio.submit(project.id, JobKind.TRANSLATE))
    return studio.project(project.id).project


def with_faces(studio: Studio, project: Project, presence: Presence = Presence.ON_SCREEN, start_frame: int = 15) -> None:
    """Keep one face, seen from `start_frame` to frame 60, wide open in every fifth picture, as the mouth of both lines."""
    shop = studio._shop
    with shop.blobs.create(".npz") as draft, FaceArchiveWriter(draft.path) as archive:
        archive.begin(4, start_frame)
        for frame in range(start_frame, 60):
            archive.add(4, FaceRow(True, (0, 0, 90, 120), WIDE if frame % 5 == 0 else SHUT, 0.1, 0.0, np.zeros((64, 64), np.uint8)))
    tracks = FaceTracks((FaceTrack(4, start_frame, 60, 0, 90.0, 40.0, 0.0, 1.0, 0.9),), 75, draft.key, "drawn")
    kept = KeptFaces(project.source.blob, tracks)
    seen = LinePresence(presence, None if presence is Presence.OFF_SCREEN else 4, 0.9, 90.0, 40.0, False, "It is seen.")
    lines = tuple(SeenLine(line.id, line.span, line.speaker_id, seen) for line in lines_of(studio, project))
    for stage, value in (("faces", kept), ("presence", SeenLines(kept, lines))):
        shop.results.put(StageKey(project.id, stage, "", draft.key), to_plain(value), seconds=0.0, peak_memory_mb=0)


def lines_of(studio: Studio, project: Project) -> tuple[Line, ...]:
    return studio._shop.lines.cast(project.id).lines


def guided(studio: Studio, project: Project, lips: float = 1.0, face: float = 0.0) -> Project:
    return studio.update_settings(project.id, replace(project.settings, guidance=Guidance(face, lips)))


def voiced(studio: Studio, project: Project) -> Job:
    return finish(studio, studio.submit(project.id, JobKind.VOICE))


def slots_of(studio: Studio, project: Project) -> dict[str, Slot]:
    return {row.line.id: row.slot for row in studio.rows(project.id)}


def test_the_mouth_is_read_from_the_slots_start_and_missing_where_it_is_not_seen(studio: Studio, project: Project) -> None:
    project = guided(studio, project)
    with_faces(studio, project)
    first, second = lines_of(studio, project)
    known, slots = cues(studio._shop, project, (first, second)), slots_of(studio, project)
    found = lip_guide(studio._shop, project, first, slots[first.id], known)
    assert found is not None and found.presence is Presence.ON_SCREEN and found.is_active
    start = first.span.start_ms // 40
    assert found.opening[: 15 - start] == (None,) * (15 - start)
    assert [value > 0.9 for value in found.opening[15 - start :]] == [frame % 5 == 0 for frame in range(15, start + len(found.opening))]
    last = lip_guide(studio._shop, project, second, slots[second.id], known)
    assert last is not None and last.opening[-1] is None and last.opening[0] is not None
    assert len(last.opening) == pytest.approx(slots[second.id].length_ms / 40, abs=1)


def test_a_line_off_screen_or_without_scales_has_no_guide_and_no_key(studio: Studio, project: Project) -> None:
    with_faces(studio, project, Presence.OFF_SCREEN)
    lines, slots = lines_of(studio, project), slots_of(studio, project)
    for scales, expected in ((Guidance(0.0, 2.0), Presence.OFF_SCREEN), (Guidance(0.0, 0.0), Presence.UNKNOWN)):
        now = replace(project, settings=replace(project.settings, guidance=scales))
        known = cues(studio._shop, now, lines)
        assert known.presence(lines[0]) is expected
        assert guide_keys(now, lines, slots, known) == {}
        assert all(lip_guide(studio._shop, now, line, slots[line.id], known) is None for line in lines)


def test_a_lines_own_scales_come_before_the_projects(studio: Studio, project: Project) -> None:
    with_faces(studio, project)
    first, second = lines_of(studio, project)
    studio.revise_line(project.id, first.id, LineEdit(guidance=Guidance(0.0, 3.0)))
    lines = lines_of(studio, project)
    known, slots = cues(studio._shop, project, lines), slots_of(studio, project)
    assert set(guide_keys(project, lines, slots, known)) == {first.id}
    found = lip_guide(studio._shop, project, lines[0], slots[first.id], known)
    assert found is not None and found.scales == Guidance(0.0, 3.0)
    assert lip_guide(studio._shop, project, second, slots[second.id], known) is None


def test_the_key_changes_with_everything_that_is_followed_and_with_nothing_else(studio: Studio, project: Project) -> None:
    project = guided(studio, project)
    line, slot = lines_of(studio, project)[0], Slot(400, 900, 0)
    spans = (TimeSpan(450, 800), TimeSpan(5000, 6000))
    seen = LinePresence(Presence.ON_SCREEN, 4, 0.9, 90.0, 40.0, False, "It is seen.")
    base = LipCues("a.npz", {line.id: seen}, HeardSpeech("s.wav", spans))

    def key(known: LipCues = base, to: Project = project, place: Slot = slot) -> str:
        return guide_keys(to, [line], {line.id: place}, known)[line.id]

    others = [
        key(replace(base, archive="b.npz")),
        key(replace(base, presences={line.id: replace(seen, track_id=5)})),
        key(replace(base, presences={line.id: replace(seen, presence=Presence.PARTLY)})),
        key(replace(base, speech=HeardSpeech("t.wav", spans))),
        key(replace(base, speech=HeardSpeech("s.wav", (TimeSpan(460, 800),)))),
        key(to=replace(project, settings=replace(project.settings, guidance=Guidance(0.0, 2.0)))),
        key(place=replace(slot, start_ms=440)),
    ]
    assert len({key(), *others}) == len(others) + 1
    assert key(replace(base, speech=HeardSpeech("s.wav", spans[:1]))) == key()
    assert key(replace(base, presences={line.id: replace(seen, seen_share=0.95, why="Better.")})) == key()


def test_without_guidance_a_takes_key_is_what_it_always_was(project: Project) -> None:
    line = Line("l", TimeSpan(0, 900), "s", "one", " eins ")
    slot, voice = Slot(0, 900, 100), VoiceRef("espeak", "de")
    of_old = fingerprint("take", VOICE_VERSION, "eins", "de", voice, "1.52", 900, 1000, project.settings.fit)
    assert take_key(project, line, slot, voice, "1.52") == of_old
    assert take_key(project, line, slot, voice, "1.52", "k") != of_old


def test_a_take_made_without_guidance_is_stale_with_it_and_valid_again_after(studio: Studio, project: Project) -> None:
    voiced(studio, project)
    plain = {row.line.id: row.take for row in studio.rows(project.id)}
    guided(studio, project)
    with_faces(studio, project)
    assert all(row.is_take_stale for row in studio.rows(project.id))
    voiced(studio, project)
    rows = studio.rows(project.id)
    assert not any(row.is_take_stale for row in rows)
    assert [row.take.report.lip_scale for row in rows] == [1.0, 1.0]
    guided(studio, project, lips=0.0)
    voiced(studio, project)
    assert {row.line.id: row.take for row in studio.rows(project.id)} == plain


def test_where_nobody_can_look_for_faces_the_source_speech_is_followed(studio: Studio, project: Project) -> None:
    def overlaps() -> list[float]:
        voiced(studio, project)
        rows, blobs = studio.rows(project.id), studio._shop.blobs
        dubs = [speech_spans(read_wav(blobs.path(row.take.fitted_blob)), start_ms=row.line.span.start_ms) for row in rows]
        found = [speech_overlap([source], dub) for source, dub in zip((TimeSpan(500, 1300), TimeSpan(1800, 2600)), dubs, strict=True)]
        return [each.jaccard for each in found if each is not None]

    plain = overlaps()
    guided(studio, project)
    followed = overlaps()
    assert sum(followed) > sum(plain) and min(followed) > 0.8
    for row in studio.rows(project.id):
        fit = project.settings.fit
        assert fit.min_ratio - 0.01 <= row.take.report.slowest_ratio <= row.take.report.fastest_ratio <= fit.max_ratio + 0.01
        assert not row.is_take_stale


def test_sound_without_a_picture_has_no_lips_to_follow(studio: Studio, project: Project) -> None:
    bare = replace(project, settings=Settings(guidance=Guidance(0.0, 1.0)), source=replace(project.source, info=replace(project.source.info, video=None)))
    known = cues(studio._shop, bare, lines_of(studio, project))
    assert known.speech == HeardSpeech(None, ()) and guide_keys(bare, lines_of(studio, project), slots_of(studio, project), known) == {}
