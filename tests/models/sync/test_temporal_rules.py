import pytest
import torch

from models.sync.splicing import MelClip, displacements_frames, joins, rejoin
from models.sync.temporal_rules import (
    EARLY_FLOOR_FRAMES, LATE_FLOOR_FRAMES, MIN_REGION_FRAMES, RegionTooShort, Rule, distort, edited_pair, plan_of,
)  # fmt: skip

REGIONS = [(0, 200), (30, 170), (70, 70 + MIN_REGION_FRAMES)]
SEEDS = range(20)


def speech(frames: int = 200, bands: int = 12, seed: int = 0) -> torch.Tensor:
    """A smooth spectrum with three words and pauses between them, no two frames alike."""
    generator = torch.Generator().manual_seed(seed)
    spectrum = torch.nn.functional.avg_pool1d(torch.randn(bands, frames + 8, generator=generator)[None], 9, 1)[0].T
    loud = torch.zeros(frames)
    for first, last in ((20, 60), (80, 125), (140, 180)):
        loud[first:last] = 6.0
    return spectrum + loud[:, None] - 8


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("rule", Rule)
@pytest.mark.parametrize(("start", "end"), REGIONS)
def test_nothing_changes_outside_the_region_and_the_mask_is_exact(rule, start, end):
    mel = speech()
    before = mel.clone()
    for seed in SEEDS:
        edited = distort(rule, MelClip(mel, start, end), seed / 19, seeded(seed))
        assert edited.mel.shape == mel.shape
        assert torch.equal(edited.mel[:start], mel[:start])
        assert torch.equal(edited.mel[end:], mel[end:])
        assert torch.equal(edited.changed, (edited.mel != mel).any(-1))
        assert edited.changed.any()
    assert torch.equal(mel, before), "the clip itself is left alone"


@pytest.mark.parametrize("rule", Rule)
def test_the_same_seed_gives_the_same_edit_and_another_seed_another(rule):
    clip = MelClip(speech(), 20, 190)
    edits = [distort(rule, clip, 0.5, seeded(seed)).mel for seed in (3, 3, 4)]
    assert torch.equal(edits[0], edits[1])
    assert not torch.equal(edits[0], edits[2])


@pytest.mark.parametrize("rule", Rule)
@pytest.mark.parametrize(("start", "end"), REGIONS)
def test_at_severity_0_something_still_comes_too_early_or_too_late_to_be_forgiven(rule, start, end):
    clip = MelClip(speech(), start, end)
    for seed in range(60):
        late = displacements_frames(plan_of(rule, clip, 0.0, seeded(seed)), clip)
        furthest = torch.cat([(late / LATE_FLOOR_FRAMES), (-late / EARLY_FLOOR_FRAMES)]).nan_to_num(0).max()
        assert furthest >= 1 - 1e-9, f"seed {seed}"
    assert EARLY_FLOOR_FRAMES / 93.75 > 0.045
    assert LATE_FLOOR_FRAMES / 93.75 > 0.125


@pytest.mark.parametrize("rule", Rule)
def test_severer_means_more_displaced_on_average(rule):
    """Room tone counts as a second off, so that what is lost counts as well."""
    clip = MelClip(speech(), 10, 190)

    def displaced(severity: float) -> torch.Tensor:
        found = [displacements_frames(plan_of(rule, clip, severity, seeded(seed)), clip).abs().nan_to_num(94).clamp(max=94) for seed in range(150)]
        return torch.stack(found).mean()

    assert displaced(0.0) < displaced(0.5) < displaced(1.0)


def test_a_shift_moves_the_sound_and_lays_room_tone_at_the_edge():
    mel = speech()
    quiet = mel[mel.mean(-1) < -5]
    for seed in SEEDS:
        edited = distort(Rule.SHIFT, MelClip(mel, 0, 200), 0.5, seeded(seed)).mel
        frames = round((0.08 + 0.92 * 0.5) * 93.75)
        if torch.equal(edited[frames + 2 :], mel[2:-frames]):
            tone = edited[: frames - 2]
        else:
            assert torch.equal(edited[: -frames - 2], mel[frames:-2])
            tone = edited[-frames + 2 :]
        assert (tone[:, None] == quiet[None]).all(-1).any(-1).all(), "tone is made of quiet frames of the clip"


def test_a_stretch_reads_the_clip_at_its_own_pace_about_an_anchor():
    clip = MelClip(speech(), 0, 200)
    for seed in SEEDS:
        late = displacements_frames(plan_of(Rule.SCALE, clip, 1.0, seeded(seed)), clip)
        drift = late[~late.isnan()].diff()
        assert torch.allclose(drift, drift[0])
        assert 1 - float(drift[0]) == pytest.approx(1 / 1.6) or 1 - float(drift[0]) == pytest.approx(1 / 0.6)


def test_a_warp_never_goes_back_in_time_and_keeps_its_ends():
    for start, end in REGIONS:
        clip = MelClip(speech(), start, end)
        for seed in SEEDS:
            late = displacements_frames(plan_of(Rule.WARP, clip, 1.0, seeded(seed)), clip)
            positions = torch.arange(start, end) - late
            assert (positions.diff() > 0).all()
            assert late[0] == 0
            assert abs(float(late[-1])) < 5


