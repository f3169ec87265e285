"""A delivery streams: its length is known before it is made, however large its files are."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

import pytest

from studio.domain.errors import MediaToolFailed
from studio.handover.package import Delivery, Part, text_part, zip_chunks, zip_size


def zeros(count: int) -> Iterator[bytes]:
    piece = bytes(256)
    while count:
        yield piece[:count]
        count -= min(count, len(piece))


def test_names_in_every_script_are_packed_and_counted() -> None:
    delivery = Delivery("d", (text_part("handover.txt", "渡し"), text_part("stems/安娜.wav", "x" * 70_000), text_part("empty", "")))
    data = b"".join(zip_chunks(delivery))
    assert len(data) == zip_size(delivery)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["handover.txt", "stems/安娜.wav", "empty"]
        assert archive.read("handover.txt").decode() == "渡し"


@pytest.mark.parametrize("sizes", [(3000, 10, 1007, 5), (10, 5), (995, 3), (900, 50, 60)])
def test_files_beyond_the_limit_of_32_bits_are_counted_to_the_byte(sizes: tuple[int, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is lowered here, which changes the form of the records as four gigabytes would."""
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 1000)
    parts = tuple(Part(f"{number}.wav", size, lambda size=size: zeros(size)) for number, size in enumerate(sizes))
    delivery = Delivery("large", parts)
    assert sum(len(chunk) for chunk in zip_chunks(delivery)) == zip_size(delivery)


@pytest.mark.parametrize("sent", [3, 5])
def test_a_file_that_breaks_its_promise_of_length_is_an_error(sent: int) -> None:
    part = Part("a.wav", 4, lambda: iter((bytes(sent),)))
    with pytest.raises(MediaToolFailed, match="4 were promised"):
        b"".join(zip_chunks(Delivery("d", (part,))))
