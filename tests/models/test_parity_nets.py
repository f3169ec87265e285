"""The calls of the speech nets: what our own nets give is met, what they cannot be run on is said."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from models.parity_nets import CALLS, Fixture, filled_by_rule
from models.speech.campplus import CamPlus
from models.speech.zipvoice import ZipVoice, ZipVoiceConfig

SIZES = {
    "fm_decoder_downsampling_factor": [1, 2], "fm_decoder_num_layers": [1, 1], "fm_decoder_cnn_module_kernel": [7, 7], "fm_decoder_feedforward_dim": 32,
    "fm_decoder_num_heads": 2, "fm_decoder_dim": 16, "text_encoder_num_layers": 1, "text_encoder_feedforward_dim": 32, "text_encoder_cnn_module_kernel": 7,
    "text_encoder_num_heads": 2, "text_encoder_dim": 16, "time_embed_dim": 16, "text_embed_dim": 16, "query_head_dim": 8, "value_head_dim": 6,
    "pos_head_dim": 4, "pos_dim": 8, "feat_dim": 100,
}  # fmt: skip


def zipvoice(is_distilled: bool, **changed: object) -> Fixture:
    """Two rows of 20 frames at most; the recorded outputs are noughts but for their shapes."""
    net, draw = ZipVoice(ZipVoiceConfig.from_json(SIZES), 12, is_distilled=is_distilled), np.random.default_rng(0)
    frames, rows = 20, 2
    like = (rows, frames, 100)
    arrays = {
        "tokens0": np.array([3, 4, 5, 6]), "tokens1": np.array([7, 8]), "prompt_tokens0": np.array([1, 2]), "prompt_tokens1": np.array([9, 1, 2]),
        "prompt_lens": np.array([6, 5]), "speed": np.array(0.9), "prompt_features": np.zeros((rows, 6, 100), np.float32), "t": np.array(0.4),
        "guidance_scale": np.array(1.5), "t_shift": np.array(0.5), "num_step": np.array(3), "padding_mask": np.zeros((rows, frames), bool),
    }  # fmt: skip
    for name in ("text_condition", "x0", "speech_condition", "velocity", "x1"):
        arrays[name] = draw.standard_normal(like).astype(np.float32)
    shapes = {key: tuple(value.shape) for key, value in net.state_dict().items()}
    return dataclasses.replace(Fixture(shapes, arrays, SIZES, 12), **changed)


def test_the_ratio_of_prompt_and_text_gives_the_frames_and_the_mask() -> None:
    found = CALLS["zipvoice"](zipvoice(is_distilled=False), "")["as published"]
    assert set(found) == {"text_condition", "padding_mask", "velocity", "x1"}
    assert (~found["padding_mask"]).sum(1).tolist() == [6 + 14, 5 + 4]  # ceil(6/2·4/0.9), ceil(5/3·2/0.9)


@pytest.mark.parametrize("is_distilled", [False, True])
def test_the_solver_follows_the_published_guidance(is_distilled: bool) -> None:
    fixture = zipvoice(is_distilled)
    found = CALLS["zipvoice"](fixture, "s")["as published"]
    net = ZipVoice(ZipVoiceConfig.from_json(SIZES), 12, is_distilled=is_distilled).eval()
    net.load_state_dict(filled_by_rule(net.state_dict(), salt="s"))
    text, speech, x = (torch.from_numpy(fixture.arrays[name]) for name in ("text_condition", "speech_condition", "x0"))
    g, mask = 1.5, found["padding_mask"]

    def at(time: float, x: torch.Tensor, text: torch.Tensor, speech: torch.Tensor) -> torch.Tensor:
        return net.velocity(torch.full((2,), time), x, text, speech, mask, guidance=torch.full((2,), g) if is_distilled else None)

    times = [0.5 * even / (1 - 0.5 * even) for even in (0, 1 / 3, 2 / 3, 1)]
    with torch.inference_mode():
        for here, there in zip(times[:-1], times[1:], strict=True):
            way = at(here, x, text, speech)
            if not is_distilled:
                scale = g if here > 0.5 else 2 * g
                way = (1 + scale) * way - scale * at(here, x, 0 * text, speech * (here <= 0.5))
            x = x + (there - here) * way
    assert torch.allclose(found["x1"], x, atol=1e-4)


def test_a_zipvoice_that_cannot_be_run_is_answered_with_a_sentence() -> None:
    call = CALLS["zipvoice"]
    assert "“pos_dim”" in call(zipvoice(False, config={key: value for key, value in SIZES.items() if key != "pos_dim"}), "")
    assert "a “vocab_size”" in call(zipvoice(False, vocab_size=None), "")
    assert "“embed.weight” is (13, 16) here and (12, 16)" in call(zipvoice(False, vocab_size=13), "")
    lacking = zipvoice(False)
    assert "lack tokens1" in call(dataclasses.replace(lacking, arrays={key: value for key, value in lacking.arrays.items() if key != "tokens1"}), "")


def test_campplus_is_run_at_its_recorded_size() -> None:
    net = CamPlus()
    shapes = {key: tuple(value.shape) for key, value in net.state_dict().items()}
    arrays = {"fbank": np.random.default_rng(0).standard_normal((1, 30, 80)).astype(np.float32), "embedding": np.zeros((1, 192), np.float32)}
    assert CALLS["campplus"](Fixture(shapes, arrays, {"embedding_size": 192}), "")["as published"]["embedding"].shape == (1, 192)
    assert "“xvector.dense.linear.weight”" in CALLS["campplus"](Fixture(shapes, arrays, {"embedding_size": 512}), "")
    assert "8 divides" in CALLS["campplus"](Fixture(shapes, arrays, {"feat_dim": 81}), "")


def test_a_vocos_of_another_padding_is_refused() -> None:
    assert "only “center”" in CALLS["vocos"](Fixture({}, {}, {"padding": "same"}), "")
    assert "“dim”" in CALLS["vocos"](Fixture({}, {}, {"dim": "wide"}), "")
