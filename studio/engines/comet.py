"""COMET over translated tables, where it can be had: the package, and a folder of weights that somebody fetched and trusts.

A folder in, a `Comet` out, with a judge or with the reason why there is none. Nothing is downloaded. Only models without references
(COMETKiwi, XCOMET) judge here; their weights are for non-commercial use.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from studio.engines.scene_asks import Comet

NOT_NAMED = "no folder of COMET weights was named; --comet FOLDER does"


class FolderComet:
    """MeaningJudge over one folder of weights; an empty output scores 0."""

    def __init__(self, folder: Path) -> None:
        from models.translation.quality import CometJudge

        self.name = f"COMET, {folder.name}"
        self._judge = CometJudge(folder)

    def scores(self, sources: Sequence[str], outputs: Sequence[str], references: Sequence[str]) -> list[float]:
        told = [(source, output) for source, output in zip(sources, outputs, strict=True) if output]
        found = iter(self._judge.pair_scores(told))  # all at once: every call sets the model up anew
        return [next(found) if output else 0.0 for output in outputs]


def find_comet(folder: Path | None) -> Comet:
    if folder is None:
        return Comet(None, NOT_NAMED)
    from models.translation.quality import CannotJudge

    try:
        return Comet(FolderComet(folder), "ready")
    except CannotJudge as error:
        return Comet(None, str(error))
