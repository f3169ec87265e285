"""Files sent as the page sends them, and what the person is told. Enter: a logged-in caller, a project, a name and bytes. Leaves: `Told`.

All go piece by piece, by the tus protocol, to /uploads; a film is then taken by a call of its own, a script by the event of its box.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

from bench.load.bait import MEDIA
from bench.load.calls import Answer, Caller, Ended, ended

PIECE_BYTES = 8 * 2**20
TUS = {"tus-resumable": "1.0.0"}
PIECE = {**TUS, "content-type": "application/offset+octet-stream"}
SCRIPT_BOX = 1  # of the boxes that say “sent”, in the order of the page


@dataclass(frozen=True, slots=True)
class Told:
    """`is_taken`: the file was accepted. `sentence`: what the page shows, "" where it was taken in silence."""

    is_taken: bool
    status: int
    sentence: str


def send(caller: Caller, project_id: str, purpose: str, name: str, data: bytes) -> Told:
    """Raises Away, Refused."""
    upload = piecewise(caller, project_id, purpose, name, data)
    if isinstance(upload, Told):
        return upload
    return _take_film(caller, upload) if purpose == MEDIA else _take_script(caller, project_id, upload)


def piecewise(caller: Caller, project_id: str, purpose: str, name: str, data: bytes) -> str | Told:
    """The id of the upload once it is whole, or the refusal."""
    told = {"filename": name, "purpose": purpose, "project": project_id}
    metadata = ",".join(f"{key} {base64.b64encode(value.encode('utf-8', 'replace')).decode()}" for key, value in told.items())
    announced = caller.ask("POST", "/uploads", b"", {**TUS, "upload-length": str(len(data)), "upload-metadata": metadata})
    if announced.status != 201:
        return _refused(announced)
    upload = announced.headers["location"].rpartition("/")[2]
    for start in range(0, len(data), PIECE_BYTES):
        sent = caller.ask("PATCH", f"/uploads/{upload}", data[start : start + PIECE_BYTES], {**PIECE, "upload-offset": str(start)})
        if sent.status != 204:
            return _refused(sent)
    return upload


def _take_film(caller: Caller, upload: str) -> Told:
    taken = caller.ask("POST", f"/uploads/{upload}/take", b"", TUS)
    return Told(True, taken.status, "") if taken.status == 200 else _refused(taken)


def _take_script(caller: Caller, project_id: str, upload: str) -> Told:
    """The page asks before lines are replaced; whoever means harm says yes."""
    first = ended(caller.event("sent", [project_id, "lines"], {"upload": upload}, which=SCRIPT_BOX).body)
    question = _painted(first, "ask")
    if question is None:
        return _told(first)
    return _told(ended(caller.event("taken", [], {"ask": question["ask"], "mark": question.get("mark", "")}).body))


def _told(end: Ended) -> Told:
    """A refusal is a toast, or what the box says of a file."""
    said = end.said or (_painted(end, "trouble") or {}).get("trouble", "")
    return Told(end.is_done and not said, 200, said)


def _painted(end: Ended, name: str) -> dict[str, Any] | None:
    """The first view of an event's answer in which something stands under that name."""
    return next((one for one in end.painted if isinstance(one, dict) and one.get(name)), None)


def _refused(answer: Answer) -> Told:
    return Told(False, answer.status, answer.sentence())
