"""What can be said of a language model before its weights are read: pairs, chat, changes, and what is bundled."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from models.checkpoint import BundledWeights, WeightsManifest
from studio.bootstrap import build_engines
from studio.engines.lm_source import LmSource
from studio.engines.translate_lm import BUNDLED, bundled_source

PAIRS = LmSource("small", "nowhere", "none", pairs=("zh-en", "en-zh"), draft_pairs=("zh-th",))
BASE = BundledWeights(BUNDLED, "translation", "base", "model.safetensors", "1" * 64, "research", ("zh", "en"), "tagged")
TUNED = BundledWeights("tuned", "translation", "tuned", "adapter_model.safetensors", "2" * 64, "research", base=BUNDLED, pairs=("zh-en",))


def test_a_pair_is_known_well_as_a_draft_or_not_at_all() -> None:
    good, draft, unknown = (PAIRS.supports(*pair) for pair in (("zh", "en"), ("zh", "th"), ("th", "zh")))
    assert (good.is_available, good.caution) == (True, "")
    assert draft.is_available
    assert draft.caution == "small makes rough drafts only of Chinese to Thai: check every line."
    assert not unknown.is_available
    assert unknown.why.startswith("small knows Chinese to English, English to Chinese, Chinese to Thai only")
    assert not PAIRS.supports("zh", "zh").is_available
    assert LmSource("any", "nowhere", "none").supports("sw", "ja").is_available


def test_a_chat_is_told_by_the_files_of_the_model(tmp_path: Path) -> None:
    source = LmSource("lm", str(tmp_path), "none")
    assert not source.has_chat_template()
    (tmp_path / "tokenizer_config.json").write_text("{}")
    assert not source.has_chat_template()
    (tmp_path / "tokenizer_config.json").write_text('{"chat_template": "{{ messages }}"}')
    assert source.has_chat_template()
    (tmp_path / "tokenizer_config.json").unlink()
    (tmp_path / "chat_template.jinja").write_text("{{ messages }}")
    assert source.has_chat_template()
    assert not replace(source, form="tagged").has_chat_template()
    assert not LmSource("lm", "someone/never-fetched", "none").has_chat_template()


def test_other_files_or_another_adapter_are_another_stamp(tmp_path: Path) -> None:
    source = LmSource("lm", str(tmp_path), "none")
    before = source.stamp()
    assert source.stamp() == before
    (tmp_path / "model.safetensors").write_bytes(b"x")
    after = source.stamp()
    (tmp_path / "show").mkdir()
    stamps = {before, after, replace(source, adapter=str(tmp_path / "show")).stamp(), replace(source, sha256="1" * 64).stamp()}
    assert len(stamps) == 4
    shown = replace(source, sha256="1" * 64, adapter=str(tmp_path / "show"))
    stamp = shown.stamp()
    (tmp_path / "show" / "adapter_model.safetensors").write_bytes(b"y")
    assert shown.stamp() != stamp, "an adapter trained anew must not pass for the old one"


def test_the_bundled_model_takes_its_adapter_and_the_pairs_that_go_with_it() -> None:
    plain, tuned = (bundled_source(WeightsManifest(entries, ())) for entries in ((BASE,), (BASE, TUNED)))
    assert (plain.adapter, plain.languages, plain.pairs) == (None, ("zh", "en"), ())
    assert Path(tuned.adapter or "").name == "tuned"
    assert (tuned.model, tuned.sha256, tuned.adapter_sha256) == (plain.model, "1" * 64, "2" * 64)
    assert (tuned.name, tuned.pairs, tuned.adapter_pairs, plain.adapter_pairs) == ("lipline-small", (), ("zh-en",), ())


def test_a_shows_own_adapter_stands_in_for_the_bundled_one() -> None:
    shown = bundled_source(WeightsManifest((BASE, TUNED), ()), "/shows/pilot")
    assert (shown.adapter, shown.adapter_sha256, shown.sha256) == ("/shows/pilot", None, "1" * 64)


def test_the_environment_names_an_adapter_for_the_bundled_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("LIPLINE_TRANSLATOR", raising=False)
    monkeypatch.delenv("LIPLINE_ADAPTER", raising=False)
    bundled = build_engines().all("translator")[0]
    monkeypatch.setenv("LIPLINE_ADAPTER", str(tmp_path))
    shown = build_engines().all("translator")[0]
    assert bundled.name == shown.name == "lipline-small"
    assert bundled.version != shown.version
