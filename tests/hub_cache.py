"""A model in the hub's cache, as if it had been fetched before."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def cache_model(place: Path, monkeypatch: pytest.MonkeyPatch, hub_id: str, folder: Path) -> Path:
    """Put the files of `folder` into a cache made in `place`, under `hub_id`; returns where they lie there."""
    from huggingface_hub import constants

    kept = place / "hub" / f"models--{hub_id.replace('/', '--')}"
    (kept / "refs").mkdir(parents=True)
    (kept / "refs" / "main").write_text(COMMIT, encoding="utf-8")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(place / "hub"))
    return Path(shutil.copytree(folder, kept / "snapshots" / COMMIT))
