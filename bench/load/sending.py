"""Files sent as the page sends them, and what the person is told. Enter: a logged-in caller, a project, a name and bytes. Leaves: `Told`.

Films go piece by piece by the tus protocol to /uploads; scripts through the page's file box.
"""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass

from bench.load.bait import MEDIA
from bench.load.calls import Answer, Caller, outcome

PIECE_BYTES = 8 * 2**20
TUS = {"tus-resumable": "1.0.0"}
PIECE = {**TUS, "content-type": "application/offset+octet-stream"}
SCRIPT_BOX = 0  # of the file boxes, in the order of the page


@dataclass(frozen=True, slots=True)
class Told:
    """`is_taken`: the file was accepted. `sentence`: what the page shows, "" where it was taken in silence."""

    is_taken: bool
    status: int
    sentence: str


def send(caller: Caller, project_id: str, purpose: str, name: str, data: bytes) -> Told:
    """Raises Away."""
    return send_media(caller, project_id, name, data) if purpose == MEDIA else send_script(caller, project_id, name, data)


def send_media(caller: Caller, project_id: str, name: str, data: bytes, purpose: str = "media") -> Told:
    told = {"filename": name, "purpose": purpose, "project": project_id}
    metadata = ",".join(f"{key} {base64.b64encode(value.encode('utf-8', 'replace')).decode()}" for key, value in told.items())
    announced = caller.ask("POST", "/uploads", b"", {**TUS, "upload-length": str(len(data)), "upload-metadata": metadata})
    if announced.status != 201:
        return _refused(announced)
    place = "/" + announced.headers["location"].lstrip("/")
    for start in range(0, len(data), PIECE_BYTES):
        sent = caller.ask("PATCH", place, data[start : start + PIECE_BYTES], {**PIECE, "upload-offset": str(start)})
        if sent.status != 204:
            return _refused(sent)
    taken = caller.ask("POST", f"{place}/take", b"", TUS)
    return Told(True, taken.status, "") if taken.status == 200 else _refused(taken)


def send_script(caller: Caller, project_id: str, name: str, data: bytes) -> Told:
    """Through the file box: the file, then the event that hands it over."""
    border = f"----{secrets.token_hex(12)}"
    quoted = name.replace("\\", "\\\\").replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    head = f'--{border}\r\nContent-Disposition: form-data; name="files"; filename="{quoted}"\r\nContent-Type: application/octet-stream\r\n\r\n'
    body = head.encode("utf-8", "replace") + data + f"\r\n--{border}--\r\n".encode()
    put = caller.ask("POST", f"/gradio_api/upload?upload_id={secrets.token_hex(5)}", body, {"content-type": f"multipart/form-data; boundary={border}"})
    if put.status != 200:
        return _refused(put)
    path = json.loads(put.body)[0]
    file = {"path": path, "orig_name": name, "size": len(data), "meta": {"_type": "gradio.FileData"}}
    is_done, said = outcome(caller.event("upload", [project_id, file, "source"], which=SCRIPT_BOX).body)
    return Told(is_done and not said, 200, said)


def _refused(answer: Answer) -> Told:
    return Told(False, answer.status, answer.sentence())
