"""The language-model translator keeps the Translator protocol, with tiny random models and with the bundled weights."""

from __future__ import annotations

from dataclasses import replace
from errno import ENOMEM
from pathlib import Path

import pytest

from studio.domain.errors import EngineFailed, EngineUnavailable
from studio.domain.settings import TranslationSettings
from studio.engines.lm_source import LmSource
from studio.engines.memory_budget import MemoryBudget, ModelFacts
from studio.engines.protocols import HasNotices, TranslatesBack, TranslationRequest, Translator, Wording
from studio.engines.translate_lm import LmTranslator, OpenLm, bundled_translator
from tests.hub_cache import cache_model
from tests.tiny_models import CHAT_TEMPLATE, make_language_model

LINES = ("过来", "你好", "我不知道", "我们走吧")
SETTINGS = TranslationSettings(candidate_count=2, draw_count=4, temperature=1.5)


def requests(lines: tuple[str, ...] = LINES, settings: TranslationSettings = SETTINGS) -> list[TranslationRequest]:
    return [TranslationRequest(f"line-{n}", text, "zh", "en", 1500, (), settings) for n, text in enumerate(lines)]


def texts(wordings: tuple[Wording, ...]) -> list[str]:
    return [wording.text for wording in wordings]


def opened(translator: LmTranslator) -> OpenLm:
    lm = translator._place.now
    assert lm is not None
    return lm


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


def test_a_small_model_finds_the_terms_in_the_line_itself_and_a_large_one_in_its_list() -> None:
    from models.translation.forms import Form
    from studio.engines.translate_lm import _ask

    request = replace(requests(("张伟来了",))[0], terms=(("张伟", "Zhang Wei"),))
    small, large = (_ask(request, form, {}) for form in (Form.TAGGED, Form.INSTRUCTION))
    assert (small.source, small.terms) == ("Zhang Wei来了", ())
    assert (large.source, large.terms) == ("张伟来了", request.terms)


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


def test_likelihoods_are_those_of_the_model_and_the_score_may_count_more(folder: Path) -> None:
    source = LmSource("tiny", str(folder), "none", form="tagged", batch_lines=4, max_new_tokens=10)
    for (_, plain), (_, weighed) in zip(
        LmTranslator(source).propose(requests()), LmTranslator(replace(source, reverse_weight=1.0)).propose(requests()), strict=True
    ):
        assert all(wording.likelihood == wording.score for wording in plain)
        assert {wording.text: wording.likelihood for wording in weighed} == {wording.text: wording.likelihood for wording in plain}


def test_wordings_are_translated_back_in_order_and_only_where_the_direction_is_known(tiny: LmTranslator, folder: Path) -> None:
    promised: TranslatesBack = tiny
    found = promised.translate_back(["Hello.", " ", "Come here!"], "zh", "en")
    assert len(found) == 3
    assert found[1] is None
    assert found == tiny.translate_back(["Hello.", " ", "Come here!"], "zh", "en")
    one_way = LmTranslator(LmSource("tiny", str(folder), "none", form="tagged", pairs=("zh-en",)))
    assert one_way.translate_back(["Hello."], "zh", "en") == [None]


def test_a_line_of_two_thousand_letters_and_odd_characters_cost_no_other_line_its_answer(folder: Path) -> None:
    tiny = LmTranslator(LmSource("tiny", str(folder), "none", form="tagged", batch_lines=3, max_new_tokens=80))
    odd = ("我们走吧。" * 400, "(你好)\n（再见", "👋🏽 Hello 你好", "")
    few = TranslationSettings(candidate_count=1, draw_count=1)
    answers = list(tiny.propose(requests(odd, few)))
    assert [line_id for line_id, _ in answers] == [f"line-{n}" for n in range(4)]
    assert answers[3][1] == ()
    assert len(tiny._parts(opened(tiny), requests(odd)[0])) > 20
    assert all(len(tiny._parts(opened(tiny), request)) == 1 for request in requests(odd)[1:3])
    assert all("\n" not in wording.text and wording.text.isprintable() for _, wordings in answers for wording in wordings)


def test_a_chat_model_is_told_the_time_the_terms_and_the_wish(folder: Path) -> None:
    chat = LmTranslator(LmSource("tiny", str(folder), "none", form="instruction"))
    assert chat.follows_instructions
    chat.load()
    assert chat.follows_instructions
    request = replace(requests()[0], terms=(("过来", "over here"),), instruction="shorter", before=(("你好", "Hi."),))
    words = opened(chat).tokenizer.decode(chat._prefix(opened(chat), request, {}))
    assert "5. The last line has 1.5 seconds: its translation must be said within them.\n" in words
    assert "6. The editor's wish for the last line: shorter\n" in words
    assert "Terms:\n过来 - over here\n" in words
    assert words.endswith("[assistant]你好(Hi.)\n过来(")


