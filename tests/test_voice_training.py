"""Films of one's own as footage to learn from: which lines are used and why others are not, and that nothing is looked at twice."""

from __future__ import annotations

import csv
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from studio import voice_training
from studio.domain.errors import BadSetting, EngineUnavailable, NotReady
from studio.engines.rack import EngineRack
from studio.engines.transcribe_manual import ManualTranscriber
from studio.voice_training import Nets, VoicePlan, learn, look_at_films, media_files, nets_for, require_sense, summed_up
from studio.voice_training_film import FilmFootage
from tests.fakes import FakeFaceTracker
from tests.studio_fixtures import fake_rack
from tests.talking_film import talk, talking_film

WORDS = "abcde fghij klmno pqrst."  # 1.2 s in the fake estimator's pace


def cue(number: int, start_s: float, end_s: float, text: str) -> str:
    times = " --> ".join(f"00:00:{moment_s:06.3f}".replace(".", ",") for moment_s in (start_s, end_s))
    return f"{number}\n{times}\n{text}\n\n"


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight seconds of a talking square, and one without a face."""
    folder = tmp_path_factory.mktemp("films")
    talking_film(folder / "talk.mkv", loud=talk(4, 200))
    talking_film(folder / "voice over.mkv", loud=talk(5, 100), has_face=False)
    for wav in folder.glob("*.wav"):
        wav.unlink()
    return folder


@pytest.fixture
def plan(films: Path, tmp_path: Path) -> VoicePlan:
    videos = tmp_path / "videos"
    videos.mkdir()
    (videos / "talk.mkv").symlink_to(films / "talk.mkv")
    (videos / "talk.srt").write_text(cue(1, 0.2, 1.8, WORDS) + cue(2, 2.0, 3.8, WORDS))
    return VoicePlan(videos, tmp_path / "base", tmp_path / "out", tmp_path / "work", transcriber="none")


def rack(tracker: FakeFaceTracker | None = None) -> EngineRack:
    return fake_rack(face_tracker=FakeFaceTracker() if tracker is None else tracker, transcriber=ManualTranscriber())


def looked(plan: VoicePlan, tracker: FakeFaceTracker | None = None) -> dict[str, FilmFootage]:
    return {film.file: film for film in look_at_films(plan, rack(tracker), lambda line: None)}


def test_lines_hold_the_face_and_the_sound_of_the_same_moment(plan: VoicePlan) -> None:
    film = looked(plan)["talk.mkv"]
    assert [line.text for line in film.lines] == [WORDS, WORDS]
    assert film.left_out == ()
    for line in film.lines:
        with np.load(plan.work / "footage" / f"{line.name}.npz", allow_pickle=False) as file:
            audio, crops, seen, voiced_s = (file[key] for key in ("audio", "crops", "ok", "voiced_s"))
        assert len(audio) == 24 * (line.end_ms - line.start_ms) == 960 * len(crops)
        assert seen.all()
        assert 0 <= voiced_s[0, 0] < voiced_s[-1, 1] <= len(audio) / 24_000 + 1e-6
        loud = np.sqrt(np.mean(audio.reshape(-1, 960).astype(np.float64) ** 2, axis=1))
        dark = (crops < 60).mean(axis=(1, 2))
        assert np.corrcoef(loud, dark)[0, 1] > 0.9
        assert 0 < line.seen_ms <= line.end_ms - line.start_ms
    with (plan.work / "footage" / "footage.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["name"], row["language"], row["text"]) for row in rows] == [(line.name, "en", WORDS) for line in film.lines]


def test_lines_that_teach_something_wrong_are_left_out_with_a_reason(plan: VoicePlan) -> None:
    (plan.videos / "talk.srt").write_text(
        cue(1, 0.2, 1.8, WORDS)
        + cue(2, 2.0, 3.0, "(door slams) abc.")
        + cue(3, 3.2, 3.9, "word " * 60 + ".")
        + cue(4, 4.0, 5.5, WORDS)
        + cue(5, 4.5, 6.0, WORDS)
        + cue(6, 6.2, 7.8, "- abcde fghij? - klmno.")
    )
    film = looked(plan)["talk.mkv"]
    assert [(line.start_ms < 1000, line.text) for line in film.lines] == [(True, WORDS)]
    reasons = ("brackets", "take about", "overlap", "overlap", "Two people")
    assert len(film.left_out) == len(reasons)
    assert all(sum(reason in sentence for sentence in film.left_out) == reasons.count(reason) for reason in reasons)


def test_what_was_looked_at_is_not_looked_at_again_until_it_changes(plan: VoicePlan) -> None:
    tracker = FakeFaceTracker()
    before = looked(plan, tracker)["talk.mkv"]
    looks = tracker.looks
    assert looked(plan, tracker)["talk.mkv"] == before
    assert tracker.looks == looks > 0
    (plan.videos / "talk.srt").write_text(cue(1, 0.2, 1.8, WORDS))
    after = looked(plan, tracker)["talk.mkv"]
    assert tracker.looks == 2 * looks
    assert len(after.lines) == 1
    left = {path.stem for path in (plan.work / "footage").glob("*.npz")}
    assert left == {line.name for line in after.lines}


def test_hostile_files_are_told_and_cost_no_other_file_its_place(plan: VoicePlan, films: Path) -> None:
    whole = (films / "talk.mkv").read_bytes()
    hostile = {
        "aa empty.mp4": b"", "ab junk.mp4": os.urandom(3000), "ac list.m3u8": b"#EXTM3U\n/etc/passwd\n", "ad prose.doc": b"hello", "ae cut.mkv": whole[:700],
        "af picture.png": b"\x89PNG\r\n\x1a\n" + bytes(50),
    }  # fmt: skip
    for name, content in hostile.items():
        (plan.videos / name).write_bytes(content)
        (plan.videos / name).with_suffix(".txt").write_text(WORDS)
    (plan.videos / "ag silent words.mkv").write_bytes(whole)
    (plan.videos / "ag silent words.srt").write_bytes(bytes(range(256)))
    found = looked(plan)
    assert len(found) == len(hostile) + 2
    assert all(film.why.endswith(".") and not film.lines for name, film in found.items() if name != "talk.mkv")
    assert len(found["talk.mkv"].lines) == 2


def test_films_without_words_or_faces_are_told(plan: VoicePlan, films: Path) -> None:
    (plan.videos / "voice over.mkv").symlink_to(films / "voice over.mkv")
    (plan.videos / "wordless.mkv").symlink_to(films / "talk.mkv")
    (plan.videos / "voice over.txt").write_text(WORDS)
    tracker = FakeFaceTracker()
    found = looked(plan, tracker)
    assert "No face" in found["voice over.mkv"].why
    assert "No words are known" in found["wordless.mkv"].why
    assert tracker.looks == 300  # nobody looks at a film of which no words are known
    assert summed_up(list(found.values())).endswith("of 1 of 3 files. That is little: a voice needs a minute at the least, and better ten.")


def test_a_recogniser_stands_in_for_missing_words(plan: VoicePlan) -> None:
    (plan.videos / "talk.srt").unlink()
    (film,) = look_at_films(replace(plan, transcriber="fake-transcriber"), fake_rack(face_tracker=FakeFaceTracker()), lambda line: None)
    assert film.origin == "heard by fake-transcriber"
    assert {line.speaker for line in film.lines} == {"talk"}


def test_own_folders_hidden_files_and_words_are_no_films(plan: VoicePlan) -> None:
    inside = replace(plan, work=plan.videos / "work", out=plan.videos / "out")
    for folder in (inside.work, inside.out, plan.videos / ".cache", plan.videos / "deep"):
        folder.mkdir()
        (folder / "one.mp4").write_bytes(b"x")
    (plan.videos / "loop").symlink_to(plan.videos / "loop")
    assert [path.relative_to(plan.videos).as_posix() for path in media_files(inside)] == ["deep/one.mp4", "talk.mkv"]


def voice_at(folder: Path) -> None:
    folder.mkdir()
    (folder / "model.json").write_text("{}")
    (folder / "tokens.txt").write_text("_\t0\n")


def test_what_cannot_work_is_refused_before_anybody_looks(plan: VoicePlan, tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="is no voice"):
        require_sense(plan)
    voice_at(plan.base)
    require_sense(plan)
    for changed, reason in (
        (replace(plan, videos=tmp_path / "nowhere"), "no folder"), (replace(plan, learn="half"), "adapters or all"), (replace(plan, minutes=0), "longer than 0"),
    ):  # fmt: skip
        with pytest.raises(BadSetting, match=reason):
            require_sense(changed)


def test_folders_of_other_trainings_and_other_things_are_not_written_into(plan: VoicePlan, tmp_path: Path) -> None:
    voice_at(plan.base)
    looked(plan)
    require_sense(plan)  # its own
    (tmp_path / "others").mkdir()
    with pytest.raises(BadSetting, match="is of a training on"):
        require_sense(replace(plan, videos=tmp_path / "others"))
    with pytest.raises(BadSetting, match="holds something else"):
        require_sense(replace(plan, out=plan.base))


def test_nothing_to_learn_from_is_said() -> None:
    with pytest.raises(NotReady, match="nothing to learn from"):
        summed_up([FilmFootage("a.mp4", "", why="No face was found in it.")])


def test_a_folder_that_cannot_be_made_is_a_sentence(plan: VoicePlan, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(BadSetting, match="cannot be made"):
        looked(replace(plan, work=tmp_path / "file" / "work"))


NETS = Nets(Path("print.safetensors"), Path("lips"))


def test_after_control_c_the_voice_is_put_in_place_as_far_as_it_learnt(plan: VoicePlan, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []

    def run(argv: list[str], tell: object) -> None:
        ran.append(argv[2])
        if argv[2] == "models.recipes.syncvoice":
            (plan.work / "run" / "model.json").write_text("{}")
            raise KeyboardInterrupt

    monkeypatch.setattr(voice_training, "run_program", run)
    told: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        learn(plan, NETS, told.append)
    assert ran == ["models.recipes.syncvoice", "models.recipes.voice_footage_bundle"]
    assert told == [f"What was learnt so far is in {plan.out}."]


def test_a_training_goes_on_only_from_the_voice_it_started_from(plan: VoicePlan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice_training, "run_program", lambda argv, tell: None)
    voice_at(plan.base)
    voice_at(tmp_path / "other")
    learn(plan, NETS, lambda line: None)
    require_sense(plan)
    with pytest.raises(BadSetting, match="started from"):
        require_sense(replace(plan, base=tmp_path / "other"))


def test_lips_of_the_voice_come_before_bundled_ones_and_a_missing_encoder_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "base" / "lips").mkdir(parents=True)
    assert nets_for(tmp_path / "base", tmp_path / "p", None) == Nets(tmp_path / "p", tmp_path / "base" / "lips")
    assert nets_for(tmp_path / "base", tmp_path / "p", tmp_path / "own") == Nets(tmp_path / "p", tmp_path / "own")
    monkeypatch.setattr(voice_training, "voiceprint_file", lambda: None)
    with pytest.raises(EngineUnavailable, match="speaker encoder is not installed"):
        nets_for(tmp_path / "base", None, None)
    monkeypatch.setattr(voice_training, "known_weights", tuple)
    with pytest.raises(EngineUnavailable, match="no lip encoder"):
        nets_for(tmp_path, tmp_path / "p", None)


def test_a_record_says_what_it_was_trained_on(plan: VoicePlan) -> None:
    looked(plan)
    assert json.loads((plan.work / "trained_on.json").read_text())["videos"] == str(plan.videos.resolve())
