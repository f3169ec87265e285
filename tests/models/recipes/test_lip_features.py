from dataclasses import astuple
from pathlib import Path

import numpy as np
import pytest

from models.recipes.lip_features import from_folder, from_index, main, main_face, write_list
from models.speech.visual import KEPT_POINTS
from models.sync.lip_data import ClipInfo, read_clips
from studio.engines.protocols import FaceSeen

HEADER = "file,category,group,tier,set_id,system\n"


def face(left: float, width: float, gap: float, shade: int) -> FaceSeen:
    landmarks = np.zeros((478, 2), np.float32)
    landmarks[152] = (0, 100)
    landmarks[14] = (0, 50 + 100 * gap)
    landmarks[13] = (0, 50)
    return FaceSeen((left, 0.0, width, width), landmarks, 0.0, np.full((64, 64), shade, np.uint8))


def test_an_index_gives_talking_originals_and_true_rivals_only(tmp_path):
    index = tmp_path / "index.csv"
    rows = ["a/one.mp4,dubset,p1,B,s1,original", "a/two.mp4,dubset,p1,B,s1,aligndit", "a/three.mp4,dubset,p1,B,s1,silent", "b/four.mp4,no_speech,p2,A,,"]
    index.write_text(HEADER + "\n".join(rows) + "\n")
    found = list(from_index(index))
    assert [item.info.name for item in found] == ["a__one", "a__two"]
    assert found[0].path == tmp_path / "a/one.mp4" and found[0].info.is_original and not found[1].info.is_original


def test_a_folder_of_one_person_is_one_group(tmp_path):
    (tmp_path / "x.mp4").touch()
    assert [astuple(item.info) for item in from_folder(tmp_path, "me", "A")] == [("me__x", "me", "", "original", "A")]


def test_the_face_that_was_followed_is_kept_when_a_larger_one_comes_in():
    faces = [(face(0, 50, 0.1, 10),), (face(200, 90, 0.3, 20), face(2, 50, 0.2, 11)), (), (face(3, 50, 0.0, 12),)]
    mouths, shape, seen, points = main_face(faces)
    assert [int(mouth[0, 0]) for mouth in mouths] == [10, 11, 11, 12]
    assert np.allclose(shape[:, 0], [0.1, 0.2, 0.2, 0.0], atol=1e-6)
    assert seen.tolist() == [True, True, False, True]
    assert points.shape == (4, 45, 2) and points[:, KEPT_POINTS.index(14), 1].round().tolist() == [60, 70, 70, 50]


def test_the_list_keeps_what_earlier_runs_made_and_leaves_out_clips_without_a_face(tmp_path):
    for name in ("one", "two"):
        (tmp_path / f"{name}.npz").touch()
    write_list(tmp_path, [ClipInfo("one", "p", "", "original", "A")])
    write_list(tmp_path, [ClipInfo("two", "q", "s", "hpmdubbing", "B"), ClipInfo("three", "q", "", "original", "B")])
    assert [info.name for info in read_clips(tmp_path)] == ["one", "two"]


def test_videos_without_a_name_for_their_person_are_refused(tmp_path: Path, capsys):
    with pytest.raises(SystemExit):
        main(["--videos", str(tmp_path), "--out", str(tmp_path / "out")])
    assert "--group" in capsys.readouterr().err
