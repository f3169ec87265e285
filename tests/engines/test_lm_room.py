"""Drawing in parts changes nothing in what is drawn, and running out of memory costs time, not lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch

from models.checkpoint import LanguageModelPlace, open_language_model
from models.translation import decode
from models.translation.decode import Draw, Sampling, uniform_noise
from studio.engines.lm_room import OutOfRoom, Room, room_for
from tests.tiny_models import make_language_model

PREFIXES = [[5, 6, 7], [9] * 12, [30, 31]]
NOISE = torch.stack([uniform_noise(seed, 5, 8) for seed in range(3)])
SAMPLING = Sampling(1.5, 0.95, 8, frozenset({1}), 0)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return open_language_model(LanguageModelPlace(str(make_language_model(tmp_path_factory.mktemp("lm")))), "cpu")[0]


@pytest.fixture(scope="module")
def whole(model: Any) -> list[list[tuple[int, ...]]]:
    """What is drawn at one go."""
    return ids(decode.draw_continuations(model, PREFIXES, NOISE, SAMPLING))


def ids(draws: list[list[Draw]]) -> list[list[tuple[int, ...]]]:
    return [[draw.ids for draw in of_line] for of_line in draws]


def with_room_for(rows: int, monkeypatch: pytest.MonkeyPatch, error: type[Exception] = torch.OutOfMemoryError) -> list[int]:
    """Memory for so many rows at once; returns the list in which the size of every part that was decoded is kept."""
    whole, done = decode.draw_continuations, []

    def small(model: Any, prefixes: Sequence[Sequence[int]], noise: torch.Tensor, sampling: Sampling) -> list[list[Draw]]:
        if len(prefixes) * noise.shape[1] > rows:
            raise error("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes.")
        done.append(len(prefixes) * noise.shape[1])
        return whole(model, prefixes, noise, sampling)

    monkeypatch.setattr(decode, "draw_continuations", small)
    return done


@pytest.mark.parametrize("max_tokens", [1, 110])
def test_the_draws_are_the_same_in_however_many_parts(model: Any, whole: list[list[tuple[int, ...]]], max_tokens: int) -> None:
    room = Room(max_tokens)
    assert ids(room.draw(model, PREFIXES, NOISE, SAMPLING)) == whole
    assert room.notices() == ()


@pytest.mark.parametrize("error", [torch.OutOfMemoryError, RuntimeError])
def test_when_memory_runs_out_the_batch_is_halved_and_it_is_said(
    model: Any, whole: list[list[tuple[int, ...]]], monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    done = with_room_for(4, monkeypatch, error)
    room = Room(10_000)
    assert ids(room.draw(model, PREFIXES, NOISE, SAMPLING)) == whole
    assert max(done) <= 4
    (sentence,) = room.notices()
    assert "nothing is missing" in sentence
    shrunk = room.max_tokens
    room.draw(model, PREFIXES, NOISE, SAMPLING)
    assert room.max_tokens == shrunk
    assert room.notices() == (sentence,), "the second time it is known how much fits"


def test_what_never_fits_is_said_in_a_sentence(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with_room_for(1, monkeypatch)
    with pytest.raises(OutOfRoom, match="name a smaller model"):
        Room(10_000).draw(model, PREFIXES, NOISE, SAMPLING)


def test_another_fault_is_not_taken_for_a_lack_of_memory(model: Any) -> None:
    with pytest.raises((IndexError, RuntimeError), match="range|index"):
        Room(10_000).draw(model, [[10**6]], NOISE[:1], SAMPLING)


def test_scores_survive_a_lack_of_memory(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    prefixes, texts = PREFIXES * 3, [[40, 41]] * 9
    whole = decode.mean_log_probabilities(model, prefixes, texts, 0)
    original = decode.mean_log_probabilities

    def small(model: Any, prefixes: Any, texts: Any, padding_id: int) -> list[float]:
        if len(texts) > 2:
            raise MemoryError
        return original(model, prefixes, texts, padding_id)

    monkeypatch.setattr(decode, "mean_log_probabilities", small)
    room = Room(10_000)
    assert room.score(model, prefixes, texts) == pytest.approx(whole, abs=1e-5)
    assert room.notices()
    monkeypatch.setattr(decode, "mean_log_probabilities", lambda *_: (_ for _ in ()).throw(MemoryError()))
    with pytest.raises(OutOfRoom):
        room.score(model, prefixes, texts)


def test_the_room_of_a_model_follows_from_its_shape(model: Any) -> None:
    assert room_for(model, 1).max_tokens == 2**20 // (2 * 2 * 1 * 16 * 4)
