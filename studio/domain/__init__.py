"""Frozen values and pure functions of dubbing: no file, no clock, no network, no third-party import."""
