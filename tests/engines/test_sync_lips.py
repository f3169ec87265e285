"""The bundled scorer's adapter over a tiny random net: what it refuses, what it caches, and that long films cost no accuracy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from models.sync.lip_scorer import LipScorer, LipScorerConfig, save_lip_scorer
from studio.domain.errors import EngineFailed, EngineUnavailable, NotMeasurable
from studio.engines.protocols import Audio
from studio.engines.sync_lips import RATE_HZ, LipSyncScorer, is_still

TINY = LipScorerConfig(side_px=32, channels=(4, 8, 8), width=16, dim=8, dilations=(1,))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    place = tmp_path_factory.mktemp("scorer")
    save_lip_scorer(LipScorer(TINY), place)
    return place


@pytest.fixture(scope="module")
def scorer(folder: Path) -> LipSyncScorer:
    return LipSyncScorer(folder)


def mouths(frames: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (frames, 64, 64), dtype=np.uint8)


def noise(frames: int, seed: int = 0) -> Audio:
    return Audio(np.random.default_rng(seed).normal(0, 0.1, frames * 640).astype(np.float32), RATE_HZ)


def test_lips_become_one_unit_vector_a_frame(scorer: LipSyncScorer) -> None:
    lips = scorer.embed_lips(mouths(40))
    assert lips.shape == (40, 8) and lips.dtype == np.float32
    assert np.allclose(np.linalg.norm(lips, axis=1), 1, atol=1e-5)


def test_a_score_names_its_scorer_and_crop_and_counts_its_windows(scorer: LipSyncScorer) -> None:
    score = scorer.score(scorer.embed_lips(mouths(40)), noise(38))
    assert (score.scorer, score.crop, score.windows) == ("lipline-lips", "mouth", 38)
    assert -15 <= score.offset_frames <= 15 and 0 <= score.lse_d <= 2 and score.lse_c >= 0


def test_the_distances_are_those_of_the_net(scorer: LipSyncScorer, folder: Path) -> None:
    from models.sync.lip_scorer import load_lip_scorer
    from models.sync.scoring import offset_distances

    net, pictures, audio = load_lip_scorer(folder), mouths(60), noise(60)
    with torch.inference_mode():
        lips, sound = net.lips(torch.from_numpy(pictures)[None])[0], net.sound(torch.from_numpy(audio.samples)[None])[0]
    expected = offset_distances(lips, sound, is_padded=False).mean_distances
    assert np.allclose(scorer.distances(scorer.embed_lips(pictures), audio).mean_distances, expected, atol=1e-5)


def test_a_minute_is_looked_at_in_pieces_that_leave_no_seam(scorer: LipSyncScorer) -> None:
    """Neighbours of a seam are as those inside a piece: the same frames embedded around another seam give nearly the same vectors."""
    pictures = mouths(520)
    whole, tail = scorer.embed_lips(pictures), scorer.embed_lips(pictures[100:])
    assert len(whole) == 520
    assert np.abs(whole[130:500] - tail[30:400]).max() < 0.1


@pytest.mark.parametrize(
    ("pictures", "audio", "sentence"),
    [
        (mouths(5), noise(40), "5 frames"),
        (np.repeat(mouths(1), 40, axis=0), noise(40), "still picture"),
        (mouths(40), noise(5), "share 5 frames"),
        (mouths(40), Audio(np.zeros(25_600, np.float32), RATE_HZ), "no sound"),
    ],
    ids=["short picture", "still picture", "short take", "silent take"],
)
def test_what_cannot_be_measured_is_answered_with_its_reason(scorer: LipSyncScorer, pictures: np.ndarray, audio: Audio, sentence: str) -> None:
    with pytest.raises(NotMeasurable, match=sentence):
        scorer.score(scorer.embed_lips(pictures), audio)


def test_another_rate_or_shape_is_a_mistake_of_the_caller(scorer: LipSyncScorer) -> None:
    with pytest.raises(EngineFailed, match="resample"):
        scorer.score(scorer.embed_lips(mouths(40)), Audio(np.ones(44_100, np.float32), 44_100))
    with pytest.raises(EngineFailed, match="64×64"):
        scorer.embed_lips(np.zeros((10, 224, 224, 3), np.uint8))


def test_without_weights_it_says_where_they_come_from(tmp_path: Path) -> None:
    scorer = LipSyncScorer(tmp_path / "nowhere")
    assert not scorer.available().is_available and scorer.version == "1-none"
    with pytest.raises(EngineUnavailable, match="models.recipes.syncnet"):
        scorer.embed_lips(mouths(40))


def test_damaged_weights_are_a_sentence(folder: Path, tmp_path: Path) -> None:
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((folder / name).read_bytes()[:100])
    with pytest.raises(EngineUnavailable):
        LipSyncScorer(tmp_path).load()


def test_other_weights_are_another_version(folder: Path, tmp_path: Path) -> None:
    torch.manual_seed(1)
    save_lip_scorer(LipScorer(TINY), tmp_path)
    assert LipSyncScorer(tmp_path).version != LipSyncScorer(folder).version


def test_grain_is_no_motion_and_a_moving_mouth_is_no_still_picture() -> None:
    calm = np.full((50, 64, 64), 120, np.uint8)
    calm[::7, 3, 3] += 1
    assert is_still(calm)
    calm[:, 20:40, 20:40] += (np.arange(50) % 5 * 10).astype(np.uint8)[:, None, None]
    assert not is_still(calm)
