"""The face tracker's process: pictures over stdin, the faces in them over stdout, until stdin ends.

Started as `python -m studio.engines.face_worker` by `studio.engines.faces_mediapipe`. MediaPipe writes to stderr and cannot be told
not to; here nobody hears it, and a crash of its graphs ends this process only. A frame is a `PICTURE` header and RGB bytes; a picture
of no size is the one before, again. An answer is the number of faces and a `FACE` record with landmarks and mouth for each.
"""

from __future__ import annotations

import os
import struct
import sys
from typing import BinaryIO

import numpy as np

from studio.domain.faces import MOUTH_SIDE_PX
from studio.engines.face_mesh import FaceFinder
from studio.engines.protocols import FaceSeen
from studio.media.cage import end_with_parent

PICTURE = struct.Struct(">II")
COUNT = struct.Struct(">I")
FACE = struct.Struct(">4dd")
LANDMARKS = 478
MAX_PICTURE_BYTES = 3 * 8192 * 8192
_LANDMARK_BYTES, _MOUTH_BYTES = LANDMARKS * 8, MOUTH_SIDE_PX**2


def write_picture(stream: BinaryIO, picture: np.ndarray | None) -> None:
    """Send one picture, uint8, shape (height, width, 3); None repeats the one before. Raises OSError where the other side has gone."""
    if picture is None:
        stream.write(PICTURE.pack(0, 0))
    else:
        stream.write(PICTURE.pack(*picture.shape[:2]))
        stream.write(np.ascontiguousarray(picture).data)
    stream.flush()


def read_faces(stream: BinaryIO) -> tuple[FaceSeen, ...] | None:
    """The answer to one picture; None where the stream has ended."""
    head = stream.read(COUNT.size)
    if len(head) < COUNT.size:
        return None
    faces = []
    for _ in range(COUNT.unpack(head)[0]):
        body = stream.read(FACE.size + _LANDMARK_BYTES + _MOUTH_BYTES)
        if len(body) < FACE.size + _LANDMARK_BYTES + _MOUTH_BYTES:
            return None
        *box, yaw_deg = FACE.unpack_from(body)
        landmarks = np.frombuffer(body, "<f4", 2 * LANDMARKS, FACE.size).reshape(LANDMARKS, 2)
        mouth = np.frombuffer(body, np.uint8, _MOUTH_BYTES, FACE.size + _LANDMARK_BYTES).reshape(MOUTH_SIDE_PX, MOUTH_SIDE_PX)
        faces.append(FaceSeen(tuple(box), landmarks, yaw_deg, mouth))
    return tuple(faces)


def _read_picture(stream: BinaryIO, before: np.ndarray | None) -> np.ndarray | None:
    """The next picture, `before` itself where it is repeated; None where the stream has ended."""
    head = stream.read(PICTURE.size)
    if len(head) < PICTURE.size:
        return None
    height, width = PICTURE.unpack(head)
    if height == 0:
        return before
    if 3 * height * width > MAX_PICTURE_BYTES:
        raise ValueError(f"a picture of {width} × {height} px is over the limit")
    data = stream.read(3 * height * width)
    return np.frombuffer(data, np.uint8).reshape(height, width, 3) if len(data) == 3 * height * width else None


def _write_faces(stream: BinaryIO, faces: tuple[FaceSeen, ...]) -> None:
    parts = [COUNT.pack(len(faces))]
    for face in faces:
        parts += [FACE.pack(*face.box, face.yaw_deg), face.landmarks.astype("<f4").tobytes(), face.mouth.tobytes()]
    stream.write(b"".join(parts))
    stream.flush()


def main() -> None:
    """Answer pictures until stdin ends."""
    end_with_parent()  # what is loaded next takes seconds, in which nobody hears that stdin has ended
    stdin, stdout = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever the library prints must not land between answers
    import cv2

    cv2.setNumThreads(1)
    finder = FaceFinder()
    _write_faces(stdout, ())  # ready
    before: np.ndarray | None = None
    faces: tuple[FaceSeen, ...] = ()
    while (picture := _read_picture(stdin, before)) is not None:
        if picture is not before:
            faces = finder.look(picture)
        before = picture
        _write_faces(stdout, faces)


if __name__ == "__main__":
    main()
