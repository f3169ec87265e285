"""Blocks that nets share."""
