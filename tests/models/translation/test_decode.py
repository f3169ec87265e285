"""Decoding agrees with the model it decodes, and depends on nothing but its prefix and its noise."""

from __future__ import annotations


import pytest
import torch

from models.checkpoint import LanguageModelPlace, open_language_model
from models.translation.decode import Sampling, draw_continuations, mean_log_probabilities, pick_tokens, uniform_noise
from tests.tiny_models import make_language_model

NEVER = frozenset({0})
PREFIXES = [[2, 20, 21, 3], [2, 30, 3], [2, 40, 41, 42, 43, 44, 3]]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> torch.nn.Module:
    folder = make_language_model(tmp_path_factory.mktemp("lm"))
    return open_language_model(LanguageModelPlace(str(folder)), "cpu")[0]


def sampling(ends: frozenset[int] = NEVER, steps: int = 8) -> Sampling:
    return Sampling(temperature=1.0, top_p=0.95, max_new_tokens=steps, ending_ids=ends, padding_id=0)


def noise(count: int, draws: int, steps: int = 8) -> torch.Tensor:
    return torch.stack([uniform_noise(seed, draws, steps) for seed in range(count)])


def greedy_by_hand(model: torch.nn.Module, prefix: list[int], steps: int) -> tuple[list[int], float]:
    ids, gains = list(prefix), []
    for _ in range(steps):
        with torch.inference_mode():
            chances = model(torch.tensor([ids])).logits[0, -1].log_softmax(-1)
        ids.append(int(chances.argmax()))
        gains.append(float(chances.max()))
    return ids[len(prefix) :], sum(gains) / len(gains)


def test_the_first_draw_is_the_greedy_one_whatever_stands_beside_it(model: torch.nn.Module) -> None:
    draws = draw_continuations(model, PREFIXES, noise(3, 3), sampling())
    for prefix, of_prefix in zip(PREFIXES, draws, strict=True):
        ids, mean = greedy_by_hand(model, prefix, 8)
        assert list(of_prefix[0].ids) == ids
        assert of_prefix[0].mean_log_probability == pytest.approx(mean, abs=1e-4)


def test_a_prefix_gets_the_same_draws_alone_and_in_a_batch(model: torch.nn.Module) -> None:
    together = draw_continuations(model, PREFIXES, noise(3, 4), sampling())
    for index, prefix in enumerate(PREFIXES):
        alone = draw_continuations(model, [prefix], noise(3, 4)[index : index + 1], sampling())[0]
        assert [draw.ids for draw in alone] == [draw.ids for draw in together[index]]


def test_draws_end_at_an_ending_and_say_which(model: torch.nn.Module) -> None:
    free = draw_continuations(model, PREFIXES, noise(3, 4), sampling())
    ending = free[0][0].ids[3]
    cut = draw_continuations(model, PREFIXES, noise(3, 4), sampling(frozenset({ending})))
    for before, after in zip(sum(free, []), sum(cut, []), strict=True):
        if ending in before.ids:
            assert after.ids == before.ids[: before.ids.index(ending)]
            assert after.ending_id == ending
        else:
            assert after.ids == before.ids
            assert not after.is_finished


def test_other_noise_gives_other_draws(model: torch.nn.Module) -> None:
    first = draw_continuations(model, PREFIXES, noise(3, 6), sampling())
    second = draw_continuations(model, PREFIXES, 1 - noise(3, 6), sampling())
    assert [d.ids for d in first[0][1:]] != [d.ids for d in second[0][1:]]


def test_sampling_follows_the_nucleus() -> None:
    logits = torch.tensor([0.5, 0.3, 0.15, 0.05]).log().repeat(10_000, 1)
    rows = torch.rand(10_000, generator=torch.Generator().manual_seed(0))
    picked = pick_tokens(logits, rows, torch.zeros(10_000, dtype=torch.bool), Sampling(1.0, 0.75, 1, NEVER, 0))
    shares = torch.bincount(picked, minlength=4) / 10_000
    assert shares[2:].sum() == 0
    assert float(shares[0]) == pytest.approx(0.5 / 0.8, abs=0.02)


def test_greedy_rows_take_the_likeliest_token_whatever_their_noise() -> None:
    logits = torch.tensor([[0.1, 2.0, 0.3], [3.0, 2.0, 0.3]])
    assert pick_tokens(logits, torch.tensor([0.99, 0.99]), torch.tensor([True, True]), sampling()).tolist() == [1, 0]


def test_given_texts_are_weighed_as_drawn_ones_are(model: torch.nn.Module) -> None:
    draws = [of_prefix[0] for of_prefix in draw_continuations(model, PREFIXES, noise(3, 1), sampling())]
    texts = [draw.ids[: length] for draw, length in zip(draws, (8, 3, 5), strict=True)]
    weighed = mean_log_probabilities(model, PREFIXES, texts, 0)
    assert weighed[0] == pytest.approx(draws[0].mean_log_probability, abs=1e-4)
    alone = [mean_log_probabilities(model, [prefix], [text], 0)[0] for prefix, text in zip(PREFIXES, texts, strict=True)]
    assert weighed == pytest.approx(alone, abs=1e-4)
