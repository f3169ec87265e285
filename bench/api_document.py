"""What the page's routes take, as an OpenAPI 3.1 document: the framework's own list of them, with a path and a body for each call of the desk.

Bodies are described by the same types that `ui/call_shapes.py` holds them to. PROJECT, LINE and SPEAKER stand for the ids of the day.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import Any

from studio.domain.strict import MAX_INT

DESK_CALL = "/desk/{project_id}/{verb}"
IDS = {"project_id": "PROJECT", "line_id": "LINE", "line_ids": "LINE", "speaker_id": "SPEAKER"}
_LEFT_OUT = ("/review/{rest}",)  # closed to everybody, whatever the method
_FREE = {"type": "object"}
_BOUNDS = {kind: {"minimum": -MAX_INT, "maximum": MAX_INT} for kind in ("integer", "number")}
_ANY = {"anyOf": [{"type": ["string", "boolean", "null"]}, {"type": "number", **_BOUNDS["number"]}, {"type": "array", "items": {"type": "string"}}]}


def api_document(app: Any, records: Mapping[str, type]) -> dict[str, Any]:
    """`app`: with the page's routes; `records`: of calls that take one record, its type."""
    from studio.ui.desk_calls import CALLS

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # two routes of one name, of which one is left out
        document = app.openapi()
    paths = {path: item for path, item in document["paths"].items() if path not in (*_LEFT_OUT, DESK_CALL)}
    for item in paths.values():
        for method, operation in item.items():
            operation["parameters"] = [_known(one) for one in operation.get("parameters", ())]
            if method == "post":
                operation["requestBody"] = _body(_FREE)
    for name, call in CALLS.items():
        project = {"name": "project_id", "in": "path", "required": True, "schema": {"const": "PROJECT"}}
        body = _described(records[name]) if name in records else _parameters(call)
        paths[f"/desk/{{project_id}}/{name}"] = {"post": {"operationId": name, "parameters": [project], "requestBody": _body(body), "responses": {"default": {"description": "JSON"}}}}
    return {**document, "paths": paths}


def _parameters(call: Callable[..., Any]) -> dict[str, Any]:
    """The object whose fields are the parameters of a call."""
    from studio.ui.call_shapes import _shapes

    _, shapes, required = _shapes(call)
    return {
        "type": "object",
        "properties": {name: _field(name, _described(shape)) for name, shape in shapes.items()},
        "required": sorted(required),
        "additionalProperties": False,
    }


def _described(shape: Any) -> dict[str, Any]:
    """A type as JSON Schema, with everything it speaks of inside."""
    from pydantic import TypeAdapter

    schema = TypeAdapter(shape).json_schema()
    return _bounded(schema, schema.pop("$defs", {}))


def _bounded(schema: Any, named: Mapping[str, Any]) -> Any:
    """References resolved, numbers as large as the studio keeps them, records without fields that nobody knows."""
    if isinstance(schema, list):
        return [_bounded(one, named) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if schema == {}:
        return _ANY
    if "$ref" in schema:
        return _bounded(named[schema["$ref"].rpartition("/")[2]], named)
    made = {key: _bounded(value, named) for key, value in schema.items() if key not in ("default", "title", "description")}
    if "properties" in made:
        made["properties"] = {name: _field(name, value) for name, value in made["properties"].items()}
        made["additionalProperties"] = False
    if made.get("additionalProperties") is True:
        made["additionalProperties"] = _ANY
    return {**made, **_BOUNDS.get(str(made.get("type")), {})}


def _field(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a field, with an id that there is where it is called like one."""
    if name not in IDS:
        return schema
    kinds = schema.get("anyOf", [schema])
    if lists := [kind for kind in kinds if kind.get("type") == "array"]:
        return {"anyOf": [*(kind for kind in kinds if kind not in lists), *({**kind, "items": _id(IDS[name])} for kind in lists)]}
    return {"anyOf": [*_id(IDS[name])["anyOf"], *(kind for kind in kinds if kind.get("type") != "string")]}


def _id(stands_for: str) -> dict[str, Any]:
    """One that is there, or not."""
    return {"anyOf": [{"const": stands_for}, {"type": "string"}]}


def _known(parameter: dict[str, Any]) -> dict[str, Any]:
    name = parameter["name"]
    return {**parameter, "schema": _id(IDS[name])} if name in IDS else parameter


def _body(schema: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {"application/json": {"schema": schema}}}
