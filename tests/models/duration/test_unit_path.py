import torch
from torch.nn import functional as F

from models.duration.predictor import UnitDurationConfig, UnitDurations, fitted, soft_durations
from models.duration.unit_path import UnitLine, UnitPath, unit_sync_loss
from models.duration.upsampling import soft_upsample
from models.sync.lip_scorer import LipScorer, LipScorerConfig
from models.units.vocoder import UnitVocoder, VocoderConfig


def plain_path(generator: torch.Generator) -> UnitPath:
    """A vocoder that plays one waveform per dimension, all at right angles, and ears that take them apart again and average 40 ms."""
    to_samples = torch.linalg.qr(torch.randn(320, 4, dtype=torch.float64, generator=generator))[0].T
    ears = torch.cat([to_samples.T, to_samples.T])
    return UnitPath(lambda frames: (frames @ to_samples).flatten(1), lambda samples: F.normalize(samples.unflatten(1, (-1, 640)) @ ears, dim=-1))


def test_the_gradient_through_vocoder_and_ears_is_the_numeric_one() -> None:
    generator = torch.Generator().manual_seed(0)
    path, keep = plain_path(generator), torch.tensor([[True] * 4, [True, True, True, False]])
    vectors = torch.randn(2, 4, 4, dtype=torch.float64, generator=generator)
    lips = F.normalize(torch.randn(2, 3, 4, dtype=torch.float64, generator=generator), dim=-1)

    def loss(logs: torch.Tensor) -> torch.Tensor:
        durations = fitted(soft_durations(logs), torch.full((2,), 6.0, dtype=torch.float64), keep)
        return unit_sync_loss(path, UnitLine(vectors, durations, keep), lips)

    logs = (0.8 + 0.3 * torch.randn(2, 4, dtype=torch.float64, generator=generator)).requires_grad_()
    assert torch.autograd.gradcheck(loss, (logs,))
    gradient, = torch.autograd.grad(loss(logs), logs)
    assert gradient[0].abs().min() > 0 and gradient[1, 3] == 0


def test_a_gradient_step_on_the_durations_brings_sound_and_lips_together() -> None:
    generator = torch.Generator().manual_seed(1)
    path, keep = plain_path(generator), torch.ones(1, 4, dtype=torch.bool)
    vectors = torch.eye(4, dtype=torch.float64)[None]
    right = torch.tensor([[2.0, 5.0, 2.0, 3.0]], dtype=torch.float64)
    with torch.no_grad():
        lips = path.listen(path.vocode(soft_upsample(vectors, right, 12, keep)))
    logs = torch.full((1, 4), 1.39, dtype=torch.float64, requires_grad=True)
    slot = torch.tensor([12.0], dtype=torch.float64)
    optimizer, losses = torch.optim.Adam([logs], 0.05), []
    for _ in range(80):
        loss = unit_sync_loss(path, UnitLine(vectors, fitted(soft_durations(logs), slot, keep), keep), lips)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    found = fitted(soft_durations(logs), slot, keep)
    assert losses[-1] < 0.2 * losses[0] and (found - right).abs().max() < 0.5


def test_the_real_vocoder_and_the_real_ears_carry_the_gradient_to_the_predictor_alone() -> None:
    torch.manual_seed(0)
    vocoder = UnitVocoder(VocoderConfig(units=12, unit_dim=8, width=16, blocks=1, fine_blocks=1, bands=8, harmonics=4)).eval().requires_grad_(False)
    scorer = LipScorer(LipScorerConfig(side_px=16, channels=(4, 8), width=12, dim=8, dilations=(1,))).eval().requires_grad_(False)
    net = UnitDurations(UnitDurationConfig(units=12, dim=8, hidden=8, dropout=0.0))
    voices = torch.zeros(1, dtype=torch.long)
    path = UnitPath(lambda frames: vocoder(frames, voices, torch.Generator().manual_seed(0)), scorer.sound)
    ids, keep = torch.tensor([[3, 7, 1, 5]]), torch.ones(1, 4, dtype=torch.bool)
    lips = F.normalize(torch.randn(1, 5, 8, generator=torch.Generator().manual_seed(2)), dim=-1)
    durations = fitted(soft_durations(net(ids, keep)), torch.tensor([10.0]), keep)
    unit_sync_loss(path, UnitLine(vocoder.dict(ids), durations, keep), lips).backward()
    assert all(weight.grad is not None and weight.grad.abs().sum() > 0 for name, weight in net.named_parameters() if "proj.bias" not in name)
    assert all(weight.grad is None for weight in [*vocoder.parameters(), *scorer.parameters()])
