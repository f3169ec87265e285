"""The weights the studio knows of (models/weights/weights.toml): which are here, and how the public ones are fetched."""

from __future__ import annotations

from dataclasses import dataclass

from studio.domain.errors import BadSetting, EngineUnavailable


@dataclass(frozen=True, slots=True)
class KnownWeights:
    """`place` is a folder in the project, or a hub id."""

    name: str
    task: str
    licence: str
    place: str
    is_bundled: bool
    is_here: bool


def known_weights() -> tuple[KnownWeights, ...]:
    """Bundled weights first. Looks at this machine's disk only."""
    from huggingface_hub import try_to_load_from_cache

    from models.checkpoint import read_manifest

    manifest = read_manifest()
    bundled = [KnownWeights(one.name, one.task, one.licence, one.folder, True, one.path.is_file()) for one in manifest.bundled]
    public = [
        KnownWeights(one.name, one.task, one.licence, one.hub_id, False, isinstance(try_to_load_from_cache(one.hub_id, "config.json"), str))
        for one in manifest.public
    ]
    return (*bundled, *public)


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
        return snapshot_download(found.place, allow_patterns=["*.json", "*.safetensors", "*.txt", "*.model", "model.bin"])
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError) as error:
        raise EngineUnavailable(name, f"its hub cannot be reached or refused ({type(error).__name__}); try again when this machine is online.") from error
