"""SyncNet as an engine: its numbers are those of the plain protocol, and what cannot be measured is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from models.parity import filled_by_rule
from models.sync.scoring import offset_distances
from models.sync.syncnet import SyncNet, open_syncnet
from models.sync.syncnet_windows import embed_lips, embed_sound
from studio.domain.errors import EngineFailed, EngineUnavailable, NotMeasurable
from studio.engines.protocols import Audio, Engine
from studio.engines.sync_syncnet import FILE_NAME, PLACE_VARIABLE, SyncNetScorer

FRAMES = 9


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    torch.save(filled_by_rule(SyncNet().state_dict()), folder / FILE_NAME)
    return folder


@pytest.fixture(scope="module")
def scorer(place: Path) -> SyncNetScorer:
    return SyncNetScorer(place)


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return np.random.RandomState(0).randint(0, 256, (FRAMES, 224, 224, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def lips(scorer: SyncNetScorer, pictures: np.ndarray) -> np.ndarray:
    return scorer.embed_lips(pictures)


def noise(frames: float, rate_hz: int = 16_000) -> Audio:
    return Audio(np.random.RandomState(1).uniform(-0.5, 0.5, int(frames * rate_hz / 25)).astype(np.float32), rate_hz)


def test_its_score_is_that_of_the_plain_net_and_protocol(scorer: SyncNetScorer, place: Path, pictures: np.ndarray, lips: np.ndarray) -> None:
    plain, audio = open_syncnet(place / FILE_NAME), noise(FRAMES)
    expected = offset_distances(embed_lips(plain, pictures), embed_sound(plain, audio.samples))
    found = scorer.score(lips, audio)
    assert (found.scorer, found.crop, found.windows) == ("syncnet_v2", "track", FRAMES - 5)
    assert found.lse_d == pytest.approx(expected.lse_d, rel=1e-5)
    assert found.lse_c == pytest.approx(expected.lse_c, abs=1e-5 * expected.lse_d)
    assert found.offset_frames == expected.offset_frames


def test_sound_at_another_rate_is_resampled(scorer: SyncNetScorer, lips: np.ndarray) -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(48_000 * FRAMES // 25) / 48_000).astype(np.float32) / 3
    high, low = scorer.score(lips, Audio(tone, 48_000)), scorer.score(lips, Audio(np.ascontiguousarray(tone[::3]), 16_000))
    assert high.windows == low.windows
    assert high.lse_d == pytest.approx(low.lse_d, rel=0.02)


def test_the_shorter_of_the_two_decides_how_many_windows_there_are(scorer: SyncNetScorer, lips: np.ndarray) -> None:
    assert scorer.score(lips, noise(7)).windows == 2
    assert scorer.score(lips, noise(40)) == scorer.score(lips, Audio(noise(40).samples[: FRAMES * 640], 16_000))
    assert scorer.score(lips[:1], noise(40)).windows == 1


@pytest.mark.parametrize(
    ("audio", "reason"),
    [(Audio(np.zeros(9 * 640, np.float32), 16_000), "no sound"), (noise(5.9), "share 5 frames"), (Audio(np.zeros(0, np.float32), 16_000), "share 0 frames")],
)
def test_a_silent_or_too_short_take_is_not_measurable(scorer: SyncNetScorer, lips: np.ndarray, audio: Audio, reason: str) -> None:
    with pytest.raises(NotMeasurable, match=reason):
        scorer.score(lips, audio)


def test_a_sound_that_only_begins_after_the_face_is_gone_is_not_measurable(scorer: SyncNetScorer, lips: np.ndarray) -> None:
    late = np.concatenate([np.zeros(FRAMES * 640, np.float32), noise(30).samples])
    with pytest.raises(NotMeasurable, match="no sound while the face is seen"):
        scorer.score(lips, Audio(late, 16_000))


def test_too_few_frames_and_a_still_picture_are_not_measurable(scorer: SyncNetScorer, pictures: np.ndarray) -> None:
    with pytest.raises(NotMeasurable, match="5 frames"):
        scorer.embed_lips(pictures[:5])
    with pytest.raises(NotMeasurable, match="still picture"):
        scorer.embed_lips(np.repeat(pictures[:1], 8, axis=0))


def test_what_is_not_its_own_is_refused(scorer: SyncNetScorer, lips: np.ndarray) -> None:
    with pytest.raises(EngineFailed, match="224×224"):
        scorer.embed_lips(np.zeros((9, 64, 64), np.uint8))
    with pytest.raises(EngineFailed, match="1024 wide"):
        scorer.score(lips[:, :128], noise(9))
    with pytest.raises(EngineFailed, match="no numbers"):
        scorer.score(lips, Audio(np.full(9 * 640, np.nan, np.float32), 16_000))


def test_it_says_where_its_weights_belong_and_finds_them_there(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = SyncNetScorer(tmp_path)
    assert isinstance(missing, Engine)
    assert not missing.available().is_available
    assert FILE_NAME in missing.available().why
    assert str(tmp_path) in missing.available().why
    with pytest.raises(EngineUnavailable, match=PLACE_VARIABLE):
        missing.embed_lips(np.random.RandomState(0).randint(0, 256, (6, 224, 224, 3), dtype=np.uint8))
    for named in (place, place / FILE_NAME):
        monkeypatch.setenv(PLACE_VARIABLE, str(named))
        assert SyncNetScorer().available().is_available
        assert SyncNetScorer().version != missing.version


def test_weights_of_another_net_are_refused(tmp_path: Path) -> None:
    torch.save({"a": torch.zeros(2)}, tmp_path / FILE_NAME)
    with pytest.raises(EngineUnavailable, match="does not fit the net"):
        SyncNetScorer(tmp_path).load()
    (tmp_path / FILE_NAME).write_bytes(b"not weights")
    with pytest.raises(EngineUnavailable, match="damaged"):
        SyncNetScorer(tmp_path).load()


def test_the_other_crop_is_the_same_net_under_its_own_name(scorer: SyncNetScorer, lips: np.ndarray) -> None:
    face = scorer.with_crop("face")
    assert (face.crop, scorer.crop, face.version) == ("face", "track", scorer.version)
    assert face.score(lips, noise(9)).crop == "face"
