"""The language-model translator keeps the Translator protocol, with tiny random models and with the bundled weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from studio.domain.errors import EngineFailed, EngineUnavailable
from studio.domain.settings import TranslationSettings
from studio.engines.protocols import TranslationRequest, Translator, Wording
from studio.engines.translate_lm import LmSource, LmTranslator, bundled_translator
from tests.tiny_models import CHAT_TEMPLATE, make_language_model

LINES = ("过来", "你好", "我不知道", "我们走吧")
SETTINGS = TranslationSettings(candidate_count=2, draw_count=4, temperature=1.5)


def requests(lines: tuple[str, ...] = LINES, settings: TranslationSettings = SETTINGS) -> list[TranslationRequest]:
    return [TranslationRequest(f"line-{n}", text, "zh", "en", 1500, (), settings) for n, text in enumerate(lines)]


def texts(wordings: tuple[Wording, ...]) -> list[str]:
    return [wording.text for wording in wordings]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_language_model(tmp_path_factory.mktemp("lm"), chat_template=CHAT_TEMPLATE)


@pytest.fixture(scope="module", params=["tagged", "compact", "instruction"])
def tiny(request: pytest.FixtureRequest, folder: Path) -> LmTranslator:
    return LmTranslator(LmSource("tiny", str(folder), "none", form=request.param, batch_lines=3, max_new_tokens=10))


def test_it_is_a_translator(tiny: LmTranslator) -> None:
    promised: Translator = tiny
    assert promised.available().is_available
    assert promised.supports("zh", "en").is_available


def test_every_line_is_answered_once_in_order_with_distinct_wordings(tiny: LmTranslator) -> None:
    answers = list(tiny.propose(requests()))
    assert [line_id for line_id, _ in answers] == [f"line-{n}" for n in range(4)]
    for _, wordings in answers:
        assert len(wordings) <= 4
        assert len({wording.text for wording in wordings}) == len(wordings)
        assert all(wording.text.strip() and wording.score <= 0 and "\n" not in wording.text for wording in wordings)


def test_the_same_seed_gives_the_same_wordings_and_another_seed_others(tiny: LmTranslator) -> None:
    first, again = list(tiny.propose(requests())), list(tiny.propose(requests()))
    assert first == again
    other = list(tiny.propose(requests(settings=replace(SETTINGS, seed=7))))
    assert first != other


def test_a_line_gets_its_wordings_whatever_was_asked_beside_it(folder: Path) -> None:
    tiny = LmTranslator(LmSource("tiny", str(folder), "none", form="tagged", batch_lines=4, max_new_tokens=10))
    together = dict(tiny.propose(requests()))
    for request in requests():
        (_, alone), = tiny.propose([request])
        assert texts(alone) == texts(together[request.line_id])


def test_an_earlier_line_changes_the_prefix_and_a_pending_one_takes_what_this_call_gave(folder: Path) -> None:
    from models.translation.forms import Form
    from studio.engines.translate_lm import _ask

    request = replace(requests()[1], before=(("过来", ""), ("再见", "Bye.")))
    assert _ask(request, Form.TAGGED, {}).before == (("再见", "Bye."),)
    assert _ask(request, Form.TAGGED, {("zh", "en", "过来"): "Come!"}).before == (("过来", "Come!"), ("再见", "Bye."))
    assert _ask(request, Form.INSTRUCTION, {}).source_language == "Chinese"


def test_settings_that_differ_inside_a_batch_are_each_kept(folder: Path) -> None:
    tiny = LmTranslator(LmSource("tiny", str(folder), "none", form="tagged", batch_lines=4, max_new_tokens=10))
    mixed = requests()
    mixed[1] = replace(mixed[1], settings=TranslationSettings(candidate_count=1, draw_count=1))
    answers = dict(tiny.propose(mixed))
    assert len(answers["line-1"]) <= 1
    assert texts(answers["line-2"]) == texts(dict(tiny.propose(requests()))["line-2"])


def test_a_draw_that_never_ends_is_no_wording_and_the_line_is_still_yielded(folder: Path) -> None:
    tiny = LmTranslator(LmSource("tiny", str(folder), "none", form="tagged", max_new_tokens=1))
    answers = list(tiny.propose(requests()))
    assert [line_id for line_id, _ in answers] == [f"line-{n}" for n in range(4)]
    assert all(isinstance(wording, Wording) for _, wordings in answers for wording in wordings)


def test_wordings_that_translate_back_to_the_line_come_first(folder: Path) -> None:
    source = LmSource("tiny", str(folder), "none", form="tagged", batch_lines=4, max_new_tokens=10)
    plain, both_ways = LmTranslator(source), LmTranslator(replace(source, reverse_weight=1.0))
    many = TranslationSettings(draw_count=12, temperature=1.5)
    for (_, forward), (_, weighed) in zip(plain.propose(requests(settings=many)), both_ways.propose(requests(settings=many)), strict=True):
        assert {wording.text for wording in forward} == {wording.text for wording in weighed}
        assert [wording.score for wording in weighed] == sorted((wording.score for wording in weighed), reverse=True)
    few = list(both_ways.propose(requests(settings=replace(many, candidate_count=1, draw_count=1))))
    assert all(len(wordings) <= 1 for _, wordings in few)


def test_the_number_of_threads_is_given_back(folder: Path) -> None:
    import torch

    before = torch.get_num_threads()
    list(LmTranslator(LmSource("tiny", str(folder), "none", max_new_tokens=4, threads=before + 1)).propose(requests()))
    assert torch.get_num_threads() == before


def test_unknown_languages_are_refused_in_a_sentence() -> None:
    source = LmSource("pair", "nowhere", "none", languages=("zh", "en"))
    verdict = LmTranslator(source).supports("de", "en")
    assert not verdict.is_available
    assert verdict.why == "pair knows Chinese and English only; name another model, or import a translation."
    assert not LmTranslator(source).supports("en", "en").is_available


def test_a_model_that_is_not_here_is_unavailable_until_fetching_is_allowed() -> None:
    absent = LmTranslator(LmSource("absent", "someone/absent-model", "none"))
    assert "neither a folder here nor fetched before" in absent.available().why
    with pytest.raises(EngineUnavailable, match="absent"):
        absent.load()
    assert LmTranslator(LmSource("absent", "someone/absent-model", "none", may_download=True)).available().is_available


def test_a_model_with_language_tags_is_asked_by_tag_and_a_language_without_one_is_said(folder: Path) -> None:
    tiny = LmTranslator(LmSource("tiny", str(folder), "none", max_new_tokens=10))
    by_tag = LmTranslator(LmSource("tiny", str(folder), "none", form="tagged", max_new_tokens=10))
    assert list(tiny.propose(requests())) == list(by_tag.propose(requests()))
    with pytest.raises(EngineFailed, match="no tag for the language “fr”"):
        list(tiny.propose([replace(requests()[0], target_language="fr")]))


def test_weights_that_were_altered_are_refused(folder: Path) -> None:
    with pytest.raises(EngineUnavailable, match="sha256"):
        LmTranslator(LmSource("tiny", str(folder), "none", sha256="0" * 64)).load()


def test_other_weights_are_another_version(folder: Path, tmp_path: Path) -> None:
    other = make_language_model(tmp_path / "other", seed=1)
    versions = {LmTranslator(LmSource("tiny", str(place), "none")).version for place in (folder, other)}
    assert len(versions) == 2


def test_an_adapter_changes_the_wordings(folder: Path, tmp_path: Path) -> None:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(0)
    adapted = get_peft_model(AutoModelForCausalLM.from_pretrained(folder), LoraConfig(r=4, target_modules=["q_proj"], init_lora_weights=False))
    adapted.save_pretrained(tmp_path / "adapter")
    plain = LmTranslator(LmSource("tiny", str(folder), "none", form="tagged", max_new_tokens=10))
    tuned = LmTranslator(LmSource("tiny", str(folder), "none", form="tagged", adapter=str(tmp_path / "adapter"), max_new_tokens=10))
    assert plain.version != tuned.version
    assert list(plain.propose(requests())) != list(tuned.propose(requests()))


def test_the_bundled_model_translates_both_ways_and_knows_its_limits() -> None:
    bundled = bundled_translator()
    assert bundled.available().is_available
    assert not bundled.supports("zh", "fr").is_available
    (_, english), = bundled.propose([TranslationRequest("a", "谢谢你", "zh", "en", 900)])
    (_, chinese), = bundled.propose([TranslationRequest("b", "Thank you.", "en", "zh", 900)])
    assert "hank" in english[0].text
    assert "谢" in chinese[0].text
    (_, several), = bundled.propose([TranslationRequest("c", "我不知道他为什么要这么做", "zh", "en", 1800)])
    assert len(several) > 1
