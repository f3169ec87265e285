"""What a delivery must keep to: what can be found in a programme, how grave that is, and the named profiles of those who take it.

A new check is one more member of `Check` with its severity; a new profile is one more entry of `PROFILES`, every number with its source.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from studio.domain.errors import BadSetting, UserError

VERIFY = "Verify against your delivery spec: broadcasters and platforms change and tighten these numbers."
DIALOGUE_GATE = (
    "Dialogue-gated loudness is measured over the spans in which dubbed voices sound, above −70 LUFS and without the relative gate. "
    "That is this studio's own gate; Dolby's Dialogue Intelligence finds speech by listening and may differ by some tenths."
)


class Severity(StrEnum):
    MUST = "must"
    SHOULD = "should"
    INFO = "info"


class Check(StrEnum):
    """What a report looks for. The value is its name in JSON."""

    EMPTY_LINE = "empty line"
    NOT_VOICED = "not voiced"
    STALE_TAKE = "stale take"
    OVER_BUDGET = "over budget"
    STRETCH = "stretch"
    NOT_APPROVED = "not approved"
    CLIPPED = "clipped samples"
    NO_SOUND = "no sound"
    SILENCE = "silence in the line"
    TRUNCATED = "truncated words"
    MISHEARD = "words misheard"
    NOT_READ_BACK = "not read back"
    SAME_SPEAKER_OVERLAP = "overlap of one speaker"
    OTHERS_OVERLAP = "overlap of two speakers"
    LIP_OFFSET = "lip offset"
    OPEN_NOTE = "open note"
    FLAG = "flagged"
    NOT_RENDERED = "not rendered"
    STALE_RENDER = "stale render"
    LOUDNESS = "loudness"
    TRUE_PEAK = "true peak"
    NO_BED = "no music and effects"


_USUAL: dict[Check, Severity] = {
    Check.MISHEARD: Severity.INFO,
    Check.NOT_READ_BACK: Severity.INFO,
    Check.OTHERS_OVERLAP: Severity.INFO,
    Check.NO_BED: Severity.INFO,
}
"""Whatever is not listed should be mended, until a profile says it must."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. `number` and `line_id` name its line, None where it holds for the programme; `at_ms` on the timeline."""

    check: Check
    sentence: str
    line_id: str | None = None
    number: int | None = None
    at_ms: int | None = None
    severity: Severity = Severity.SHOULD


@dataclass(frozen=True, slots=True)
class LoudnessRule:
    """What the programme's loudness has to be. `is_dialogue_gated`: measured over the voices only."""

    target_lufs: float
    tolerance_lu: float
    is_dialogue_gated: bool = False


@dataclass(frozen=True, slots=True)
class DeliveryProfile:
    """Whose rules hold. `musts`: what refuses an export. `loudness` and `max_true_peak_dbtp` None: nothing is asked. `source` names
    where the numbers come from."""

    name: str
    title: str
    sentence: str
    source: str
    musts: frozenset[Check] = frozenset()
    loudness: LoudnessRule | None = None
    max_true_peak_dbtp: float | None = None


_WHOLE = frozenset({Check.EMPTY_LINE, Check.NOT_VOICED, Check.STALE_TAKE, Check.NO_SOUND, Check.NOT_RENDERED, Check.STALE_RENDER, Check.TRUE_PEAK})
_SIGNED_OFF = _WHOLE | {Check.OVER_BUDGET, Check.NOT_APPROVED, Check.LOUDNESS}

PROFILES: tuple[DeliveryProfile, ...] = (
    DeliveryProfile(
        "draft",
        "Draft",
        "For a screening among colleagues: everything is told, nothing is refused.",
        "No outside rule.",
    ),
    DeliveryProfile(
        "ebu_r128",
        "Broadcast, EBU R 128",
        "Every line voiced, within its budget and approved; −23 LUFS ±0.5 LU over the programme, true peak up to −1 dBTP.",
        "EBU R 128 (2020): programme loudness −23.0 LUFS, ±0.5 LU where exact normalisation is not reached; true peak −1 dBTP.",
        _SIGNED_OFF,
        LoudnessRule(-23.0, 0.5),
        -1.0,
    ),
    DeliveryProfile(
        "streaming",
        "Streaming, dialogue-gated",
        "Every line voiced, within its budget and approved; −27 LKFS ±2 LU over the dialogue, true peak up to −2 dBTP.",
        "As Netflix publishes for its mixes: −27 LKFS ±2 LU dialogue-gated (ITU-R BS.1770-1), true peak −2 dBTP; no delivery to them is implied.",
        _SIGNED_OFF,
        LoudnessRule(-27.0, 2.0, is_dialogue_gated=True),
        -2.0,
    ),
    DeliveryProfile(
        "atsc_a85",
        "Broadcast, ATSC A/85",
        "Every line voiced, within its budget and approved; −24 LKFS ±2 dB over the programme, true peak up to −2 dBTP.",
        "ATSC A/85:2013: −24 LKFS ±2 dB for delivery without metadata, true peak −2 dBTP. It prefers the anchor element; the whole is measured here.",
        _SIGNED_OFF,
        LoudnessRule(-24.0, 2.0),
        -2.0,
    ),
    DeliveryProfile(
        "web",
        "Web",
        "Every line voiced and the render fresh; −16 LUFS ±1 LU over the programme should be kept, true peak up to −1 dBTP must.",
        "AES TD1004.1.15-10: −16 LUFS at the upper end for streams, true peak −1 dBTP. Platforms turn louder uploads down.",
        _WHOLE,
        LoudnessRule(-16.0, 1.0),
        -1.0,
    ),
)


