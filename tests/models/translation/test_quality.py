"""Judges weigh candidates as the model does, and the cut keeps what all of them let pass."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from models.checkpoint import LanguageModelPlace, open_language_model
from models.translation.forms import Ask, Form, ending_of, prefix_ids
from models.translation.layout import translation_ids
from models.translation.quality import CannotJudge, CometJudge, JudgingModel, LikelihoodJudge, RoundTripJudge, keep_best
from tests.tiny_models import make_language_model

CANDIDATES = ("Come here!", "Hello.", "I don't know.")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    return open_language_model(LanguageModelPlace(str(make_language_model(tmp_path_factory.mktemp("lm")))), "cpu")


def by_hand(pair: tuple[Any, Any], form: Form, ask: Ask, text: str) -> float:
    model, tokenizer = pair
    prefix = prefix_ids(form, ask, tokenizer)
    words = [*translation_ids(text, tokenizer), ending_of(form, tokenizer)]
    with torch.no_grad():
        gains = model(torch.tensor([[*prefix, *words]])).logits[0].log_softmax(-1)
    return sum(float(gains[len(prefix) - 1 + at, token]) for at, token in enumerate(words)) / len(words)


@pytest.mark.parametrize("form", [Form.TAGGED, Form.COMPACT])
def test_likelihood_is_nats_per_token_after_the_source_and_the_lines_before(pair: tuple[Any, Any], form: Form) -> None:
    judge = LikelihoodJudge(JudgingModel(*pair, form, "zh", "en", batch_rows=2))
    before = (("你好", "Hello."),)
    expected = [by_hand(pair, form, Ask("zh", "en", "过来", before), text) for text in CANDIDATES]
    assert judge.scores("过来", CANDIDATES, before) == pytest.approx(expected, abs=1e-4)
    assert judge.scores("过来", CANDIDATES) != pytest.approx(expected, abs=1e-4)
    assert judge.scores("过来", ()) == []


def test_round_trip_is_how_likely_the_source_is_as_the_way_back(pair: tuple[Any, Any]) -> None:
    judge = RoundTripJudge(JudgingModel(*pair, Form.TAGGED, "zh", "en"))
    expected = [by_hand(pair, Form.TAGGED, Ask("en", "zh", text), "过来") for text in CANDIDATES]
    assert judge.scores("过来", CANDIDATES, (("你好", "Hello."),)) == pytest.approx(expected, abs=1e-4)


def test_a_candidate_of_2000_characters_and_one_of_signs_are_weighed(pair: tuple[Any, Any]) -> None:
    judge = RoundTripJudge(JudgingModel(*pair, Form.TAGGED, "zh", "en"))
    assert all(score < 0 for score in judge.scores("过来", ("so " * 667, "\U0001f600 (…)\n")))


def test_translations_back_are_the_likeliest_ones_and_a_blank_has_none(pair: tuple[Any, Any]) -> None:
    model, tokenizer = pair
    judge = RoundTripJudge(JudgingModel(*pair, Form.TAGGED, "zh", "en", batch_rows=2))
    found = judge.back_translations([*CANDIDATES, " "], max_new_tokens=6)
    assert found[3] == ""
    prefix = prefix_ids(Form.TAGGED, Ask("en", "zh", CANDIDATES[1]), tokenizer)
    with torch.no_grad():
        whole = model.generate(torch.tensor([prefix]), max_new_tokens=6, do_sample=False, pad_token_id=0)
    said = tokenizer.decode(whole[0, len(prefix) :], skip_special_tokens=True).split("\n")[0].replace("\ufffd", "")
    assert found[1] == " ".join(said.split())


def test_each_judge_drops_its_lowest_fifth() -> None:
    first, second = [5.0, 4.0, 3.0, 2.0, 1.0], [1.0, 5.0, 4.0, 3.0, 2.0]
    assert keep_best([first]) == (0, 1, 2, 3)
    assert keep_best([first, second]) == (1, 2, 3)
    assert keep_best([first, second], 0.4) == (1, 2)
    assert keep_best([first], 0.0) == (0, 1, 2, 3, 4)


def test_fewer_than_five_candidates_lose_none_to_a_fifth() -> None:
    assert keep_best([[3.0, 1.0, 2.0, 0.0]]) == (0, 1, 2, 3)


def test_equal_scores_lose_the_later_candidate() -> None:
    assert keep_best([[1.0] * 5]) == (0, 1, 2, 3)


def test_judges_that_agree_on_nothing_leave_the_best_mean_rank() -> None:
    assert keep_best([[3.0, 2.0, 1.0], [1.0, 2.0, 3.0]], 0.7) == (0,)
    assert keep_best([[9.0, 8.0, 1.0, 2.0], [1.0, 8.0, 9.0, 2.0]], 0.75) == (1,)


@given(st.lists(st.lists(st.floats(-10, 10), min_size=6, max_size=6), min_size=1, max_size=3), st.floats(0, 0.99))
def test_something_always_stays_and_more_judges_never_keep_more(scores: list[list[float]], share: float) -> None:
    kept = keep_best(scores, share)
    assert kept
    assert len(kept) <= max(len(keep_best(scores[:1], share)), 1)
    assert list(kept) == sorted(set(kept))


def test_what_cannot_be_cut_is_said() -> None:
    assert keep_best([]) == keep_best([[]]) == ()
    with pytest.raises(ValueError, match="different numbers"):
        keep_best([[1.0], [1.0, 2.0]])
    with pytest.raises(ValueError, match="no number"):
        keep_best([[float("nan")]])
    with pytest.raises(ValueError, match="cannot be dropped"):
        keep_best([[1.0]], 1.0)


COMET = '''
class Model:
    def __init__(self, needs): self.needs = needs
    def requires_references(self): return self.needs
    def predict(self, rows, batch_size, gpus, progress_bar):
        assert gpus == 0 and not progress_bar and "\\n" not in str(rows)
        return {"scores": [len(row["mt"]) / 100 for row in rows]}

def load_from_checkpoint(path, local_files_only):
    assert local_files_only
    said = open(path).read()
    if said == "damaged": raise RuntimeError("bad magic number")
    return Model(said == "with references")
'''


def comet_folder(folder: Path, content: str) -> Path:
    (folder / "checkpoints").mkdir(parents=True)
    (folder / "hparams.yaml").write_text("class_identifier: unified_metric\n")
    (folder / "checkpoints" / "model.ckpt").write_text(content)
    return folder


@pytest.mark.skipif(find_spec("comet") is not None, reason="the package is installed here")
def test_without_its_package_comet_says_so(tmp_path: Path) -> None:
    with pytest.raises(CannotJudge, match="unbabel-comet is not installed"):
        CometJudge(tmp_path)


def test_comet_scores_candidates_without_references_and_refuses_what_it_cannot_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "comet.py").write_text(COMET)
    monkeypatch.syspath_prepend(str(tmp_path / "packages"))
    monkeypatch.delitem(sys.modules, "comet", raising=False)
    with pytest.raises(CannotJudge, match="holds no hparams.yaml"):
        CometJudge(tmp_path)
    judge = CometJudge(comet_folder(tmp_path / "kiwi", "whole"))
    assert judge.scores("过来", ["Come\nhere!", "Hi"]) == [0.1, 0.02]
    assert judge.scores("过来", []) == []
    assert judge.pair_scores([("过来", "Hi"), ("走吧", "Let's go")]) == [0.02, 0.08]
    with pytest.raises(CannotJudge, match="needs reference translations"):
        CometJudge(comet_folder(tmp_path / "da", "with references"))
    with pytest.raises(CannotJudge, match="cannot be opened .bad magic"):
        CometJudge(comet_folder(tmp_path / "broken", "damaged"))
    monkeypatch.delitem(sys.modules, "comet", raising=False)
