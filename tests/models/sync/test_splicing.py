import pytest
import torch

from models.sync.splicing import TONE_FRAMES, MelClip, Origin, Piece, Plan, displacements_frames, joins, rejoin, render, room_tone

MEL = torch.arange(100.0)[:, None] * torch.ones(4)  # every frame tells its number


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(0)


def clip(at: int, end: int) -> Piece:
    return Piece(Origin.CLIP, end - at, float(at))


def test_the_clip_in_one_piece_or_in_pieces_that_go_on_is_the_clip():
    whole = MelClip(MEL, 20, 80)
    for plan in (Plan((clip(20, 80),)), Plan((clip(20, 50), clip(50, 80)))):
        assert joins(plan, whole) == ()
        assert torch.equal(render(plan, whole, seeded()).mel, MEL)
        assert not render(plan, whole, seeded()).changed.any()
        assert not rejoin(plan, whole).changed.any()


def test_a_join_is_drawn_as_a_line_inside_the_region():
    plan, whole = Plan((clip(20, 50), clip(30, 60))), MelClip(MEL, 20, 80)
    made = render(plan, whole, seeded())
    assert joins(plan, whole) == (50, 80)
    assert torch.allclose(made.mel[48:52, 0], torch.tensor([48.0, 48 - 17 / 3, 48 - 34 / 3, 31.0]))
    assert torch.equal(made.mel[80:], MEL[80:])
    assert torch.equal(made.changed, (made.mel != MEL).any(-1))
    assert not made.changed[:49].any()


def test_a_piece_may_be_read_between_frames_and_backwards():
    whole = MelClip(MEL, 0, 40)
    half = render(Plan((Piece(Origin.CLIP, 40, 10.0, 0.5),)), whole, seeded()).mel
    assert torch.allclose(half[:38, 0], 10 + 0.5 * torch.arange(38.0))
    assert torch.equal(render(Plan((Piece(Origin.CLIP, 100, 99.0, -1.0),)), MelClip(MEL, 0, 100), seeded()).mel, MEL.flip(0))


def test_displacements_are_positive_for_late_sound_and_unknown_for_what_is_not_of_the_clip():
    whole = MelClip(MEL, 10, 40, donor=MEL)
    plan = Plan((Piece(Origin.TONE, 5), clip(10, 25), Piece(Origin.DONOR, 10, 50.0)))
    late = displacements_frames(plan, whole)
    assert late[:5].isnan().all()
    assert (late[5:20] == 5).all()
    assert late[20:].isnan().all()
    assert torch.equal(render(plan, whole, seeded()).mel[32:38, 0], torch.arange(52.0, 58.0)), "the donor's frames"


def test_room_tone_is_the_clip_where_it_is_quietest():
    mel = torch.randn(200, 5, generator=seeded())
    mel[60:90] -= 9
    tone = room_tone(mel, 50, seeded())
    assert tone.shape == (50, 5)
    assert (tone.mean(-1) < -5).all()
    assert (tone[:, None] == mel[None, 60:90]).all(-1).any(-1).all()
    assert (tone[1 : TONE_FRAMES] != tone[: TONE_FRAMES - 1]).any()


def test_the_sway_of_a_rejoined_stretch_never_exceeds_half_a_frame():
    whole = MelClip(MEL, 0, 90)
    made = rejoin(Plan((Piece(Origin.CLIP, 90, 5.3, 0.7),)), whole)
    off = (made.mel[:87, 0] - MEL[:87, 0]).abs()[2:]
    assert float(off.max()) <= 0.5 + 1e-4
    assert float(off.mean()) == pytest.approx(0.25, abs=0.05), "between frames as often as the stretch"


def test_a_plan_that_does_not_fill_its_region_is_our_own_mistake():
    with pytest.raises(AssertionError):
        render(Plan((clip(20, 50),)), MelClip(MEL, 20, 80), seeded())
