import numpy as np
import pytest
import torch

from models.recipes.syncnet_smoke import smoke_features
from models.sync.lip_data import BadFeatures, Cut, Window, cut_mel, fold_of, make_batch, pick_window, read_clip, read_clips

CUT = Cut(frames=20, margin=5, side_px=32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return smoke_features(tmp_path_factory.mktemp("lips"), clips=2)


def clips(folder):
    return [read_clip(folder, info, 40) for info in read_clips(folder)]


def test_a_feature_folder_gives_clips_with_four_spectra_per_picture(folder):
    first, dub, _ = clips(folder)
    assert first.info.is_original and not dub.info.is_original
    assert first.mouths.shape == (60, 64, 64) and first.mel.shape == (240, 40)


def test_a_batch_has_pictures_cut_to_size_and_sound_on_both_sides(folder):
    generator = torch.Generator().manual_seed(3)
    batch = make_batch([pick_window(clip, 20, generator) for clip in clips(folder)], CUT, generator)
    assert batch.pictures.shape == (3, 20, 32, 32)
    assert batch.mel.shape == (3, 4 * 30, 40) and batch.inside.shape == (3, 30)
    assert torch.isfinite(batch.pictures).all() and torch.isfinite(batch.mel).all()


def test_the_same_seed_gives_the_same_batch(folder):
    found = clips(folder)
    first, second = (make_batch([Window(found[0], 3)], CUT, torch.Generator().manual_seed(7)) for _ in range(2))
    assert torch.equal(first.pictures, second.pictures) and torch.equal(first.mel, second.mel)


def test_sound_before_the_first_frame_is_marked_as_not_there(folder):
    clip = clips(folder)[0]
    mel, inside = cut_mel(Window(clip, 0), CUT)
    assert not inside[:5].any() and inside[5:].all()
    assert torch.equal(mel[20:], clip.mel[:100])


def test_a_speaker_is_in_one_part_only_and_always_in_the_same():
    assert fold_of("person", 4) == fold_of("person", 4) < 4
    assert len({fold_of(f"p{number}", 4) for number in range(40)}) == 4


def test_a_folder_without_a_list_or_with_a_damaged_clip_is_refused_with_a_sentence(folder, tmp_path):
    with pytest.raises(BadFeatures, match="lip_features"):
        read_clips(tmp_path)
    info = read_clips(folder)[0]
    (tmp_path / f"{info.name}.npz").write_bytes(b"no archive")
    with pytest.raises(BadFeatures, match="make the folder again"):
        read_clip(tmp_path, info, 40)
    np.savez(tmp_path / f"{info.name}.npz", crops=np.array([object()]), ok=np.ones(1), audio=np.ones(1), shape=np.ones((1, 7)))
    with pytest.raises(BadFeatures):
        read_clip(tmp_path, info, 40)
