"""Subtitles and scripts in and out: text formats only, no media, no engine."""
