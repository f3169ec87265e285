"""How well a lip scorer hears: the offset of clips found, and originals ranked over dubs of the same picture. Nothing is learned here."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import torch
from torch import Tensor

from models.sync.lip_data import LipClip
from models.sync.lip_scorer import LipScorer

VSHIFT = 15
MIN_FRAMES = 50  # two seconds


@torch.inference_mode()
def embeddings(net: LipScorer, clip: LipClip) -> tuple[Tensor, Tensor]:
    """(lips, sound) of a clip, each (frames, dim)."""
    net.eval()
    return net.lips(clip.mouths[None])[0], net.mel_embeddings(clip.mel[None])[0]


def offset_curve(lips: Tensor, sound: Tensor, reach: int) -> Tensor:
    """Mean cosine over the frames both have, at sound offsets −reach … reach: (2·reach + 1,)."""
    means = []
    for shift in range(-reach, reach + 1):
        first, last = max(0, -shift), min(len(lips), len(sound) - shift)
        means.append((lips[first:last] * sound[first + shift : last + shift]).sum(-1).mean() if last > first else torch.tensor(-1.0))
    return torch.stack(means)


def found_offset(curve: Tensor, injected: int) -> int:
    """The offset found when the sound has been moved by `injected` frames: the best of the 31 offsets around it."""
    reach = (len(curve) - 1) // 2
    seen = curve[reach - VSHIFT - injected : reach + VSHIFT - injected + 1]
    return int(seen.argmax()) - VSHIFT


def judged(
    net: LipScorer, clips: Sequence[LipClip], dubs: Mapping[str, Sequence[LipClip]], large_groups: Collection[str]
) -> dict[str, float | list[str]]:
    """Shares within one frame and exact over injected shifts of −15, −7, 0, 7 and 15 frames, `large_groups` apart; share of pairs in
    which the original has the higher mean cosine at its place."""
    tallies: dict[str, list[float]] = {"one": [], "exact": [], "studio_one": [], "over": []}
    misses = []
    for clip in clips:
        if clip.frames < MIN_FRAMES:
            continue
        lips, sound = embeddings(net, clip)
        curve = offset_curve(lips, sound, 2 * VSHIFT)
        errors = [abs(found_offset(curve, shift) - shift) for shift in (-15, -7, 0, 7, 15)]
        is_studio = clip.info.group in large_groups
        tallies["studio_one" if is_studio else "one"].append(sum(error <= 1 for error in errors) / len(errors))
        if not is_studio:
            tallies["exact"].append(sum(error == 0 for error in errors) / len(errors))
            if errors[2] > 1:
                misses.append(clip.info.name)
        for dub in dubs.get(clip.info.set_id, ()) if clip.info.set_id else ():
            _, other = embeddings(net, dub)
            count = min(len(lips), len(other))
            own = (lips[:count] * sound[:count]).sum(-1).mean()
            tallies["over"].append(float(own > (lips[:count] * other[:count]).sum(-1).mean()))
    report = {name: round(sum(values) / len(values), 3) for name, values in tallies.items() if values}
    return report | {"clips": len(tallies["one"]), "pairs": len(tallies["over"]), "missed": misses}
