"""Where public weights are: in a folder of their name under `models/weights`, put there by hand, or in the hub's cache after `models pull`.

Light on purpose: whoever only asks which voices there are must not wait for a deep-learning library to be imported.
"""

from __future__ import annotations

from pathlib import Path

from models.checkpoint import WEIGHTS_FOLDER, BadWeights, read_manifest


def public_folder(name: str) -> Path:
    """The folder of public weights on this machine. Raises BadWeights with the command that fetches them."""
    entry = read_manifest().find_public(name)
    by_hand = WEIGHTS_FOLDER / name
    if any(by_hand.glob("*")):
        return by_hand
    cached = entry.cached_folder()
    if cached is None:
        raise BadWeights(f"The weights “{name}” are not here. Fetch them with “python -m studio models pull {name}”, or put their files into {by_hand}.")
    return cached
