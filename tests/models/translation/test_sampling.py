from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedModel

from models.translation.decode import Draw, Sampling, draw_continuations, pick_tokens
from models.translation.forms import Form
from models.translation.layout import SceneLayout, layout_of, translation_ids
from models.translation.prompt import Scene
from models.translation.sampling import (
    Candidate, LineDraws, SamplingOutOfMemory, SamplingSettings, SceneAsk, SceneSampler, candidates_of, line_noise,
)  # fmt: skip
from tests.tiny_models import make_language_model

SETTINGS = SamplingSettings(n_draws=6, temperature=1.3, top_p=0.95, top_k=None, max_new_tokens=9, tokens_per_source_token=None, seed=3)
CHOSEN = ("Come here!", "Hello.", "Yes.", "No.")
SCENES = (("过来", "你好", "我不知道"), ("再见 朋友", "是的"), ("你在哪里", "不是", "谢谢你", "过来"))


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Tiny passes gain nothing from threads, and wait for each other on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    return make_language_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def tokenizer(folder: Path):
    return AutoTokenizer.from_pretrained(folder)


def qwen(folder: Path, attention: str = "sdpa", dtype: torch.dtype = torch.float32) -> PreTrainedModel:
    return AutoModelForCausalLM.from_pretrained(folder, attn_implementation=attention, dtype=dtype).eval()


def llama(size: int) -> PreTrainedModel:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=size, hidden_size=32, num_hidden_layers=2, intermediate_size=48, num_attention_heads=4, num_key_value_heads=2,
        max_position_embeddings=256, initializer_range=0.3, bos_token_id=None, eos_token_id=1, pad_token_id=0,
    )  # fmt: skip
    return LlamaForCausalLM(config).eval()


def layouts(tokenizer, form: Form = Form.COMPACT) -> list[SceneLayout]:
    return [layout_of(Scene("zh", "en", lines), form, tokenizer) for lines in SCENES]


def asks_of(found: list[SceneLayout]) -> list[SceneAsk]:
    return [SceneAsk(f"film:{number}", layout) for number, layout in enumerate(found)]


def chosen_ids(tokenizer) -> list[tuple[int, ...]]:
    return [translation_ids(text, tokenizer) for text in CHOSEN]


def sampled(model, asks, tokenizer, settings=SETTINGS, notices=None) -> dict[tuple[str, int], tuple[Draw, ...]]:
    """Draws by scene and line; the words of CHOSEN go on in the context."""
    found, words = {}, chosen_ids(tokenizer)

    def choose(lines: list[LineDraws]) -> list[tuple[int, ...]]:
        found.update({(asks[line.scene_index].scene_id, line.line_index): line.draws for line in lines})
        return [words[line.line_index] for line in lines]

    SceneSampler(model, settings, None if notices is None else notices.append).sample(asks, choose)
    return found


def context(layout: SceneLayout, line: int, tokenizer) -> list[int]:
    return [*layout.trunk(chosen_ids(tokenizer)[:line]), *layout.openings[line]]


@torch.inference_mode()
def one_by_one(model, prefix: list[int], noise, endings: frozenset[int]) -> list[tuple[tuple[int, ...], float]]:
    """What the tree must equal: each draw a row of its own, read anew for every token. Written ids and their mean log-probability."""
    sampling = Sampling(SETTINGS.temperature, SETTINGS.top_p, SETTINGS.max_new_tokens, endings, 0)
    rows = torch.tensor([prefix] * SETTINGS.n_draws)
    is_greedy = torch.arange(len(rows)) == 0
    for step in range(SETTINGS.max_new_tokens):
        logits = model(input_ids=rows).logits
        picked = pick_tokens(logits[:, -1].float(), torch.from_numpy(noise[:, step].copy()), is_greedy, sampling)
        rows = torch.cat([rows, picked[:, None]], 1)
    gains = model(input_ids=rows).logits[:, len(prefix) - 1 : -1].float().log_softmax(-1).gather(-1, rows[:, len(prefix) :, None])[..., 0]
    found = []
    for row, gain in zip(rows[:, len(prefix) :].tolist(), gains, strict=True):
        length = next((place + 1 for place, token in enumerate(row) if token in endings), len(row))
        found.append((tuple(row[:length]), float(gain[:length].mean())))
    return found


def written(draw: Draw) -> tuple[int, ...]:
    return draw.ids if draw.ending_id is None else (*draw.ids, draw.ending_id)


@torch.inference_mode()
def plain_mean(model, prefix: list[int], ids: tuple[int, ...]) -> float:
    logits = model(input_ids=torch.tensor([[*prefix, *ids]])).logits[0, len(prefix) - 1 : -1].float()
    return float(logits.log_softmax(-1).gather(-1, torch.tensor(ids)[:, None]).mean())