def test_a_pause_is_put_in_at_a_word_edge_or_taken_from_a_pause():
    mel, edges = speech(), (20, 60, 80, 125, 140, 180)
    clip = MelClip(mel, 0, 200, word_edges=edges)
    kinds = set()
    for seed in range(40):
        late = displacements_frames(plan_of(Rule.PAUSE, clip, 0.2, seeded(seed)), clip)
        first = int((late != 0).nonzero()[0])
        kinds.add(bool(late[first].isnan()))
        if late[first].isnan():
            assert first in edges
        else:
            assert (mel[first : first - int(late[first])].mean(-1) < -5).all(), "only silence is taken out"
    assert kinds == {True, False}


def test_without_a_pause_to_drop_one_is_put_in():
    clip = MelClip(torch.randn(120, 6, generator=seeded(1)) + 5, 0, 120)
    for seed in SEEDS:
        assert displacements_frames(plan_of(Rule.PAUSE, clip, 0.5, seeded(seed)), clip).isnan().any()


def test_no_shuffled_block_stays_where_it_was():
    clip = MelClip(speech(), 0, 198)
    for seed in SEEDS:
        assert (displacements_frames(plan_of(Rule.SHUFFLE, clip, 1.0, seeded(seed)), clip).abs() >= LATE_FLOOR_FRAMES).all()
        neighbours = displacements_frames(plan_of(Rule.SHUFFLE, clip, 0.0, seeded(seed)), clip)
        assert (neighbours != 0).sum() == 2 * LATE_FLOOR_FRAMES


def test_a_reversed_span_runs_backwards_and_at_severity_1_it_is_everything():
    clip = MelClip(speech(), 0, 200)
    assert torch.equal(distort(Rule.REVERSE, clip, 1.0, seeded(0)).mel, clip.mel.flip(0))


def test_replacement_may_come_from_a_donor():
    mel, donor = speech(), speech(seed=9)
    clip = MelClip(mel, 0, 200, donor=donor)
    drawn = [distort(Rule.REPLACE, clip, 0.4, seeded(seed)).mel for seed in SEEDS]
    from_donor = [bool((edited[:, None] == donor[None]).all(-1).any()) for edited in drawn]
    assert any(from_donor)
    assert not all(from_donor)


def test_the_identity_edit_leaves_every_frame_at_its_time_with_the_joins_of_its_rival():
    mel = speech()
    clip = MelClip(mel, 20, 190)
    for rule in Rule:
        for seed in SEEDS:
            pair = edited_pair(rule, clip, 0.5, seeded(seed))
            plan = plan_of(rule, clip, 0.5, seeded(seed))
            assert torch.equal(pair.loser.mel, distort(rule, clip, 0.5, seeded(seed)).mel)
            assert torch.equal(pair.winner.mel, rejoin(plan, clip).mel)
            assert torch.equal(pair.winner.changed, (pair.winner.mel != mel).any(-1))
            assert all(pair.winner.changed[max(20, at - 1) : at + 1].all() for at in joins(plan, clip) if at < 190)
            assert torch.equal(pair.winner.mel[:20], mel[:20])
            nearest = torch.stack([torch.roll(mel, lag, 0) for lag in (-1, 0, 1)])
            assert ((pair.winner.mel >= nearest.amin(0) - 1e-5) & (pair.winner.mel <= nearest.amax(0) + 1e-5))[pair.winner.changed & ~near(plan, clip)].all()


def near(plan, clip) -> torch.Tensor:
    """True within two frames of a join."""
    close = torch.zeros(len(clip.mel), dtype=torch.bool)
    for at in joins(plan, clip):
        close[max(0, at - 2) : at + 2] = True
    return close


def test_a_winner_left_alone_is_the_clip():
    clip = MelClip(speech(), 20, 190)
    winner = edited_pair(Rule.SCALE, clip, 0.5, seeded(0), is_rejoined=False).winner
    assert torch.equal(winner.mel, clip.mel)
    assert not winner.changed.any()


def test_half_precision_is_edited_alike():
    clip = MelClip(speech().bfloat16(), 20, 190)
    for rule in Rule:
        edited = distort(rule, clip, 0.5, seeded(0))
        assert edited.mel.dtype is torch.bfloat16
        assert edited.changed.any()


def test_what_cannot_be_done_is_said():
    with pytest.raises(RegionTooShort, match="47 frames"):
        distort(Rule.SHIFT, MelClip(speech(), 0, 47), 0.5, seeded(0))
    with pytest.raises(ValueError, match="between 0 and 1"):
        distort(Rule.SHIFT, MelClip(speech(), 0, 100), 1.5, seeded(0))
    with pytest.raises(ValueError, match="does not lie"):
        MelClip(speech(), 50, 300)
    with pytest.raises(ValueError, match="other bands"):
        MelClip(speech(), 50, 100, donor=torch.zeros(10, 3))
