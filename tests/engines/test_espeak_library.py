"""The library is loaded in a process of its own, as the studio does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import studio

SCRIPT = """
import json, sys, espeakng_loader
from studio.engines.espeak_library import EspeakLibrary
library = EspeakLibrary(espeakng_loader.get_library_path(), espeakng_loader.get_data_path())
heard = library.speak("Hello there.", "gmw/en-US+f3", 175, 50, want_audio=True)
fast = library.speak("Hello there.", "gmw/en-US+f3", 300, 50, want_audio=False)
try:
    library.speak("x", "no/such", 175, 50, want_audio=False)
    refusal = ""
except ValueError as error:
    refusal = str(error)
print(json.dumps([heard.sample_count, sum(map(len, heard.pcm)), heard.phones, heard.words, fast.sample_count, len(fast.pcm), refusal]))
"""


def run(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", script], cwd=Path(studio.__file__).parents[1], capture_output=True, text=True, check=False)


def test_the_library_speaks_times_and_refuses() -> None:
    told = run(SCRIPT)
    assert told.returncode == 0, told.stderr
    samples, pcm_bytes, phones, words, fast_samples, fast_pieces, refusal = json.loads(told.stdout)
    assert pcm_bytes == 2 * samples > 10_000
    assert "l" in [symbol for _, symbol in phones]
    assert [(first, length) for _, first, length in words] == [(0, 5), (6, 5)]
    assert fast_pieces == 0 and fast_samples < 0.8 * samples
    assert "no/such" in refusal


def test_a_missing_data_folder_is_an_error_and_not_an_exit() -> None:
    script = SCRIPT.replace("espeakng_loader.get_data_path()", "'/nowhere/espeak-ng-data'")
    told = run(script)
    assert told.returncode == 1 and "could not read its data" in told.stderr


def test_clauses_are_read_in_two_ways_with_equal_borders() -> None:
    script = """
import json, espeakng_loader
from studio.engines.espeak_library import EspeakLibrary
library = EspeakLibrary(espeakng_loader.get_library_path(), espeakng_loader.get_data_path())
print(json.dumps([library.clauses("Hello there, you.", "gmw/en-US", "|"), library.clauses("", "gmw/en-US", "|"), library.clauses("Wörter", "gmw/de", "|")]))
"""
    told = run(script)
    assert told.returncode == 0, told.stderr
    two, none, german = json.loads(told.stdout)
    assert [read for _, _, read in two] == ["Hello there, y", "ou.\0"]
    assert all(len(ipa.split(" ")) == len(names.split(" ")) for ipa, names, _ in two)
    assert none == [["", "", "\0"]]
    assert german[0][2] == "Wörter\0"