@pytest.mark.parametrize("kind", ["qwen sdpa", "qwen eager", "llama"])
@pytest.mark.parametrize("form", [Form.COMPACT, Form.TAGGED])
def test_the_tree_draws_what_each_candidate_draws_by_itself(folder, tokenizer, kind: str, form: Form) -> None:
    model = llama(len(tokenizer)) if kind == "llama" else qwen(folder, kind.split()[1])
    found = layouts(tokenizer, form)[:2]
    draws = sampled(model, asks_of(found), tokenizer)
    assert len(draws) == len(SCENES[0]) + len(SCENES[1])
    for (scene_id, line), drawn in draws.items():
        layout = found[int(scene_id[-1])]
        expected = one_by_one(model, context(layout, line, tokenizer), line_noise(SETTINGS, scene_id, line), layout.ending_ids)
        assert [written(draw) for draw in drawn] == [ids for ids, _ in expected]
        assert [draw.mean_log_probability for draw in drawn] == pytest.approx([mean for _, mean in expected], abs=1e-4)
    assert len({written(draw) for drawn in draws.values() for draw in drawn}) > 9  # the noise did something


def test_it_agrees_with_the_copying_decoder(folder, tokenizer) -> None:
    model, layout = qwen(folder), layouts(tokenizer)[0]
    drawn = sampled(model, [SceneAsk("film:0", layout)], tokenizer)
    sampling = Sampling(SETTINGS.temperature, SETTINGS.top_p, SETTINGS.max_new_tokens, layout.ending_ids, 0)
    for line in range(len(layout)):
        noise = torch.from_numpy(line_noise(SETTINGS, "film:0", line))[None]
        (copied,) = draw_continuations(model, [context(layout, line, tokenizer)], noise, sampling)
        assert [(draw.ids, draw.ending_id) for draw in copied] == [(draw.ids, draw.ending_id) for draw in drawn["film:0", line]]


def test_scenes_side_by_side_draw_what_they_draw_alone(folder, tokenizer) -> None:
    model, asks = qwen(folder), asks_of(layouts(tokenizer))
    together = sampled(model, asks, tokenizer)
    alone = {key: draws for ask in asks for key, draws in sampled(model, [ask], tokenizer).items()}
    assert {key: [written(draw) for draw in draws] for key, draws in together.items()} == {
        key: [written(draw) for draw in draws] for key, draws in alone.items()
    }


def test_half_precision_follows_its_own_plain_pass(folder, tokenizer) -> None:
    model, layout = qwen(folder, dtype=torch.bfloat16), layouts(tokenizer)[1]
    drawn = sampled(model, [SceneAsk("film:1", layout)], tokenizer)
    for (_, line), draws in drawn.items():
        for draw in draws:
            assert draw.mean_log_probability == pytest.approx(plain_mean(model, context(layout, line, tokenizer), written(draw)), abs=0.15)


def test_draws_that_agree_are_computed_once(folder, tokenizer) -> None:
    model, widths = qwen(folder), []
    model.model.register_forward_pre_hook(lambda _, __, asked: widths.append(asked["input_ids"].shape[1]), with_kwargs=True)
    settings = SamplingSettings(n_draws=20, temperature=0.01, max_new_tokens=6)  # so cold that every draw is the likeliest
    layout = layouts(tokenizer)[0]
    drawn = sampled(model, [SceneAsk("film:0", layout)], tokenizer, settings)
    assert all(len(set(draws)) == 1 for draws in drawn.values())
    read = len(layout.prompt) + sum(map(len, layout.openings)) + sum(len(ids) + 2 for ids in chosen_ids(tokenizer)[:2])
    assert sum(widths) == read + sum(len(draws[0].ids[:5]) for draws in drawn.values())


def test_the_trunk_is_read_once_and_only_the_chosen_words_are_added(folder, tokenizer) -> None:
    model, starts = qwen(folder), []
    model.model.register_forward_pre_hook(lambda _, __, asked: starts.append(asked["position_ids"].min().item()), with_kwargs=True)
    layout = layouts(tokenizer)[0]
    sampled(model, [SceneAsk("film:0", layout)], tokenizer)
    trunk = len(layout.prompt) + len(layout.openings[0])
    assert starts[0] == 0 and min(starts[1:]) == trunk


def test_noise_belongs_to_seed_scene_line_and_draw() -> None:
    noise = line_noise(SETTINGS, "film:0", 1)
    assert noise.shape == (6, 9)
    assert (noise == line_noise(SETTINGS, "film:0", 1)).all()
    others = [line_noise(SETTINGS, "film:1", 1), line_noise(SETTINGS, "film:0", 2), line_noise(SamplingSettings(6, max_new_tokens=9, seed=4), "film:0", 1)]
    assert all((noise != other).any() for other in others)


