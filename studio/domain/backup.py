"""What a backup says about itself: the manifest of one snapshot. A backup is as secret as the studio it was made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """`made_at`: the moment the database shows, ISO 8601 UTC. `kind`: sqlite or postgresql. `rows`: how many each table has. `sha256` by the
    name of each file beside this one. `missing` and `damaged`: blobs that rows name and that could not be copied whole."""

    format: int
    made_at: str
    kind: str
    schema: str
    rows: Mapping[str, int]
    sha256: Mapping[str, str]
    blobs: int
    blob_bytes: int
    missing: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BackupDone:
    """What a backup did. `new_blobs`: those that were not there from an earlier one."""

    place: str
    manifest: Manifest
    new_blobs: int
    new_bytes: int
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RestoreDone:
    """What a restore did; `lost` are the blobs the backup does not have whole."""

    made_at: str
    rows: int
    blobs: int
    blob_bytes: int
    lost: tuple[str, ...] = ()
