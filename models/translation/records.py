"""Preference records: candidates of every line of a scene, which was chosen, which rejected, and their durations.

The layout is that of segment-wise sampling (SSPO, arXiv 2508.08550; papers §1.6): one JSON object per scene, one scene per line of the
file. `same_flag` marks a line without a lesson (too few candidates, or all alike): it gives no loss but stays in the context. A line that
an editor decided at the desk is the same record with `who` and `when`. Add a field to `LineRecord`; unknown fields are refused.
"""

from __future__ import annotations

import json
import math
import os
import types
from collections.abc import Iterator, Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints


@dataclass(frozen=True, slots=True)
class LineRecord:
    """One line. Durations are seconds. `chosen` and `rejected` are texts of `tar`, at `chosen_index` and `rejected_index`."""

    prompt_index: int
    temp_prompt: str
    src: str
    src_lang: str
    tar: tuple[str, ...]
    tar_lang: str
    chosen: str
    chosen_index: int
    rejected: str
    rejected_index: int
    src_duration: float
    tar_duration: tuple[float, ...]
    same_flag: bool
    who: str | None = None
    when: str | None = None


@dataclass(frozen=True, slots=True)
class SceneRecord:
    """One scene. `single`: the whole answers with every line chosen ("accept") and every line rejected ("reject").

    `scene_id` names the scene in its table, so that an interrupted run knows what it has; `terms` are the glossary's pairs."""

    scene_id: str
    src_prompt: str
    sampling_records: tuple[LineRecord, ...]
    num: int
    single: dict[str, str]
    form: str
    terms: tuple[tuple[str, str], ...] = ()


class BadRecord(ValueError):
    """A row that is no record. The sentence names the file, the row and what is wrong."""


def read_records(path: Path) -> Iterator[SceneRecord]:
    """The scenes of a file, in its order. Raises BadRecord, OSError where there is no file."""
    with path.open("rb") as rows:
        for number, row in enumerate(rows, start=1):
            if row.strip():
                yield _read_row(row, f"{path.name}, row {number}")


def append_records(path: Path, records: Sequence[SceneRecord]) -> None:
    """Add scenes to the end of a file (made where it is missing); they are on the disk on return. Raises BadRecord before anything is written."""
    for record in records:
        _check_scene(record, f"scene {record.scene_id}")
    rows = "".join(json.dumps(asdict(record), ensure_ascii=False) + "\n" for record in records)
    with path.open("ab") as file:
        file.write(rows.encode())
        file.flush()
        os.fsync(file.fileno())


def kept_scene_ids(path: Path) -> tuple[str, ...]:
    """The scenes a run has written so far; none where there is no file. A last row that a killed process left half written is taken
    off the file, so that its scene is done again. Raises BadRecord for any other row that is no record."""
    if not path.is_file():
        return ()
    with path.open("rb+") as file:
        content = file.read()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            file.truncate(whole)
    return tuple(record.scene_id for record in read_records(path))


def _read_row(row: bytes, where: str) -> SceneRecord:
    try:
        plain = json.loads(row)
    except (ValueError, RecursionError) as error:  # a half-written row, bytes that are no UTF-8, nested without end
        raise BadRecord(f"{where} is not a JSON object; sample again with the same command, or delete the row.") from error
    record = _built(SceneRecord, plain, where)
    _check_scene(record, where)
    return record


def _built(shape: Any, plain: Any, where: str) -> Any:
    """`plain` as a value of type `shape`, nothing converted and nothing dropped."""
    if isinstance(shape, types.UnionType):  # "… | None"
        return None if plain is None else _built(get_args(shape)[0], plain, where)
    origin, inner = get_origin(shape), get_args(shape)
    if origin is tuple and isinstance(plain, list):
        kinds = inner[:1] * len(plain) if inner[-1] is ... else inner
        if len(kinds) == len(plain):
            return tuple(_built(kind, item, f"{where}[{place}]") for place, (kind, item) in enumerate(zip(kinds, plain, strict=True)))
    elif origin is dict and isinstance(plain, dict):
        return {key: _built(inner[1], item, f"{where}.{key}") for key, item in plain.items()}
    elif origin is None and _fields_of(shape) and isinstance(plain, dict):
        return _built_record(shape, plain, where)
    elif shape is float and type(plain) in (int, float) and math.isfinite(plain):
        return float(plain)
    elif shape in (int, str, bool) and type(plain) is shape:
        return plain
    raise BadRecord(f"{where} is {_shortened(plain)} where {_name_of(shape)} is needed.")


def _built_record(shape: Any, plain: dict[str, Any], where: str) -> Any:
    known = _fields_of(shape)
    unknown = sorted(plain.keys() - known.keys())
    missing = [name for name, is_needed in known.items() if is_needed and name not in plain]
    if unknown or missing:
        what = f"has the unknown field “{_shortened(unknown[0])}”" if unknown else f"lacks the field “{missing[0]}”"
        raise BadRecord(f"{where} {what}; its fields are {', '.join(known)}.")
    hints = get_type_hints(shape)
    return shape(**{name: _built(hints[name], item, f"{where}, {name}") for name, item in plain.items()})


def _fields_of(shape: Any) -> dict[str, bool]:
    """Names of a record's fields, and whether each must be given; none for what is no record."""
    return {item.name: item.default is MISSING for item in fields(shape)} if shape in (SceneRecord, LineRecord) else {}


def _check_scene(record: SceneRecord, where: str) -> None:
    if not record.scene_id:
        raise BadRecord(f"{where} has no scene_id.")
    if record.num != len(record.sampling_records):
        raise BadRecord(f"{where} says num {record.num} but has {len(record.sampling_records)} sampling_records.")
    if record.single.keys() != {"accept", "reject"}:
        raise BadRecord(f"{where}: single needs the two answers accept and reject and nothing else.")
    for place, line in enumerate(record.sampling_records):
        _check_line(line, f"{where}, line {place}")


def _check_line(line: LineRecord, where: str) -> None:
    if len(line.tar) != len(line.tar_duration):
        raise BadRecord(f"{where} has {len(line.tar)} candidates but {len(line.tar_duration)} durations.")
    if any(not math.isfinite(seconds) or seconds < 0 for seconds in (line.src_duration, *line.tar_duration)):
        raise BadRecord(f"{where} has a duration that is no length of time in seconds.")
    for name, text, index in (("chosen", line.chosen, line.chosen_index), ("rejected", line.rejected, line.rejected_index)):
        if not 0 <= index < len(line.tar) or line.tar[index] != text:
            raise BadRecord(f"{where}: {name} is not candidate {index} of its {len(line.tar)}.")


def _name_of(shape: Any) -> str:
    names = {int: "a whole number", float: "a finite number", str: "a text", bool: "true or false"}
    return names.get(shape, "a list" if get_origin(shape) is tuple else "an object")


def _shortened(plain: Any) -> str:
    text = plain if isinstance(plain, str) else repr(plain)
    return text if len(text) <= 40 else text[:37] + "…"