def limited(model: PreTrainedModel, most_nodes: int, error: Exception) -> PreTrainedModel:
    """`model` on a machine that holds passes over that many nodes of one line's tree (they share a position), and no more."""

    def look(_, __, asked: dict) -> None:
        positions = asked["position_ids"]
        if positions.min() > 0 and len(positions.unique()) == 1 and positions.shape[1] > most_nodes:
            raise error

    model.model.register_forward_pre_hook(look, with_kwargs=True)
    return model


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA out of memory."), RuntimeError("DefaultCPUAllocator: can't allocate memory")])
def test_out_of_memory_halves_the_candidates_and_changes_no_draw(folder, tokenizer, error: Exception) -> None:
    layout = layouts(tokenizer, Form.TAGGED)[0]
    ask, notices = [SceneAsk("film:0", layout)], []
    settings = SamplingSettings(n_draws=12, temperature=2.0, top_p=1.0, top_k=None, max_new_tokens=6, seed=1)
    expected = sampled(qwen(folder), ask, tokenizer, settings)
    found = sampled(limited(qwen(folder), 6, error), ask, tokenizer, settings, notices)
    assert found.keys() == expected.keys()
    for key, draws in found.items():
        assert [written(draw) for draw in draws] == [written(draw) for draw in expected[key]]
    assert notices == ["Memory ran out with 12 candidates at once; going on with 6."]


def test_no_memory_for_one_candidate_is_said_in_a_sentence(folder, tokenizer) -> None:
    model = limited(qwen(folder), 0, torch.OutOfMemoryError("CUDA out of memory."))
    with pytest.raises(SamplingOutOfMemory, match="one candidate at a time"):
        sampled(model, asks_of(layouts(tokenizer))[:1], tokenizer)


def test_another_failure_of_the_model_is_not_taken_for_memory(folder, tokenizer) -> None:
    with pytest.raises(RuntimeError, match="shapes differ"):
        sampled(limited(qwen(folder), 0, RuntimeError("shapes differ")), asks_of(layouts(tokenizer))[:1], tokenizer)


def test_a_scene_that_outgrows_the_context_ends_early_and_says_so(folder, tokenizer) -> None:
    model, layout = qwen(folder), layouts(tokenizer)[2]
    model.config.max_position_embeddings = len(context(layout, 2, tokenizer)) + 3
    notices: list[str] = []
    draws = sampled(model, [SceneAsk("film:2", layout), SceneAsk("film:1", layouts(tokenizer)[1])], tokenizer, notices=notices)
    assert sorted(draws) == [("film:1", 0), ("film:1", 1), ("film:2", 0), ("film:2", 1), ("film:2", 2)]
    assert max(len(written(draw)) for draw in draws["film:2", 2]) <= 3
    assert notices == ["Scene film:2 ends before line 4 of 4: the model reads no further. Take fewer lines per scene."]


def test_a_runaway_draw_ends_in_proportion_to_its_source(folder, tokenizer) -> None:
    settings = SamplingSettings(n_draws=4, temperature=5.0, top_p=1.0, max_new_tokens=400, tokens_per_source_token=1.0)
    layout = layouts(tokenizer, Form.TAGGED)[0]
    draws = sampled(qwen(folder), [SceneAsk("film:0", layout)], tokenizer, settings)
    for (_, line), drawn in draws.items():
        assert max(len(written(draw)) for draw in drawn) <= len(layout.openings[line]) + 8


def test_a_scene_without_lines_is_no_work(folder, tokenizer) -> None:
    empty = SceneLayout((), (), (5,), (), frozenset({5}))
    assert sampled(qwen(folder), [SceneAsk("film:9", empty)], tokenizer) == {}
    assert sampled(qwen(folder), [], tokenizer) == {}


def test_candidates_are_distinct_texts_of_draws_that_ended() -> None:
    draws = [Draw((1,), -0.5, 9), Draw((2,), -0.7, 9), Draw((1,), -0.5, 8), Draw((3,), -0.1, None), Draw((4,), -0.2, 9)]
    texts = {1: "Come.", 2: "Come here.", 3: "Come and", 4: ""}
    assert candidates_of(draws, lambda draw: texts[draw.ids[0]]) == [Candidate("Come.", -0.5), Candidate("Come here.", -0.7)]


def test_settings_that_draw_nothing_are_refused() -> None:
    for wrong in ({"n_draws": 0}, {"temperature": 0.0}, {"top_p": 0.0}, {"top_k": 0}, {"max_new_tokens": 0}, {"tokens_per_source_token": 0.0}):
        with pytest.raises(ValueError, match=r"[.]$"):
            SamplingSettings(**wrong)