def test_a_model_without_chat_template_gets_the_plain_instruction(tmp_path: Path) -> None:
    plain = LmTranslator(LmSource("tiny", str(make_language_model(tmp_path / "plain")), "none", form="instruction"))
    assert not plain.follows_instructions
    plain.load()
    words = opened(plain).tokenizer.decode(plain._prefix(opened(plain), replace(requests()[0], instruction="shorter"), {}))
    assert words.startswith("Translate these 1 lines of Chinese")
    assert "shorter" not in words
    assert not LmTranslator(LmSource("tiny", str(tmp_path / "plain"), "none", form="tagged")).follows_instructions


def test_memory_that_runs_out_costs_no_wording_and_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from models.translation import decode

    source = LmSource("tiny", str(folder), "none", form="tagged", batch_lines=4, max_new_tokens=10)
    whole, original = list(LmTranslator(source).propose(requests())), decode.draw_continuations

    def small(model: object, prefixes: list, noise: torch.Tensor, sampling: object) -> list:
        if len(prefixes) * noise.shape[1] > 6:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return original(model, prefixes, noise, sampling)

    monkeypatch.setattr(decode, "draw_continuations", small)
    short: HasNotices = (tight := LmTranslator(source))
    assert short.notices() == ()
    assert [(key, texts(wordings)) for key, wordings in tight.propose(requests())] == [(key, texts(wordings)) for key, wordings in whole]
    assert "Memory ran short" in short.notices()[0]


@pytest.mark.parametrize("error", [RuntimeError("DefaultCPUAllocator: can't allocate memory"), OSError(ENOMEM, "Cannot allocate memory")])
def test_opening_that_runs_out_of_memory_is_tried_again_once_others_are_gone_and_else_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    from models import checkpoint

    budget, original = MemoryBudget(wait_s=0.05), checkpoint.open_language_model
    idle = budget.place(lambda: ModelFacts("idle", "cpu", 4), lambda: "net")
    with idle.use():
        pass

    def full(place: checkpoint.LanguageModelPlace, device: str) -> object:
        if idle.now is not None:
            raise error
        return original(place, device)

    monkeypatch.setattr(checkpoint, "open_language_model", full)
    tiny = LmTranslator(LmSource("tiny", str(folder), "none", form="tagged", max_new_tokens=4), budget)
    with idle.use(), pytest.raises(EngineUnavailable, match="“tiny” is not available: the memory of cpu does not suffice to open it"):
        tiny.load()
    tiny.load()
    assert opened(tiny) is not None and idle.now is None


def test_a_hub_id_that_was_fetched_before_has_the_size_of_its_files(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache_model(tmp_path, monkeypatch, "somebody/tiny", folder)
    named, by_id = (LmTranslator(LmSource("tiny", model, "none"))._facts() for model in (str(folder), "somebody/tiny"))
    assert by_id == named and (by_id.size_bytes or 0) > 1024 * 2**20
    assert LmTranslator(LmSource("tiny", "somebody/other", "none"))._facts().size_bytes is None


def test_a_hub_id_that_is_fetched_on_first_use_is_measured_once_it_is_open(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from models import checkpoint

    budget, original = MemoryBudget(), checkpoint.open_language_model
    monkeypatch.setattr(checkpoint, "open_language_model", lambda place, device: original(replace(place, model=str(folder)), device))
    tiny = LmTranslator(LmSource("tiny", "somebody/new", "none", may_download=True, cache_mb=1), budget)
    tiny.load()
    weights = sum(tensor.nbytes for tensor in opened(tiny).model.parameters())
    (held,) = budget.held()
    assert weights < held.size_bytes - 2**20 < 2 * weights  # and buffers


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

    taught = replace(tuned._source, adapter_pairs=("en-zh",))
    other_way = LmTranslator(taught)
    assert list(other_way.propose(requests())) == list(plain.propose(requests())), "in a direction it was not taught the adapter is off"
    same_way = LmTranslator(replace(taught, adapter_pairs=("zh-en",)))
    assert [line for line, _ in same_way.propose(requests())] and same_way.version not in (plain.version, other_way.version)
    assert list(same_way.propose(requests())) == list(tuned.propose(requests()))


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
