"""The unit translator learns a little code by heart, stays within its limits, and comes back from its folder in half precision."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from models.checkpoint import BadWeights
from models.units.translator import END, Limits, TranslatorConfig, UnitTranslator, open_translator, save_translator
from tests.tiny_units import UNITS, tiny_translator

UNITS_HEARD = torch.tensor([3, 7, 1, 9, 4])


def test_an_answer_is_units_without_repeats_within_its_limit() -> None:
    translator = tiny_translator()
    for beams in (1, 3):
        found = translator.translate(UNITS_HEARD, "en", "zh", Limits(beams=beams, longest_ratio=1.0, extra_units=2))
        assert 1 <= len(found.units) <= 7
        assert 0 <= int(found.units.min()) <= int(found.units.max()) < UNITS
        assert bool((found.units[1:] != found.units[:-1]).all())
        assert found.likelihood < 0


def test_one_question_has_one_answer() -> None:
    first, second = (tiny_translator().translate(UNITS_HEARD, "en", "zh").units for _ in range(2))
    assert torch.equal(first, second)


def test_it_learns_what_it_is_taught_in_each_direction() -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        config = TranslatorConfig(UNITS, width=32, heads=2, encoder_layers=1, decoder_layers=1, feed_forward=64, longest=64, dropout=0.0)
        net = UnitTranslator(config)
        optimizer = torch.optim.AdamW(net.parameters(), lr=5e-3)
        answers = {"zh": torch.tensor([11, 12, 13]), "en": torch.tensor([21, 20])}
        for _ in range(60):
            sources = [net.source_ids(UNITS_HEARD, "en"), net.source_ids(UNITS_HEARD, "zh")]
            loss = net.loss(net.encode(sources), [answers["zh"], answers["en"]], ["zh", "en"])
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
    net.eval()
    assert loss.item() < 0.1
    assert net.translate(UNITS_HEARD, "en", "zh").units.tolist() == [11, 12, 13]
    found = net.translate(UNITS_HEARD, "zh", "en", Limits(beams=1))
    assert found.units.tolist() == [21, 20]
    assert found.likelihood > -0.2


def test_padding_changes_nothing() -> None:
    net = tiny_translator()
    short, long = net.source_ids(UNITS_HEARD[:2], "en"), net.source_ids(UNITS_HEARD, "en")
    targets = [torch.tensor([5]), torch.tensor([1, 2, 3, 4])]
    with torch.no_grad():
        alone = [float(net.loss(net.encode([source]), [target], ["zh"])) for source, target in zip((short, long), targets, strict=True)]
        together = float(net.loss(net.encode([short, long]), targets, ["zh", "zh"]))
    assert together == pytest.approx((2 * alone[0] + 5 * alone[1]) / 7, abs=1e-4)


def test_what_it_was_not_taught_is_refused_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="was taught en-zh, zh-en, not en-de"):
        tiny_translator().translate(UNITS_HEARD, "en", "de")
    with pytest.raises(ValueError, match="no units to translate"):
        tiny_translator().translate(UNITS_HEARD[:0], "en", "zh")


def test_speech_too_long_for_it_loses_its_end_and_no_more() -> None:
    net = tiny_translator()
    ids = net.source_ids(torch.arange(UNITS).repeat(10), "en")
    assert len(ids) == net.config.longest
    assert int(ids[-1]) == END


def test_a_saved_translator_answers_alike(tmp_path: Path) -> None:
    net = tiny_translator()
    save_translator(net, tmp_path / "translator", half=True)
    opened = open_translator(tmp_path / "translator")
    assert opened.config == net.config
    one, other = (each.translate(UNITS_HEARD, "en", "zh", Limits(beams=1)) for each in (net, opened))
    assert other.likelihood == pytest.approx(one.likelihood, abs=0.05)
    (tmp_path / "translator" / "config.json").write_text('{"units": 24, "colour": 1}')
    with pytest.raises(BadWeights, match="does not describe a unit translator"):
        open_translator(tmp_path / "translator")
