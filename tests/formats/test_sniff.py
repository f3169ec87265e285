"""Binary data is told from text, however damaged the text."""

from __future__ import annotations

import pytest

from studio.domain.errors import BadSubtitles
from studio.formats.sniff import refuse_if_not_text


@pytest.mark.parametrize(
    "text", ["PG rated film", "SPEAKER,start", "BM is a name", "RIFF on a theme", "1\n00:00:01,000 --> \0\0", "STLSTL moov ftyp"]
)
def test_text_that_begins_like_a_binary_file_passes(text: str) -> None:
    refuse_if_not_text(text.encode() * 3, "a.txt")


@pytest.mark.parametrize(
    ("data", "kind"), [(b"PG" + bytes(60), "PGS"), (b"\xff\xd8\xff\xe0", "JPEG"), ((b"\x47" + bytes(187)) * 4, "transport stream")]
)
def test_binary_data_is_named(data: bytes, kind: str) -> None:
    with pytest.raises(BadSubtitles, match=kind):
        refuse_if_not_text(data, "a.srt")
