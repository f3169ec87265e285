"""Records become ids piece by piece, and every tree compares what its objective says."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from transformers import PreTrainedTokenizerFast

from models.translation.preference_scene import (
    line_betas, line_tree, line_weights, mixed_prefix, preference_scene, prefix_share, response_tree,
)  # fmt: skip
from models.translation.tokens import train_tokenizer
from studio.domain.timing import duration_penalty
from tests.preference_records import scene_record
from tests.tiny_models import CHAT_TEMPLATE, SPECIAL, pairs

FORMS = ("tagged", "compact", "instruction")


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    core = train_tokenizer(pairs(5), 330, SPECIAL)
    return PreTrainedTokenizerFast(tokenizer_object=core, pad_token="<pad>", eos_token="<eos>", chat_template=CHAT_TEMPLATE)


@pytest.mark.parametrize("form", FORMS)
def test_a_span_is_the_bare_translation_behind_its_opening(form: str, tokenizer: PreTrainedTokenizerFast) -> None:
    record = scene_record(4, skipped={1}, form=form)
    tree = line_tree(preference_scene(record, tokenizer), include_terminator=False)
    kept = [line for line in record.sampling_records if not line.same_flag]
    assert len(tree.preferred) == len(tree.dispreferred) == 3
    for line, better, worse in zip(kept, tree.preferred, tree.dispreferred, strict=True):
        before = tokenizer.decode(tree.trunk[: better.start])
        assert before.endswith(line.src + ("<en>" if form == "tagged" else "("))
        assert worse.start == better.start
        assert tokenizer.decode(better.ids) == line.chosen and tokenizer.decode(worse.ids) == line.rejected
        assert tree.trunk[better.start : better.start + len(better.ids)] == better.ids


@pytest.mark.parametrize("form", FORMS)
def test_the_terminator_joins_both_spans_when_asked(form: str, tokenizer: PreTrainedTokenizerFast) -> None:
    scene = preference_scene(scene_record(2, form=form), tokenizer)
    bare, closed = line_tree(scene, include_terminator=False), line_tree(scene, include_terminator=True)
    assert bare.trunk == closed.trunk
    for without, with_end in zip(bare.spans, closed.spans, strict=True):
        assert with_end.ids == without.ids + scene.layout.terminator


def test_the_trunk_has_every_line_chosen_also_the_skipped(tokenizer: PreTrainedTokenizerFast) -> None:
    record = scene_record(3, skipped={0, 1}, form="compact")
    text = tokenizer.decode(line_tree(preference_scene(record, tokenizer), include_terminator=False).trunk)
    assert text.endswith("".join(f"{line.src}({line.chosen})\n" for line in record.sampling_records))


@pytest.mark.parametrize("form", FORMS)
def test_whole_answers_are_compared_behind_the_prompt(form: str, tokenizer: PreTrainedTokenizerFast) -> None:
    scene = preference_scene(scene_record(3, skipped={1}, form=form), tokenizer)
    tree = response_tree(scene)
    (better,), (worse,) = tree.preferred, tree.dispreferred
    assert tree.trunk == tuple(scene.layout.trunk([line.chosen for line in scene.lines]))
    assert tree.trunk[: worse.start] + worse.ids == tuple(scene.layout.trunk([line.rejected for line in scene.lines]))
    assert tree.trunk[: better.start] + better.ids == tree.trunk
    assert better.start == worse.start >= tree.answer_start
    assert response_tree(preference_scene(scene_record(2, skipped={0, 1}, form=form), tokenizer)).spans == ()


def test_a_mixed_prefix_draws_candidates_as_often_as_it_should(tokenizer: PreTrainedTokenizerFast) -> None:
    scene = preference_scene(scene_record(10), tokenizer)
    generator = torch.Generator().manual_seed(0)
    drawn = [mixed_prefix(scene, 0.4, generator) for _ in range(100)]
    kept = sum(words == line.chosen for mixed in drawn for words, line in zip(mixed.written, scene.lines, strict=True)) / 1000
    assert kept == pytest.approx(0.4 + 0.6 / 3, abs=0.05)  # a third of the draws meets the chosen one again
    assert all(words in line.candidates for mixed in drawn for words, line in zip(mixed.written, scene.lines, strict=True))
    assert mixed_prefix(scene, 1.0, generator).written == scene.written
    again = [mixed_prefix(scene, 0.4, torch.Generator().manual_seed(3)) for _ in range(2)]
    assert again[0] == again[1]


def test_the_spans_of_a_mixed_prefix_leave_the_trunk_where_it_differs(tokenizer: PreTrainedTokenizerFast) -> None:
    scene = preference_scene(scene_record(3), tokenizer)
    tree = line_tree(replace(scene, written=tuple(line.rejected for line in scene.lines)), include_terminator=False)
    for better, worse in zip(tree.preferred, tree.dispreferred, strict=True):
        assert tree.trunk[worse.start : worse.start + len(worse.ids)] == worse.ids
        assert tree.trunk[better.start : better.start + len(better.ids)] != better.ids


def test_the_share_of_chosen_lines_rises_over_the_stages() -> None:
    assert [prefix_share(stage) for stage in (0, 2, 4, 9)] == pytest.approx([0.2, 0.4, 0.6, 0.6])
    assert prefix_share(0, n_stages=1) == 0.6


def test_weights_are_shares_of_candidates_and_betas_shares_of_the_widest_gap(tokenizer: PreTrainedTokenizerFast) -> None:
    record = scene_record(4, skipped={1})
    scene = preference_scene(record, tokenizer)
    assert line_weights(scene) == pytest.approx([1 / 3] * 3)
    gaps = [duration_penalty(line.tar_duration[2] - 0.8) - duration_penalty(0.1) for line in record.sampling_records if not line.same_flag]
    assert line_betas(scene) == pytest.approx([gap / gaps[-1] for gap in gaps])
    level = replace(scene, lines=tuple(replace(line, gap=0.0) for line in scene.lines))
    assert line_betas(level) == [1.0] * 3
    fewer = replace(scene, lines=(replace(scene.lines[0], candidates=scene.lines[0].candidates[:1]), *scene.lines[1:]))
    assert line_weights(fewer) == pytest.approx([1 / 7, 3 / 7, 3 / 7])


def test_text_with_brackets_breaks_and_special_tokens_stays_text(tokenizer: PreTrainedTokenizerFast) -> None:
    record = scene_record(1, form="compact")
    odd = replace(record.sampling_records[0], src="过来)\n(<en>", chosen="a (b)\nc <eos>", rejected="")
    scene = preference_scene(replace(record, sampling_records=(odd,)), tokenizer)
    assert tokenizer.eos_token_id not in scene.lines[0].chosen
    assert tokenizer.decode(scene.lines[0].chosen) == "a (b) c <eos>"
    assert scene.rejected(0) == ()


def test_records_that_make_no_scene_are_refused_in_a_sentence(tokenizer: PreTrainedTokenizerFast) -> None:
    record = scene_record(2)
    other = replace(record.sampling_records[1], tar_lang="zh")
    with pytest.raises(ValueError, match="“scene-1” has no lines"):
        preference_scene(replace(record, sampling_records=()), tokenizer)
    with pytest.raises(ValueError, match="mixes languages"):
        preference_scene(replace(record, sampling_records=(record.sampling_records[0], other)), tokenizer)
    with pytest.raises(ValueError, match="the form “verse”"):
        preference_scene(replace(record, form="verse"), tokenizer)