class ExportRefused(UserError):
    """An export would break a must of the project's delivery profile. `findings` are these musts, in timeline order."""

    def __init__(self, profile: str, findings: tuple[Finding, ...]) -> None:
        self.profile, self.findings = profile, findings
        super().__init__(f"The profile “{profile}” refuses this export: {tally(findings)}. Mend these, or choose the profile Draft.")

    def __reduce__(self) -> tuple[type, tuple[str, tuple[Finding, ...]]]:
        return type(self), (self.profile, self.findings)


def profile_named(name: str) -> DeliveryProfile:
    """Raises BadSetting for a name nobody knows."""
    for profile in PROFILES:
        if profile.name == name:
            return profile
    raise BadSetting(f"There is no delivery profile “{name}”; there are: {', '.join(profile.name for profile in PROFILES)}.")


def weighed(findings: Iterable[Finding], profile: DeliveryProfile) -> tuple[Finding, ...]:
    """Findings with their severity under a profile, musts first, then by time. A finding that is information by itself stays so."""
    graded = [replace(item, severity=_severity(item, profile)) for item in findings]
    order = list(Severity)
    return tuple(sorted(graded, key=lambda item: (order.index(item.severity), item.at_ms if item.at_ms is not None else -1, item.number or 0)))


def _severity(finding: Finding, profile: DeliveryProfile) -> Severity:
    if finding.severity is Severity.INFO:
        return Severity.INFO
    return Severity.MUST if finding.check in profile.musts else _USUAL.get(finding.check, Severity.SHOULD)


def loudness_findings(profile: DeliveryProfile, integrated_lufs: float | None, dialogue_lufs: float | None, true_peak_dbtp: float | None) -> tuple[Finding, ...]:
    """What was measured on the mix, held against a profile; both are rounded to a tenth, as meters show them."""
    found, rule = [], profile.loudness
    if rule is not None:
        measured, what = (dialogue_lufs, "Dialogue") if rule.is_dialogue_gated else (integrated_lufs, "Programme")
        if measured is None:
            found.append(Finding(Check.LOUDNESS, f"{what} loudness cannot be told: there is nothing to measure."))
        elif abs(round(measured, 1) - rule.target_lufs) > rule.tolerance_lu + 1e-9:
            found.append(Finding(Check.LOUDNESS, f"{what} loudness is {measured:.1f} LUFS; {rule.target_lufs:g} ±{rule.tolerance_lu:g} LU is asked."))
    limit = profile.max_true_peak_dbtp
    if limit is not None and true_peak_dbtp is not None and round(true_peak_dbtp, 1) > limit:
        found.append(Finding(Check.TRUE_PEAK, f"True peak is {true_peak_dbtp:.1f} dBTP; at most {limit:g} is asked. Lower it on the Export tab, then render again."))
    return tuple(found)


def tally(findings: Sequence[Finding]) -> str:
    """How many of what, in words: "3 lines: over budget; stale render".

    >>> tally((Finding(Check.EMPTY_LINE, "", "a", 1), Finding(Check.EMPTY_LINE, "", "b", 2), Finding(Check.STALE_RENDER, "")))
    '2 lines: empty line; stale render'
    """
    counts = Counter(item.check for item in findings if item.line_id is not None)
    parts = [f"{count} line{'s' if count != 1 else ''}: {check.value}" for check, count in counts.items()]
    return "; ".join([*parts, *dict.fromkeys(item.check.value for item in findings if item.line_id is None)])


def blocked_lines(findings: Iterable[Finding]) -> int:
    """How many lines hold a must."""
    return len({item.line_id for item in findings if item.severity is Severity.MUST and item.line_id is not None})
