"""Lipline: an interactive web dubbing studio. Arrows of import: domain ← engines, media, formats, store ← stages ← pipeline, jobs ← service ← shells."""

__version__ = "0.1.0"
