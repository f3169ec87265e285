"""Lip features of an encoder of the user's own (AV-HuBERT, ResNet, …) laid beside a face: a file in, the face with its features out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from studio.domain.errors import BadSetting
from studio.domain.faces import FACE_RATE_HZ
from studio.engines.voice_protocols import FaceStreams

_LEAST_SHARE = 0.9  # a face's time may have a few pictures more than its clip, and no more than that


def with_own_lips(face: FaceStreams, path: Path) -> FaceStreams:
    """`path`: .npz with “features”, or .npy, (pictures, width) of the clip that the face is in, from its first picture on at 25 fps. Raises
    BadSetting for a file that cannot be read, or that is of a much shorter clip."""
    import numpy as np

    from models.speech.visual import read_features

    try:
        values = read_features(path).values
    except ValueError as error:
        raise BadSetting(str(error)) from error
    pictures = np.arange(len(face.is_seen)) + round(face.first_frame_ms * FACE_RATE_HZ / 1000)
    if len(values) < _LEAST_SHARE * (pictures[-1] + 1):
        raise BadSetting(f"{path} has features of {len(values)} pictures, and the clip has about {pictures[-1] + 1} at 25 fps; extract them at 25 fps from the same clip.")
    return replace(face, lip_features=values[pictures.clip(0, len(values) - 1)])
