from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from models.translation.scene_cache import SceneCache


def model(**changes) -> SimpleNamespace:
    given = {"num_hidden_layers": 1, "_attn_implementation": "sdpa", "layer_types": ["full_attention"]} | changes
    return SimpleNamespace(config=SimpleNamespace(**given))


def states(*numbers: list[float]) -> torch.Tensor:
    """Keys (scenes, 1 head, tokens, width 1)."""
    return torch.tensor(numbers)[:, None, :, None]


def written(cache: SceneCache, starts: list[int], *numbers: list[float]) -> list[list[float]]:
    cache.place(starts, len(numbers[0]), torch.device("cpu"))
    keys, values = cache.update(states(*numbers), 2 * states(*numbers), 0)
    assert torch.equal(values, 2 * keys)
    return keys[:, 0, :, 0].tolist()


def test_each_scene_is_written_at_its_own_place() -> None:
    cache = SceneCache(model())
    assert written(cache, [0, 0], [1, 2, 3], [4, 5, 0]) == [[1, 2, 3], [4, 5, 0]]
    assert written(cache, [3, 2], [6], [7]) == [[1, 2, 3, 6], [4, 5, 7, 0]]


def test_writing_from_an_earlier_column_gives_up_what_stood_behind() -> None:
    cache = SceneCache(model())
    written(cache, [0], [1, 2, 3, 4])
    assert written(cache, [2], [8]) == [[1, 2, 8]]
    assert cache.get_seq_length() == 3


def test_it_grows_and_keeps_what_was_there() -> None:
    cache = SceneCache(model())
    written(cache, [0], [1, 2])
    kept = written(cache, [2], [float(number) for number in range(500)])
    assert kept[0][:4] == [1, 2, 0, 1] and len(kept[0]) == 502


def test_scenes_are_given_up() -> None:
    cache = SceneCache(model())
    written(cache, [0, 0, 0], [1], [2], [3])
    cache.keep_scenes([0, 2])
    assert written(cache, [1, 1], [4], [5]) == [[1, 4], [3, 5]]


@pytest.mark.parametrize("changes", [{"layer_types": ["full_attention", "sliding_attention"]}, {"_attn_implementation": "flash_attention_2"}])
def test_attention_that_takes_no_tree_is_refused(changes) -> None:
    with pytest.raises(ValueError, match="full attention by sdpa or eager"):
        SceneCache(model(**changes))
