"""Which settings of the head hold on every machine of a cluster: those that pick engines, without which a machine would quietly dub with others
than the head offers. Passwords, tokens and keys stay at the head, as does what tells of its own devices, memory and folders.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

WEIGHTS = ("LIPLINE_VOICE", "LIPLINE_TRANSLATOR", "LIPLINE_ADAPTER", "LIPLINE_WHISPER", "LIPLINE_SYNCNET")  # each a file, a folder or a hub id
ENGINE_SETTINGS = (*WEIGHTS, "LIPLINE_VOICE_COMPILE")


def engine_settings(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The engine settings that are set. A path is named from the root: another machine begins its workers in another folder."""
    told = {name: environment[name] for name in ENGINE_SETTINGS if environment.get(name)}
    return {name: os.path.abspath(value) if name in WEIGHTS and os.path.exists(value) else value for name, value in told.items()}
