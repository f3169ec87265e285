"""Timelines read back by the library of their format: every take at its time, to the frame, at every rate."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import opentimelineio
import pytest
import soundfile
from opentimelineio.schema import Clip, Gap, Timeline

from studio.domain.line import FitReport, Line, Slot, SpeakerProfile, Take, VoiceRef
from studio.domain.media import AudioTrack, MediaInfo, VideoTrack
from studio.domain.notes import Note
from studio.domain.project import Project, Source
from studio.domain.settings import HandoverSettings, Settings
from studio.domain.timing import TimeSpan
from studio.domain.views import LineRow
from studio.handover.edl import MAX_EVENTS, edit_lists
from studio.handover.line_files import line_files
from studio.handover.material import Material, gather
from studio.handover.names import reel_names
from studio.handover.otio import otio_text
from studio.handover.timeline import dub_timeline

RATES = [Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(50)]
VOICE = VoiceRef("fake", "one")


class Shelf:
    """Blobs by name in a folder, as far as a delivery asks for them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, key: str) -> Path:
        return self._folder / key

    def exists(self, key: str) -> bool:
        return self.path(key).exists()


def row(number: int, span: TimeSpan, speaker: str, length_ms: int, *, flags: tuple[str, ...] = ()) -> LineRow:
    line = Line(f"{number:032x}"[::-1], span, speaker, "what is said", "was gesagt wird", take_id=f"t{number}")
    report = FitReport(length_ms, 0, 0, 1.0, length_ms, 0)
    key = f"{length_ms}.wav"
    take = Take(f"t{number}", line.id, line.target_text, VOICE, "1", key, key, report, "f")
    return LineRow(number, line, SpeakerProfile(speaker, f"Name of {speaker}"), VOICE, Slot(span.start_ms, span.length_ms, 0), None, take, False, 0, flags)


def material(folder: Path, fps: Fraction, rows: tuple[LineRow, ...], *, start_hour: int = 0) -> Material:
    for item in rows:
        length_ms = item.take.report.fitted_ms
        soundfile.write(folder / f"{length_ms}.wav", np.full(length_ms * 24, 0.1), 24_000)
    info = MediaInfo("mp4", 4_000_000, 1, VideoTrack("h264", 64, 48, fps, False, 0, None), (AudioTrack(0, "aac", 48_000, 2, None, None, True),))
    settings = Settings(handover=HandoverSettings(start_hour=start_hour))
    project = Project("p", "me", "The “last” ferry", "en", "de", settings, Source("film.mp4", "film", info))
    return gather(project, rows, Shelf(folder))


ROWS = (
    row(1, TimeSpan(417, 1300), "a", 883),
    row(2, TimeSpan(1200, 2700), "b", 1401, flags=("Too long by 0.2 s.",)),
    row(3, TimeSpan(1310, 2000), "a", 690),
    row(4, TimeSpan(61_001, 62_000), "a", 999),
    row(5, TimeSpan(3_600_000, 3_601_000), "b", 1000),
)


def clips_of(timeline: Timeline, fps: Fraction) -> dict[str, tuple[int, int]]:
    """Clip name → (first frame, frames), on the timeline of the programme."""
    found = {}
    for track in timeline.tracks:
        at = 0
        for item in track:
            length = round(item.duration().value)
            assert item.duration().rate == pytest.approx(float(fps), abs=1e-9)
            if isinstance(item, Clip):
                found[item.name] = (at, length)
            else:
                assert isinstance(item, Gap)
            at += length
    return found


@pytest.mark.parametrize("start_hour", [0, 10])
@pytest.mark.parametrize("fps", RATES)
def test_opentimelineio_reads_every_take_at_its_frame_and_every_file_by_its_timecode(tmp_path: Path, fps: Fraction, start_hour: int) -> None:
    made = material(tmp_path, fps, ROWS, start_hour=start_hour)
    timeline = opentimelineio.adapters.read_from_string(otio_text(dub_timeline(made)), "otio_json")
    base = made.base
    assert round(timeline.global_start_time.value) == base.start_frame
    placed = clips_of(timeline, fps)
    for file in line_files(made):
        name = file.name.removesuffix(".wav")
        assert placed[name] == (file.start, file.end - file.start)
        assert base.samples(file.start, 48_000) <= file.heard.start_samples < base.samples(file.start + 1, 48_000)
        assert base.samples(file.end - 1, 48_000) < file.heard.end_samples <= base.samples(file.end, 48_000)
        clip = next(clip for clip in timeline.find_clips() if clip.name == name)
        assert clip.media_reference.target_url == f"lines/{file.name}"
        assert round(clip.source_range.start_time.value) == base.start_frame + file.start
        media = clip.media_reference.available_range
        assert (round(media.start_time.value), round(media.duration.value)) == (base.start_frame + file.file_start, file.file_end - file.file_start)


