"""The weights the studio knows of (models/weights/weights.toml): which are here, and how the public ones are fetched."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from studio.domain.errors import BadSetting, EngineUnavailable

_PLAIN = ("*.json", "*.safetensors", "*.txt", "*.model", "model.bin")  # where an entry names no files; pickles are left there


@dataclass(frozen=True, slots=True)
class KnownWeights:
    """`place` is a folder in the project, or a hub id; `files`: what is fetched from there, empty: safetensors and what describes them."""

    name: str
    task: str
    licence: str
    place: str
    is_bundled: bool
    is_here: bool
    files: tuple[str, ...] = ()


def known_weights() -> tuple[KnownWeights, ...]:
    """Bundled weights first. Looks at this machine's disk only."""
    from models.checkpoint import WEIGHTS_FOLDER, read_manifest

    manifest = read_manifest()
    bundled = [KnownWeights(one.name, one.task, one.licence, one.folder, True, one.path.is_file()) for one in manifest.bundled]
    public = [
        KnownWeights(
            one.name, one.task, one.licence, one.hub_id, False,
            one.cached_folder() is not None or any((WEIGHTS_FOLDER / one.name).glob("*")), one.files,
        )
        for one in manifest.public
    ]  # fmt: skip
    return (*bundled, *public)


def damaged_weights() -> tuple[str, ...]:
    """Names of bundled weights that are missing, or whose sha256 is not that of the manifest. Reads every byte of them."""
    from models.checkpoint import read_manifest, sha256_of

    return tuple(one.name for one in read_manifest().bundled if not one.path.is_file() or sha256_of(one.path) != one.sha256)


def fetch_weights(name: str) -> str:
    """Download public weights into the hub's cache and return their folder. Raises BadSetting, EngineUnavailable."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    found = next((one for one in known_weights() if one.name == name), None)
    if found is None:
        raise BadSetting(f"There are no weights called “{name}”; `python -m studio models` lists them.")
    if found.is_bundled:
        raise BadSetting(f"“{name}” travels with the project; there is nothing to fetch.")
    try:
        folder = Path(snapshot_download(found.place, allow_patterns=list(found.files) or list(_PLAIN)))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise EngineUnavailable(name, f"its hub cannot be reached or refused ({type(error).__name__}); try again when this machine is online.") from error
    if missing := [file for file in found.files if not (folder / file).is_file()]:
        raise EngineUnavailable(name, f"the hub's folder {found.place} has no {missing[0]}; look there for its new name and put the file in place by hand.")
    return str((folder / found.files[0]).parent if found.files else folder)
