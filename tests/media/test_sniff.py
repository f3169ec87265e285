"""Containers are told by content; what only poses as media is refused with a sentence that names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from studio.media.sniff import UNKNOWN, Kind, Refusal, judge, sniff


@pytest.mark.parametrize(
    ("head", "container"),
    [
        (b"\x00\x00\x00\x20ftypisom\x00\x00\x02\x00", "mp4"),
        (b"\x00\x00\x00\x14ftypqt  \x00\x00\x02\x00", "mov"),
        (b"\x00\x00\x00\x08wide\x00\x00\x10\x00mdat", "mov"),
        (b"\x1aE\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x23B\x82\x84webm", "webm"),
        (b"\x1aE\xdf\xa3\x01\x00\x00\x00\x00\x00\x00\x23B\x82\x88matroska", "matroska"),
        (b"RIFF\x00\x10\x00\x00AVI LIST", "avi"),
        (b"RIFF\x00\x10\x00\x00WAVEfmt ", "wav"),
        (b"RF64\xff\xff\xff\xffWAVEds64", "wav"),
        (b"\x00\x00\x01\xba\x44\x00", "mpeg"),
        ((b"\x47" + bytes(187)) * 6, "mpegts"),
        ((bytes(4) + b"\x47" + bytes(187)) * 6, "mpegts"),
        (b"fLaC\x00\x00\x00\x22", "flac"),
        (b"OggS\x00\x02", "ogg"),
        (b"\xff\xfb\x90\x64" + bytes(100), "mp3"),
        (b"\xff\xf1\x50\x80" + bytes(100), "aac"),
        (b"FORM\x00\x00\x10\x00AIFFCOMM", "aiff"),
    ],
)
def test_a_container_is_known_by_its_first_bytes(head: bytes, container: str) -> None:
    kind = judge(head)
    assert isinstance(kind, Kind)
    assert kind.container == container
    assert kind.demuxer is not None


@pytest.mark.parametrize(
    ("head", "word"),
    [
        (b"", "empty"),
        (b"#EXTM3U\n#EXT-X-VERSION:3\nhttp://example.org/a.ts\n", "playlist"),
        (b"\xef\xbb\xbf#EXTM3U\n/etc/passwd\n", "playlist"),
        (b"ffconcat version 1.0\nfile '/etc/passwd'\n", "playlist"),
        (b"file '/etc/passwd'\nfile 'b.mp4'\n", "playlist"),
        (b"[playlist]\nFile1=http://example.org\n", "playlist"),
        (b"<?xml version='1.0'?><smil><body/></smil>", "playlist"),
        (b"<?xml version='1.0'?>\n<MPD xmlns='urn:mpeg:dash:schema:mpd:2011'/>", "playlist"),
        (b"<ASX version='3.0'><entry/></ASX>", "playlist"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "XML"),
        (b"#!/bin/sh\nrm -rf /\n", "script"),
        (b"<?php system($_GET['a']);", "script"),
        (b"WEBVTT\n\n00:01.000 --> 00:02.000\nHi\n", "subtitle"),
        (b"1\n00:00:01,000 --> 00:00:02,000\nHi\n", "subtitle"),
        ("1\n00:00:01,000 --> 00:00:02,000\n你好\n".encode("utf-16"), "subtitle"),
        (b"[Script Info]\nTitle: a\n", "subtitle"),
        (b"just some words\n", "text"),
        (b"\x89PNG\r\n\x1a\n", "picture"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "picture"),
        (b"GIF89a", "picture"),
        (b"RIFF\x00\x10\x00\x00WEBPVP8 ", "picture"),
        (b"\x00\x00\x00\x1cftypheic\x00\x00", "picture"),
        (b"%PDF-1.7", "PDF"),
        (b"PK\x03\x04\x14\x00", "ZIP"),
        (b"\x7fELF\x02\x01", "program"),
    ],
)
def test_what_is_no_media_is_named(head: bytes, word: str) -> None:
    refusal = judge(head)
    assert isinstance(refusal, Refusal)
    assert word in refusal.reason
    assert refusal.reason.endswith(".")


def test_noise_is_left_to_the_demuxers_on_the_list() -> None:
    assert judge(bytes(range(1, 9)) * 512) is UNKNOWN


def test_a_tag_before_the_sound_is_stepped_over(tmp_path: Path) -> None:
    tag = b"ID3\x04\x00\x00" + bytes([0, 0, 2, 0]) + bytes(256)
    for after, container in ((b"fLaC", "flac"), (b"\xff\xf1\x50\x80", "aac"), (b"\xff\xfb\x90\x64", "mp3")):
        path = tmp_path / "tagged"
        path.write_bytes(tag + after)
        kind = sniff(path)
        assert isinstance(kind, Kind)
        assert kind.container == container