@pytest.mark.parametrize("start_hour", [0, 10])
@pytest.mark.parametrize("fps", RATES)
def test_edit_lists_read_back_have_every_take_at_its_frame(tmp_path: Path, fps: Fraction, start_hour: int) -> None:
    made = material(tmp_path, fps, ROWS, start_hour=start_hour)
    timeline, base = dub_timeline(made), made.base
    lists = edit_lists(timeline)
    assert set(lists) == {f"{track.name}.edl" for track in timeline.tracks}
    for track in timeline.tracks:
        text = lists[f"{track.name}.edl"]
        assert ("FCM: DROP FRAME" in text) == base.is_drop_frame
        read = opentimelineio.adapters.read_from_string(text, "cmx_3600", rate=float(fps), ignore_timecode_mismatch=True)
        clips = list(read.find_clips())
        assert [round(clip.source_range.start_time.value) - base.start_frame for clip in clips] == [file.start for file in track.clips]
        assert [round(clip.source_range.duration.value) for clip in clips] == [file.end - file.start for file in track.clips]
        assert [clip.name for clip in clips] == [file.name for file in track.clips]
        recorded = [start for start, _ in clips_of(read, fps).values()]
        assert [start - recorded[0] for start in recorded] == [file.start - track.clips[0].start for file in track.clips]


def test_overlaps_of_one_speaker_go_to_a_second_lane_and_of_two_stay_apart(tmp_path: Path) -> None:
    made = material(tmp_path, Fraction(25), (row(1, TimeSpan(1000, 1610), "a", 610), row(2, TimeSpan(1620, 3000), "a", 500), row(3, TimeSpan(1100, 2000), "b", 900)))
    tracks = dub_timeline(made).tracks
    assert [(track.name, track.lane, len(track.clips)) for track in tracks] == [("NAME-OF-A", 1, 1), ("NAME-OF-A_2", 2, 1), ("NAME-OF-B", 1, 1)]
    assert all(before.end <= after.start for track in tracks for before, after in zip(track.clips, track.clips[1:], strict=False))


def test_open_notes_and_flags_are_markers_and_resolved_notes_are_not(tmp_path: Path) -> None:
    made = material(tmp_path, Fraction(25), ROWS)
    notes = (
        Note("1", "louder\nhere", "ann", "2026-01-01", line_id=ROWS[0].line.id),
        Note("2", "a door", "bob", "2026-01-01", at_ms=61_500),
        Note("3", "done", "bob", "2026-01-01", at_ms=100, resolved_at="2026-01-02"),
    )
    timeline = dub_timeline(made, notes)
    read = opentimelineio.adapters.read_from_string(otio_text(timeline), "otio_json")
    found = [(round(marker.marked_range.start_time.value), marker.name, marker.metadata["lipline"]["kind"]) for marker in read.tracks.markers]
    assert found == [(10, "Line 1, ann: louder here", "note"), (30, "Line 2: Too long by 0.2 s.", "flag"), (1537, "bob: a door", "note")]
    lists = edit_lists(timeline)
    text = "".join(lists.values())
    assert "* LOC: 00:00:00:10 YELLOW  Line 1, ann: louder here" in text
    assert "* LOC: 00:01:01:12 YELLOW  bob: a door" in lists["NAME-OF-A.edl"]
    assert "done" not in text


def test_reels_have_eight_letters_stay_with_their_line_and_are_never_shared() -> None:
    first = reel_names(["aaaaaaaa1", "bbb", "../x"])
    assert first == {"aaaaaaaa1": "AAAAAAAA", "bbb": "BBB00000", "../x": "X0000000"}
    alike = reel_names([f"aaaaaaaa{number}" for number in range(300)])
    assert len(set(alike.values())) == 300
    assert {len(reel) for reel in alike.values()} == {8}
    assert reel_names(["zzz", "bbb"])["bbb"] == first["bbb"]


def test_more_lines_than_a_list_can_number_go_on_in_another(tmp_path: Path) -> None:
    rows = tuple(row(number, TimeSpan(number * 1000, number * 1000 + 500), "a", 400) for number in range(1, MAX_EVENTS + 3))
    lists = edit_lists(dub_timeline(material(tmp_path, Fraction(25), rows)))
    assert list(lists) == ["NAME-OF-A_part1.edl", "NAME-OF-A_part2.edl"]
    assert "\n999  " in lists["NAME-OF-A_part1.edl"]
    assert "\n002  " in lists["NAME-OF-A_part2.edl"]
    assert "\n003  " not in lists["NAME-OF-A_part2.edl"]
