from dataclasses import replace

import pytest
import torch

from models.sync.shortcuts import DiscriminatorSettings, told_apart
from models.sync.splicing import Edited, MelClip
from models.sync.temporal_rules import EditedPair, Rule, edited_pair

QUICK = DiscriminatorSettings(width=8, folds=2, epochs=12, batch=16)


def noise_clips(count: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.nn.functional.avg_pool1d(torch.randn(6, 80, generator=generator)[None], 3, 1)[0].T for _ in range(count)]


def as_pairs(winners, losers) -> list[EditedPair]:
    none = torch.zeros(78, dtype=torch.bool)
    return [EditedPair(Edited(winner, none), Edited(loser, ~none)) for winner, loser in zip(winners, losers, strict=True)]


def test_a_click_is_heard_on_clips_never_learned_from():
    clips = noise_clips(40)
    clicked = [clip.clone() for clip in clips]
    for place, clip in enumerate(clicked):
        clip[20 + place % 30] += 6
    report = told_apart(as_pairs(clips, clicked), range(40), QUICK)
    assert report.accuracy > 0.9
    assert report.pair_accuracy > 0.9
    assert report.examples == 80
    assert len(report.by_fold) == 2


def test_what_is_the_same_cannot_be_told_apart():
    clips = noise_clips(40)
    report = told_apart(as_pairs(clips, clips), range(40), QUICK)
    assert report.accuracy == 0.5
    assert report.pair_accuracy == 0


def test_chance_stays_chance_when_labels_mean_nothing():
    clips = noise_clips(80)
    assert 0.3 < told_apart(as_pairs(clips[:40], clips[40:]), range(40), QUICK).accuracy < 0.7


def test_joins_give_a_rival_away_only_while_its_winner_has_none():
    clips = noise_clips(80)
    accuracy = {}
    for is_rejoined in (False, True):
        pairs = [
            edited_pair(Rule.SCALE, MelClip(clip, 0, 78), 0.5, torch.Generator().manual_seed(seed), is_rejoined=is_rejoined)
            for seed, clip in enumerate(clips)
        ]
        accuracy[is_rejoined] = told_apart(pairs, range(80), replace(QUICK, epochs=25, width=12)).accuracy
    assert accuracy[False] > accuracy[True] + 0.1


def test_too_few_clips_are_refused():
    clips = noise_clips(2)
    with pytest.raises(ValueError, match="fewer folds"):
        told_apart(as_pairs(clips, clips), [0, 0], QUICK)
