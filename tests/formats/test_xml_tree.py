"""Untrusted XML."""

from __future__ import annotations

import time

import pytest

from studio.domain.errors import BadSubtitles
from studio.formats.xml_tree import attribute, local, read_xml

BOMB = '<!DOCTYPE a [<!ENTITY x0 "ha">' + "".join(f'<!ENTITY x{n} "&x{n - 1};&x{n - 1};">' for n in range(1, 30)) + "]><a>&x29;</a>"


def test_names_lose_their_prefix_and_plain_attributes_win() -> None:
    root = read_xml('<tt:p ttm:begin="2s" begin="1s" xml:lang="en"/>', "a.ttml")
    assert (local(root.tag), attribute(root, "begin"), attribute(root, "lang"), attribute(root, "end")) == ("p", "1s", "en", None)


def test_forgivable_faults_are_forgiven() -> None:
    root = read_xml("\ufeff \n<p>R&D &nbsp;&eacute; &unknown; \x0b&#233;</p>", "a.ttml")
    assert root.text == "R&D \u00a0é &unknown; é"


@pytest.mark.parametrize(
    "text", [BOMB, '<!DOCTYPE a SYSTEM "http://example.org/x"><a/>', "<a><b></a>", "", "plain", "<a/><b/>", "<a>&#0;</a>", "<a " + "b" * 10]
)
def test_harm_and_nonsense_are_refused_at_once(text: str) -> None:
    started = time.process_time()
    with pytest.raises(BadSubtitles):
        read_xml(text, "a.ttml")
    assert time.process_time() - started < 1.0
