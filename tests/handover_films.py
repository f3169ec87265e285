"""A rendered project on the fake engines, two speakers, with a bed; what the tests of handover start from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from studio.domain.project import Project
from studio.handover.deliveries import Ordered
from studio.service import Studio
from tests.studio_fixtures import clip_project, render

def dubbed(studio: Studio, clip: Path, *, bed: Path | None = None) -> Project:
    """Two voiced and rendered lines, spoken by two people, one of whom bears a name that is a path."""
    project = clip_project(studio, clip)
    first, second = studio.rows(project.id)
    if first.speaker.id == second.speaker.id:
        studio.split_speaker(project.id, first.speaker.id, [second.line.id], "Bob")
    first, second = studio.rows(project.id)
    studio.rename_speaker(project.id, first.speaker.id, "Ann")
    studio.rename_speaker(project.id, second.speaker.id, "../Bob O'Neil")
    if bed is not None:
        studio.upload_bed(project.id, bed, bed.name)
    render(studio, project)
    return studio.project(project.id).project


def order(studio: Studio, project: Project, notes: tuple = ()) -> Ordered:
    return Ordered(studio._shop, studio.project(project.id).project, studio.rows(project.id), notes)


def noise_bed(path: Path, seconds: float, *, seed: int = 1) -> Path:
    """Quiet stereo noise, 24 bit."""
    rng = np.random.default_rng(seed)
    soundfile.write(path, 0.05 * rng.standard_normal((round(48_000 * seconds), 2)), 48_000, "PCM_24")
    return path
