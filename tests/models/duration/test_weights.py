from dataclasses import replace
from pathlib import Path

import pytest
import torch

from models.checkpoint import read_manifest
from models.duration.lip_condition import LipConditionConfig, LipView
from models.duration.predictor import PhoneDurationConfig, PhoneDurations, PhoneTokens, fitted, soft_durations
from models.duration.weights import load_phone_durations, save_phone_durations


def tokens_of(net: PhoneDurations, symbols: list[str], language: str) -> PhoneTokens:
    ids = torch.zeros(1, len(symbols), 3, dtype=torch.long)
    for place, symbol in enumerate(symbols):
        for slot, character in enumerate(symbol):
            ids[0, place, slot] = net.config.characters.index(character) + 1
    return PhoneTokens(ids, torch.tensor([net.config.languages.index(language) + 1]), torch.ones(1, len(symbols), dtype=torch.bool))


def test_a_saved_predictor_comes_back_as_it_was(tmp_path: Path) -> None:
    torch.manual_seed(0)
    config = PhoneDurationConfig(("a", "b"), ("en",), dim=8, hidden=6, has_lips=True, lips=LipConditionConfig(reach_frames=2, width=4))
    net = PhoneDurations(config).eval()
    save_phone_durations(net, tmp_path)
    back = load_phone_durations(tmp_path)
    assert back.config == config
    tokens = tokens_of(net, ["a", "", "b"], "en")
    assert torch.equal(net(tokens), back(tokens))


@pytest.fixture(scope="module")
def bundled() -> PhoneDurations:
    entry = read_manifest().find_bundled("duration-phones")
    return load_phone_durations(entry.path.parent, sha256=entry.sha256)


def test_the_bundled_predictor_knows_long_sounds_from_short_ones(bundled: PhoneDurations) -> None:
    lasting = soft_durations(bundled(tokens_of(bundled, ["", "b", "l", "ˈuː", ""], "en")))[0]
    assert lasting[3] > 1.3 * lasting[2] and lasting[0] < 1


def test_the_bundled_predictor_follows_the_optimum_that_a_mouth_asks_for(bundled: PhoneDurations) -> None:
    tokens = tokens_of(bundled, ["", "s", "ˈɛ", "t", "", "b", "l", "ˈuː", ""], "en")
    generator = torch.Generator().manual_seed(0)
    lips, sounds = (torch.nn.functional.normalize(torch.randn(1, count, 8, generator=generator), dim=-1) for count in (16, 9))
    asked = torch.tensor([[4.0, 5, 6, 3, 0, 2, 2, 10, 0]])
    view = LipView(lips, sounds, torch.zeros(1, 16), torch.tensor([32.0]), torch.tensor([16]), asked)
    plain, led = (fitted(soft_durations(bundled(tokens, given)), view.slot_units, tokens.keep) for given in (None, view))
    assert (led - asked).abs().mean() < 0.4 * (plain - asked).abs().mean()
    other = replace(view, optimum=asked.flip(-1))
    assert not torch.allclose(led, fitted(soft_durations(bundled(tokens, other)), view.slot_units, tokens.keep))
