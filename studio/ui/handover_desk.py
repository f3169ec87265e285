"""The desk calls of the Export tab: delivery profiles, what stands in a delivery's way, and the settings of a handover. Part of `Desk`.

Enter: JSON values. Leave: views. A new one is one more entry of `HANDOVER_CALLS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from studio.domain.delivery import PROFILES, VERIFY, Check, Finding, Severity, blocked_lines
from studio.domain.settings import HandoverSettings
from studio.domain.timebase import Timebase, timebase_of
from studio.service import Studio

MAX_LINKS = 24


@dataclass(frozen=True, slots=True)
class ProfileOption:
    name: str
    title: str
    sentence: str
    source: str


@dataclass(frozen=True, slots=True)
class FindingLine:
    """A line to jump to, and what is wrong with it."""

    line_id: str
    number: int
    timecode: str
    sentence: str


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """Findings of one check. `lines` holds the first of them; `count` all; `sentence` what holds for the programme, "" for lines."""

    check: str
    severity: str
    count: int
    sentence: str
    lines: tuple[FindingLine, ...]


@dataclass(frozen=True, slots=True)
class HandoverView:
    project_id: str
    profile: str
    profiles: tuple[ProfileOption, ...]
    verify: str
    handle_ms: int
    start_hour: int
    start_timecode: str
    rate: str
    blocked_lines: int
    groups: tuple[FindingGroup, ...]
    sizes: dict[str, int]


def handover_view(studio: Studio, project_id: str) -> HandoverView:
    """Everything the Export tab shows of a delivery. `sizes`: bytes by kind, as far as they can be told beforehand."""
    view = studio.project(project_id)
    settings, source = view.project.settings.handover, view.project.source
    base = timebase_of(source.info if source is not None else None, start_hour=settings.start_hour)
    findings = studio.standing_findings(project_id)
    return HandoverView(
        project_id=project_id,
        profile=settings.profile,
        profiles=tuple(ProfileOption(one.name, one.title, one.sentence, one.source) for one in PROFILES),
        verify=VERIFY,
        handle_ms=settings.handle_ms,
        start_hour=settings.start_hour,
        start_timecode=base.timecode(0),
        rate=f"{float(base.fps):.6g}{' drop-frame' if base.is_drop_frame else ''}",
        blocked_lines=blocked_lines(findings),
        groups=tuple(grouped(findings, base)),
        sizes=studio.delivery_sizes(project_id),
    )


def grouped(findings: Iterable[Finding], base: Timebase) -> Iterable[FindingGroup]:
    """Findings by severity and check, in the order they come; information that stands on single lines is left to the report."""
    groups: dict[tuple[Severity, Check], list[Finding]] = {}
    for item in findings:
        if item.severity is not Severity.INFO or item.line_id is None:
            groups.setdefault((item.severity, item.check), []).append(item)
    for (severity, check), items in groups.items():
        lines = [
            FindingLine(item.line_id, item.number, base.timecode_at(item.at_ms or 0), item.sentence)
            for item in items
            if item.line_id is not None and item.number is not None
        ]
        sentence = next((item.sentence for item in items if item.line_id is None), "")
        yield FindingGroup(check.value, severity.value, len(items), sentence, tuple(lines[:MAX_LINKS]))


class HandoverDesk:
    _studio: Studio
    _project_id: str

    def handover(self) -> HandoverView:
        return handover_view(self._studio, self._project_id)

    def set_handover(self, profile: str, handle_ms: int, start_hour: int) -> HandoverView:
        self._studio.set_handover(self._project_id, HandoverSettings(profile, int(handle_ms), int(start_hour)))
        return self.handover()


HANDOVER_CALLS: dict[str, Callable[..., Any]] = {"handover": HandoverDesk.handover, "set_handover": HandoverDesk.set_handover}
