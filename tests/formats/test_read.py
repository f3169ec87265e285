"""Reading any file: format by content, limits, refusals, and nothing but BadSubtitles whatever the bytes."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studio.domain.errors import BadSubtitles
from studio.domain.project import Script
from studio.domain.settings import Limits
from studio.formats.read import read_script

SRT = "1\n00:00:01,000 --> 00:00:02,500\nHello there.\n\n2\n00:00:03,000 --> 00:00:04,000\n- One\n- Two\n"
VTT = "WEBVTT\n\nNOTE hi\n\n00:01.000 --> 00:02.500\n<v Ann>Hello &amp; bye\n"
ASS = (
    "[Script Info]\nScriptType: v4.00+\n\n[Events]\n"
    "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
    "Dialogue: 0,0:00:01.00,0:00:02.50,Default,Ann,0,0,0,,{\\an8}Hello\\Nthere\n"
)
TTML = '<tt xmlns="http://www.w3.org/ns/ttml"><body><div><p begin="1s" end="2.5s">Hello<br/>there</p></div></body></tt>'
CSV = "start,end,speaker,source,target\n1.0,2.5,Ann,Hello,Hallo\n"
SEEDS = [text.encode(codec) for text in (SRT, VTT, ASS, TTML, CSV) for codec in ("utf-8", "utf-16", "utf-16-le")]


def read(data: bytes, name: str = "a.srt", limits: Limits | None = None) -> Script:
    return read_script(data, name, limits=Limits() if limits is None else limits, max_cue_ms=60_000)


@pytest.mark.parametrize(("text", "kind"), [(SRT, "srt"), (VTT, "vtt"), (ASS, "ass"), (TTML, "ttml"), (CSV, "csv")])
def test_the_format_is_known_from_the_content_whatever_the_name(text: str, kind: str) -> None:
    script = read(text.encode(), "mislabelled.txt")
    assert script.format == kind
    assert (script.lines[0].start_ms, script.lines[0].end_ms) == (1000, 2500)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"\xef\xbb\xbf \n", "no text"),
        (b"Just a letter without any times.\n", "no times of a known subtitle format"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "PNG"),
        (b"%PDF-1.7 \n", "PDF"),
        (b"PK\x03\x04" + bytes(40), "ZIP"),
        (b"\x00\x00\x00\x20ftypisom" + bytes(99), "MP4"),
        (b"\x1a\x45\xdf\xa3" + bytes(99), "Matroska"),
        (b"# VobSub index file, v7\n", "pictures"),
        (bytes(range(256)) * 8, "binary"),
        (b"WEBVTT\n\nNOTE nothing else\n", "none of its cues"),
        (b"1\n00:00:01,000 --> 00:00:02,000\n[door slams]\n", "only describes a sound"),
    ],
)
def test_what_is_no_script_is_refused_in_one_sentence(data: bytes, reason: str) -> None:
    with pytest.raises(BadSubtitles, match=reason):
        read(data)


def test_a_file_over_the_limit_is_refused_before_it_is_read() -> None:
    with pytest.raises(BadSubtitles, match="at most 1 MB"):
        read(b"x" * (2 * 2**20), limits=Limits(max_subtitle_bytes=2**20))


def test_too_many_cues_are_refused() -> None:
    with pytest.raises(BadSubtitles, match="at most 1 are allowed"):
        read(SRT.encode(), limits=Limits(max_lines=1))


def test_an_overlong_text_is_left_out_with_its_reason() -> None:
    script = read(SRT.replace("Hello there.", "x" * 50).encode(), limits=Limits(max_text_chars=20))
    assert len(script.lines) == 1
    assert any("longer than 20 characters" in item.reason for item in script.skipped)


def test_5000_cues_are_read_within_a_second() -> None:
    cues = "\n".join(
        f"{n}\n{n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d},000 --> {n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d},900\n<i>Line {n}</i>\n"
        for n in range(5000)
    )
    started = time.process_time()
    assert len(read(cues.encode()).lines) == 5000
    assert time.process_time() - started < 1.0


@pytest.mark.parametrize(
    "text",
    [
        "1\n00:00:01,000 --> 00:00:02,000\n" + "<" * 300_000,
        "1\n00:00:01,000 --> 00:00:02,000\n" + "{\\p1" * 60_000,
        "1\n00:00:01,000 --> 00:00:02,000\n" + "[" * 150_000 + "]" * 150_000,
        "1\n00:00:01,000 --> 00:00:02,000\n" + "(a " * 100_000,
        "WEBVTT\n\n" + "00:00:01.000 -->" * 20_000,
        "start,end,text\n" + '"' * 300_000,
        "[Events]\nFormat: Start, End, Text\n" + "Dialogue: " + "," * 300_000,
        "<tt><body>" + "<div>" * 60_000,
        "<tt " + "a" * 300_000,
        "\n" * 500_000,
        "00:" * 150_000,
        "- " * 150_000 + "-->",
        "&" * 300_000 + "\n00:01.000 --> 00:02.000\nx",
    ],
    ids=lambda text: text[:24].replace("\n", " "),
)
def test_hostile_text_is_read_or_refused_quickly(text: str) -> None:
    started = time.process_time()
    with contextlib.suppress(BadSubtitles):
        read(text.encode(), "hostile.vtt")
    assert time.process_time() - started < 3.0


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400), st.sampled_from(["a.srt", "b.vtt", "c", "d.csv"]))
def test_no_bytes_bring_anything_but_a_script_or_a_refusal(data: bytes, name: str) -> None:
    try:
        script = read(data, name)
    except BadSubtitles:
        return
    assert script.lines and all(0 <= line.start_ms < line.end_ms for line in script.lines)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(SEEDS), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 6), st.binary(max_size=6)), max_size=6))
def test_no_damage_to_a_real_file_brings_anything_else_either(seed: bytes, edits: list[tuple[int, int, bytes]]) -> None:
    data = bytearray(seed)
    for at, length, patch in edits:
        at %= len(data) + 1
        data[at : at + length] = patch
    try:
        script = read(bytes(data))
    except BadSubtitles:
        return
    assert all(0 <= line.start_ms < line.end_ms for line in script.lines)
    assert all("\n" not in line.text and "\0" not in line.text for line in script.lines)
