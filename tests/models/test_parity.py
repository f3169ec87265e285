"""The rule that fills weights, and what the check says of fixtures that fit, do not fit, or cannot be read."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch

from models.parity import BadFixture, ParityRow, check_folder, filled_by_rule
from models.sync.syncnet import SyncNet


@pytest.fixture(scope="module")
def recorded() -> dict[str, np.ndarray]:
    """What SyncNet gives with the salt “s”."""
    net = SyncNet()
    net.load_state_dict(filled_by_rule(net.state_dict(), salt="s"))
    net.eval()
    draw = np.random.RandomState(0)
    mfcc, lips = draw.standard_normal((2, 1, 13, 20)).astype(np.float32), draw.randint(0, 256, (1, 3, 5, 224, 224), dtype=np.uint8)
    with torch.inference_mode():
        return {
            "mfcc": mfcc, "lips": lips, "audio_embedding": net.sound(torch.from_numpy(mfcc)).numpy(),
            "lip_embedding": net.lips(torch.from_numpy(lips)).numpy(), "lip_features": net.lip_features(torch.from_numpy(lips)).numpy(),
        }  # fmt: skip


def write_fixture(folder: Path, arrays: dict[str, np.ndarray], **changed_shapes: list[int]) -> Path:
    shapes = {key: list(value.shape) for key, value in SyncNet().state_dict().items()} | changed_shapes
    (folder / "syncnet.json").write_text(json.dumps({"state_dict": {key: shape for key, shape in shapes.items() if shape is not None}}))
    np.savez(folder / "syncnet.npz", **arrays)
    return folder


def rows(folder: Path, salt: str = "s") -> list[ParityRow]:
    return list(check_folder(folder, salt=salt))


def test_weights_are_drawn_by_their_own_key_and_the_salt() -> None:
    state = {"a.weight": torch.zeros(4, 9), "n.weight": torch.zeros(3), "n.bias": torch.zeros(3), "n.running_var": torch.zeros(3),
             "n.num_batches_tracked": torch.tensor(7), "s.window": torch.ones(2)}  # fmt: skip
    found = filled_by_rule(state, salt="x")

    def draw(key: str, *shape: int) -> np.ndarray:
        return np.random.RandomState(zlib.crc32(f"x{key}".encode())).standard_normal(shape)

    np.testing.assert_allclose(found["a.weight"], draw("a.weight", 4, 9) / 3, rtol=1e-6)
    np.testing.assert_allclose(found["n.weight"], 1 + 0.1 * draw("n.weight", 3), rtol=1e-6)
    np.testing.assert_allclose(found["n.bias"], 0.1 * draw("n.bias", 3), rtol=1e-6)
    np.testing.assert_allclose(found["n.running_var"], 1 + 0.1 * np.abs(draw("n.running_var", 3)), rtol=1e-6)
    assert found["n.num_batches_tracked"] == 7
    assert found["s.window"].tolist() == [1, 1]
    assert not torch.equal(filled_by_rule(state)["a.weight"], found["a.weight"])


def test_both_forms_of_the_net_agree_with_what_was_recorded(recorded: dict[str, np.ndarray], tmp_path: Path) -> None:
    found = rows(write_fixture(tmp_path, recorded))
    assert [(row.form, row.output) for row in found] == [
        (form, output) for form in ("as published", "folded") for output in ("audio_embedding", "lip_embedding", "lip_features")
    ]
    assert all(row.is_ok and row.error < 1e-4 for row in found)


def test_an_error_is_told_over_the_deviation_of_the_output(recorded: dict[str, np.ndarray], tmp_path: Path) -> None:
    changed = recorded["audio_embedding"].copy()
    changed[0, 0] += 0.01 * changed.std()
    found = rows(write_fixture(tmp_path, recorded | {"audio_embedding": changed}))
    assert [row.is_ok for row in found] == [False, True, True, False, True, True]
    assert found[0].error == pytest.approx(0.01, rel=0.05)


def test_another_salt_gives_other_weights(recorded: dict[str, np.ndarray], tmp_path: Path) -> None:
    assert not any(row.is_ok for row in rows(write_fixture(tmp_path, recorded), salt="t"))


def test_an_output_that_is_no_number_is_wrong(recorded: dict[str, np.ndarray], tmp_path: Path) -> None:
    broken = recorded["lip_features"].copy()
    broken[0, 3] = np.nan
    assert [row.is_ok for row in rows(write_fixture(tmp_path, recorded | {"lip_features": broken}))][2] is False


def test_wrong_keys_and_shapes_are_named(recorded: dict[str, np.ndarray], tmp_path: Path) -> None:
    changed = {"netfclip.3.bias": [512], "netfclip.9.bias": [4], "netfcaud.0.bias": None}
    found = rows(write_fixture(tmp_path, recorded, **changed))
    assert [row.is_ok for row in found] == [False]
    for said in ("“netfclip.3.bias” is (1024,) here and (512,)", "“netfclip.9.bias” is missing here", "“netfcaud.0.bias” is not in the fixture"):
        assert said in found[0].note


def test_arrays_that_are_missing_or_unknown_are_named(recorded: dict[str, np.ndarray], tmp_path: Path) -> None:
    without = {key: value for key, value in recorded.items() if key != "lips"}
    assert "lack lips" in rows(write_fixture(tmp_path, without))[0].note
    assert "holds energy" in rows(write_fixture(tmp_path, recorded | {"energy": np.zeros(3)}))[0].note


def test_unknown_nets_and_fixtures_that_say_no_sizes_fail_with_a_sentence(tmp_path: Path) -> None:
    for name in ("vocos", "zipvoice_base", "campplus_192", "mystery"):
        (tmp_path / f"{name}.json").write_text('{"state_dict": {}}')
        np.savez(tmp_path / f"{name}.npz", mel=np.zeros((1, 100, 4)))
    found = {row.fixture: (row.is_ok, row.note) for row in rows(tmp_path)}
    assert [is_ok for is_ok, _ in found.values()] == [False] * 4
    assert "sizes are no table" in found["vocos"][1]
    assert "sizes are no table" in found["campplus_192"][1]
    assert "does not say the net's sizes" in found["zipvoice_base"][1]
    assert "no net of this project" in found["mystery"][1]


def test_what_cannot_be_read_is_named_in_a_sentence(recorded: dict[str, np.ndarray], tmp_path: Path) -> None:
    with pytest.raises(BadFixture, match="is no folder"):
        rows(tmp_path / "nowhere")
    with pytest.raises(BadFixture, match="holds no fixtures"):
        rows(tmp_path)
    write_fixture(tmp_path, recorded)
    (tmp_path / "syncnet.npz").write_bytes(b"PK\x03\x04 not an archive")
    with pytest.raises(BadFixture, match=r"syncnet\.npz is damaged"):
        rows(tmp_path)
    np.savez(tmp_path / "syncnet.npz", mfcc=np.array([{"a": 1}], dtype=object))
    with pytest.raises(BadFixture, match=r"syncnet\.npz is damaged or holds more than arrays"):
        rows(tmp_path)
    (tmp_path / "syncnet.npz").unlink()
    with pytest.raises(BadFixture, match=r"syncnet\.npz is missing"):
        rows(tmp_path)
    (tmp_path / "syncnet.json").write_text('{"weights": 3}')
    with pytest.raises(BadFixture, match="state_dict"):
        rows(tmp_path)
    (tmp_path / "syncnet.json").write_text("{")
    with pytest.raises(BadFixture, match=r"syncnet\.json cannot be read"):
        rows(tmp_path)


@pytest.mark.corpus
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_our_nets_give_what_the_public_ones_gave(corpus_dir: Path) -> None:
    folder = corpus_dir.parent / "parity"
    if not folder.is_dir():
        pytest.skip(f"no recorded numbers here: there is no {folder.name} beside {corpus_dir.name}")
    found = rows(folder, salt="")
    assert sum(row.is_ok for row in found) >= 21
    assert [row for row in found if row.is_ok is False] == []
