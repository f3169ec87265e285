"""Files sent to a studio as the page sends them, for tests of what comes after."""

from __future__ import annotations

from studio.domain.upload import Purpose
from studio.service import Studio


def sent(studio: Studio, name: str, data: bytes, purpose: Purpose = Purpose.MEDIA, project_id: str | None = None) -> str:
    """The id of an upload that is here as a whole."""
    upload = studio.begin_upload(name, len(data), purpose, project_id)
    with studio.receive_upload(upload.id, 0) as receiver:
        receiver.write(data)
    return upload.id
