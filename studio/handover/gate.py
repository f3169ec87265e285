"""Whether an export may leave: the musts of the project's delivery profile, held against the project as it stands.

Drafts and working files always may; `GATED` names the kinds that a profile can refuse.
"""

from __future__ import annotations

from studio.domain.delivery import Check, ExportRefused, Finding, Severity, loudness_findings, weighed
from studio.domain.errors import NotReady
from studio.handover.material import gather
from studio.handover.mix_measure import measured_mix
from studio.handover.quality import Examined, standing_findings
from studio.handover.take_checks import take_findings

GATED = frozenset({"video", "dub_wav", "stems", "premix", "otio", "edl"})
_HEARD = frozenset({Check.NO_SOUND, Check.CLIPPED, Check.SILENCE})


def check_musts(examined: Examined) -> None:
    """Raises ExportRefused with every must that is broken; listens to takes and mix only where nothing cheaper refuses already."""
    profile = examined.profile
    if not profile.musts:
        return
    broken = _musts(standing_findings(examined)) or _musts(weighed(_heard(examined), profile))
    if broken:
        raise ExportRefused(profile.title, broken)


def _heard(examined: Examined) -> list[Finding]:
    profile, found = examined.profile, []
    try:
        heard = gather(examined.project, examined.rows, examined.shop.blobs).heard
    except NotReady as error:
        return [Finding(Check.NOT_VOICED, str(error))]
    if profile.musts & _HEARD:
        found += take_findings(heard)
    mix = measured_mix(examined.shop, examined.project, heard)
    if mix is not None:
        found += loudness_findings(profile, mix.integrated_lufs, mix.dialogue_lufs, mix.true_peak_dbtp)
    return found


def _musts(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    kept = [item for item in findings if item.severity is Severity.MUST]
    return tuple(sorted(kept, key=lambda item: (item.at_ms is None, item.at_ms or 0)))
