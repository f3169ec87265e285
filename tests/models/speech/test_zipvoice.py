"""Promises of the ZipVoice backbone: keys, lengths, masks, and where the frames of a text go."""

from __future__ import annotations

import pytest
import torch

from models.speech.zipformer import Zipformer, ZipformerConfig, by_offset, compact_positions, swoosh_left, swoosh_right
from models.speech.zipvoice import ZipVoice, ZipVoiceConfig, frames_of_tokens

TINY = ZipVoiceConfig(
    fm_decoder_downsampling_factor=(1, 2, 1), fm_decoder_num_layers=(1, 1, 1), fm_decoder_cnn_module_kernel=(7, 5, 7), fm_decoder_feedforward_dim=64,
    fm_decoder_num_heads=2, fm_decoder_dim=32, text_encoder_num_layers=1, text_encoder_feedforward_dim=64, text_encoder_num_heads=2,
    text_encoder_dim=32, text_embed_dim=32, query_head_dim=8, pos_dim=16, time_embed_dim=32,
)  # fmt: skip


def tiny(*, is_distilled: bool = False) -> ZipVoice:
    torch.manual_seed(0)
    return ZipVoice(TINY, 20, is_distilled=is_distilled).eval()


def test_the_base_model_has_the_published_number_of_weights_and_tensors() -> None:
    with torch.device("meta"):
        net = ZipVoice(ZipVoiceConfig(), 360)
    assert sum(p.numel() for p in net.parameters()) == 122_664_804
    assert len(net.state_dict()) == 889


def test_a_distilled_net_has_one_tensor_more() -> None:
    names = set(tiny(is_distilled=True).state_dict()) - set(tiny().state_dict())
    assert names == {"fm_decoder.guidance_scale_embed.weight"}


def test_padding_changes_nothing_in_the_frames_before_it() -> None:
    net, frames = tiny(), 22
    x, text, speech = (torch.randn(1, frames, 100, generator=torch.Generator().manual_seed(n)) for n in range(3))
    time = torch.tensor([0.3])
    alone = net.velocity(time, x, text, speech)
    longer = [torch.cat([part, torch.full((1, 10, 100), 7.0)], dim=1) for part in (x, text, speech)]
    mask = torch.arange(frames + 10)[None] >= frames
    padded = net.velocity(time, *longer, mask)
    torch.testing.assert_close(padded[:, :frames], alone, atol=1e-5, rtol=1e-5)


def test_every_frame_reads_the_token_it_was_given_and_the_rest_the_pad() -> None:
    assert frames_of_tokens([5, 6, 7], [2, 0, 3], 8).tolist() == [0, 0, 2, 2, 2, 3, 3, 3]


def test_a_text_without_tokens_is_all_pad() -> None:
    assert frames_of_tokens([], [], 3).tolist() == [0, 0, 0]


@pytest.mark.parametrize("counts", [[4, 5], [1], [-1, 2]])
def test_durations_that_do_not_fit_are_refused(counts: list[int]) -> None:
    with pytest.raises(ValueError, match="durations"):
        frames_of_tokens([1, 2], counts, 8)


def test_texts_of_one_batch_do_not_see_each_other() -> None:
    net = tiny()
    alone = net.text_condition([[3, 4]], [[3, 3]], 9)
    beside = net.text_condition([[3, 4], [5, 6, 7, 8, 9]], [[3, 3], [1] * 5], 9)
    torch.testing.assert_close(beside[:1], alone, atol=1e-5, rtol=1e-5)


def test_offsets_are_read_from_the_right_column() -> None:
    frames = 4
    scores = torch.arange(-(frames - 1), frames).float().expand(1, 1, frames, -1)
    expected = torch.arange(frames)[None] - torch.arange(frames)[:, None]
    assert torch.equal(by_offset(scores)[0, 0], expected.float())


def test_positions_tell_before_from_after_and_end_in_one() -> None:
    places = compact_positions(5, 8, torch.zeros(1))
    assert places.shape == (9, 8)
    assert torch.equal(places[:, -1], torch.ones(9))
    torch.testing.assert_close(places[4, 0::2], torch.ones(4))
    torch.testing.assert_close(places[0, 1], -places[-1, 1])


def test_the_swooshes_are_what_the_spec_says() -> None:
    x = torch.linspace(-6, 6, 25, dtype=torch.float64)
    torch.testing.assert_close(swoosh_left(x), torch.log1p(torch.exp(x - 4)) - 0.08 * x - 0.035)
    assert abs(float(swoosh_right(torch.zeros(1)))) < 1e-6


def test_stacks_need_as_many_kernels_as_layers() -> None:
    with pytest.raises(ValueError, match="as many"):
        ZipformerConfig(4, 4, 8, (1, 2), (1,), (3, 3), 16, 1)


def test_a_length_that_no_factor_divides_comes_back_whole() -> None:
    net = Zipformer(ZipformerConfig(3, 5, 16, (1, 4), (1, 1), (3, 3), 16, 2, 4, 4, 2, 8)).eval()
    assert net(torch.randn(2, 7, 3)).shape == (2, 7, 5)


@pytest.mark.parametrize(("name", "value"), [("pos_dim", None), ("pos_dim", "48"), ("fm_decoder_num_layers", 4), ("feat_dim", -1)])
def test_sizes_that_cannot_be_are_named(name: str, value: object) -> None:
    sizes = {**TINY.as_json(), name: value}
    if value is None:
        del sizes[name]
    with pytest.raises(ValueError, match=name):
        ZipVoiceConfig.from_json(sizes)


def test_sizes_survive_their_file() -> None:
    assert ZipVoiceConfig.from_json(TINY.as_json()) == TINY
