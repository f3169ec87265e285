"""The verbs of handing over: what stands in the way, the quality report, deliveries for mixers and broadcasters. Part of `Studio`.

Enter: ids and plain values, of the user's own projects only. Leave: records of `domain/delivery.py` and `handover`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from studio.domain.delivery import Finding, blocked_lines
from studio.domain.errors import BadSetting
from studio.domain.project import Project
from studio.domain.settings import HandoverSettings
from studio.domain.views import LineRow
from studio.handover.deliveries import DELIVERIES, Ordered
from studio.handover.gate import GATED, check_musts
from studio.handover.mix_measure import kept_dub
from studio.handover.package import QUIET, Delivery, Watch, write_folder
from studio.handover.quality import QualityReport, line_musts, quality_report, standing_findings
from studio.handover.report_page import report_html
from studio.handover.sizes import estimated_sizes
from studio.handover_files import Streamed, streamed
from studio.note_verbs import NoteVerbs


class HandoverVerbs(NoteVerbs):
    def set_handover(self, project_id: str, handover: HandoverSettings) -> Project:
        """Whose rules hold, how much room a line's file has, and the hour the programme's timecode begins with."""
        return self._shop.projects.change(
            project_id, self.user, lambda project: replace(project, settings=replace(project.settings, handover=handover))
        )

    def standing_findings(self, project_id: str) -> tuple[Finding, ...]:
        """What is known to stand in the way, or to need a look, without listening to anything; weighed under the project's profile."""
        return standing_findings(self._ordered(project_id).examined())

    def blocked_lines(self, project_id: str, rows: Sequence[LineRow]) -> int:
        """How many of a project's rows hold a must of its delivery profile; quick, and 0 for a draft."""
        return blocked_lines(line_musts(rows, self._own(project_id)))

    def quality(self, project_id: str, watch: Watch = QUIET) -> QualityReport:
        """The whole report: every take and the mix are listened to. Raises NotReady where nothing is voiced, Cancelled."""
        return quality_report(self._ordered(project_id).examined(), watch)

    def check_export(self, project_id: str, kind: str) -> None:
        """Raises ExportRefused where the project's profile has a must that this export would break."""
        self._own(project_id)
        if kind in GATED:
            check_musts(self._ordered(project_id).examined())

    def delivery(self, project_id: str, kind: str, page: str = "") -> Delivery:
        """What a delivery holds; its files are made while it is written. `page`: the address of the studio's page, for links.

        Raises BadSetting for a kind that is none, NotReady where nothing is voiced, ExportRefused.
        """
        if kind not in DELIVERIES:
            raise BadSetting(f"There is no delivery “{kind}”; there are: {', '.join(DELIVERIES)}.")
        self.check_export(project_id, kind)
        return DELIVERIES[kind](self._ordered(project_id, page))

    def hand_over(self, project_id: str, kind: str, place: Path, watch: Watch = QUIET) -> Path:
        """Write a delivery into `place`: a folder of its own, or a single file. Raises as `delivery` and `package.write_folder` do."""
        return write_folder(self.delivery(project_id, kind), place, watch)

    def download(self, project_id: str, kind: str, page: str = "") -> Streamed:
        """A delivery as it goes to a browser, made while it is sent. Raises as `delivery` does."""
        return streamed(self.delivery(project_id, kind, page))

    def quality_page(self, project_id: str, page: str) -> str:
        """The quality report as HTML. Raises as `quality` does."""
        return report_html(self.quality(project_id), page)

    def delivery_sizes(self, project_id: str) -> dict[str, int]:
        """Roughly how many bytes the deliveries with sound will have; empty before anything is voiced."""
        project = self._own(project_id)
        bed = self._shop.blobs.path(project.bed_blob) if project.bed_blob is not None else None
        return estimated_sizes(project, self.rows(project.id, at_once=True), bed, is_rendered=kept_dub(self._shop, project) is not None)

    # within

    def _ordered(self, project_id: str, page: str = "") -> Ordered:
        project = self._own(project_id)
        return Ordered(self._shop, project, self.rows(project.id), self.notes(project.id), page)
