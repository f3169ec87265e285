"""The finished mix on the meters: programme and dialogue loudness, range and true peak, measured in one pass and kept for the next asker."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from studio.domain.plain import fingerprint, from_plain, to_plain
from studio.domain.project import Project
from studio.domain.timing import TimeSpan, samples_to_ms
from studio.handover.material import HeardTake
from studio.media.loudness import LoudnessMeter
from studio.media.wav import wav_blocks, wav_samples
from studio.playback import cached
from studio.stages.mix import MIX_RATE_HZ
from studio.steps.render import Dub
from studio.workshop import Workshop

_BLOCK_SAMPLES = 1 << 18
_VERSION = "1"


@dataclass(frozen=True, slots=True)
class MixMeasure:
    """None: silence, or too short to tell. `dialogue_lufs` over the spans in which dubbed voices sound (`delivery.DIALOGUE_GATE`)."""

    integrated_lufs: float | None
    dialogue_lufs: float | None
    range_lu: float | None
    true_peak_dbtp: float | None


def kept_dub(shop: Workshop, project: Project) -> Dub | None:
    """The last render, where its files are still there."""
    kept: Dub | None = from_plain(Dub, shop.results.latest(project.id, "render"))
    return kept if kept is not None and shop.blobs.exists(kept.mix) else None


def measured_mix(shop: Workshop, project: Project, heard: Sequence[HeardTake], tell: Callable[[int, int], None] | None = None) -> MixMeasure | None:
    """The mix of the last render, None before one. `tell` hears how many of how many samples are done, and may raise Cancelled."""
    dub = kept_dub(shop, project)
    if dub is None:
        return None
    path = shop.blobs.path(dub.mix)
    spans = [TimeSpan(item.start_ms, item.start_ms + max(1, samples_to_ms(item.length_samples, MIX_RATE_HZ))) for item in heard]

    def make(draft: Path) -> None:
        draft.write_text(json.dumps(to_plain(_measure(path, spans, tell))), encoding="utf-8")

    key = fingerprint("mix measure", _VERSION, dub.mix, spans)
    return from_plain(MixMeasure, json.loads(cached(shop, key, ".json", make).read_text(encoding="utf-8")))


def _measure(path: Path, spans: Sequence[TimeSpan], tell: Callable[[int, int], None] | None) -> MixMeasure:
    meter, done, total = LoudnessMeter(), 0, wav_samples(path, MIX_RATE_HZ)
    for block in wav_blocks(path, _BLOCK_SAMPLES):
        meter.add(block)
        done += len(block)
        if tell is not None:
            tell(done, total)
    loudness = meter.loudness()
    return MixMeasure(loudness.integrated_lufs, meter.dialogue_lufs(spans) if spans else None, loudness.range_lu, loudness.true_peak_dbtp)
