"""Examples of what the API takes and gives, made from its description: one rule for all operations.

A serializer with an `example` of its own is shown by that; all others by the names and types of their fields.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

UID = "0192f3a4-5b6c-7d8e-9f01-23456789abcd"
_TIME, _DAY, _DIGEST = "2026-01-31T09:30:00Z", "2026-01-31", "9f86d081884c7d65"
# By the name of a field, wherever its schema allows the value.
_VALUES: dict[str, Any] = {
    "answer": {"labels": ["billing"]},
    "expected": {"labels": ["billing"]},
    "base": "smollm2-135m-instruct",
    "capabilities": ["completion"],
    "comment": "It asks for money back.",
    "confidence": 0.93,
    "config": {"max_steps": 60},
    "detail": "There is no such thing.",
    "description": "Money that was paid, and money back.",
    "error": "",
    "external_id": "ticket-4711",
    "figure": 0.87,
    "instruction": "Which topics does the message speak of?",
    "key": "shop",
    "label": "billing",
    "label_chances": {"billing": 0.97},
    "latency_ms": 41.5,
    "left_out": {},
    "main": 0.87,
    "main_metric": "f1",
    "metadata": {"channel": "mail"},
    "method": "head",
    "metrics": {"f1": 0.87},
    "model": "shop:v3",
    "name": "Shop",
    "obstacle": "",
    "overrides": {"max_steps": 60},
    "problem": "",
    "project": "shop",
    "quantization": "Q8_0",
    "raw": '{"labels": ["billing"]}',
    "reason": "Checked by hand.",
    "requested_by": "olga",
    "role": "expert",
    "schema": None,
    "scores": {"f1": 1.0},
    "server": "local",
    "share": 0.95,
    "summary": "One project with its labels.",
    "tags": ["mail"],
    "text": "I was charged twice. Please send the money back.",
    "total": 120,
    "url": "http://127.0.0.1:11434",
    "username": "olga",
    "version": 3,
}
_TYPES: dict[str, Any] = {"boolean": False, "null": None, "object": {}, "array": []}
_PYTHON: dict[str, tuple[type, ...]] = {
    "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,), "object": (dict,),
    "array": (list,), "null": (type(None),),
}  # fmt: skip


class Examples:
    """Makes a value that a schema allows. `shapes` are the schemas of the document by their names."""

    def __init__(self, shapes: Mapping[str, Any]) -> None:
        self.shapes = shapes

    def of(self, schema: Mapping[str, Any], name: str = "", *, request: bool = False) -> Any:
        """A value for the field `name`; a request holds what is asked for and what tells something, no more."""
        schema = self._whole(schema)
        if "example" in schema:
            return schema["example"]
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return _chosen(schema["enum"], name)
        kinds = _kinds(schema)
        value = _VALUES.get(name)
        if name in _VALUES and self._allows(schema, kinds, value):
            return value
        return self._made(schema, kinds, name, request)

    def _whole(self, schema: Mapping[str, Any]) -> dict[str, Any]:
        """With what it refers to, the first of several ways, and all of several parts."""
        found = dict(schema)
        if "$ref" in found:
            found = {**self.shapes[found["$ref"].rpartition("/")[2]], **found}
            del found["$ref"]
            return self._whole(found)
        for way in ("oneOf", "anyOf"):
            if found.get(way) and "example" not in found:
                first = next((one for one in found[way] if one.get("type") != "null"), found[way][0])
                return self._whole({**{name: each for name, each in found.items() if name != way}, **first})
        for part in found.pop("allOf", []):
            found = {**self._whole(part), **found}
        return found

    def _allows(self, schema: Mapping[str, Any], kinds: list[str], value: Any) -> bool:
        """Whether the value of a name suits this field: its type, and of a list the type of what is in it."""
        if kinds and not any(isinstance(value, _PYTHON[kind]) for kind in kinds):
            return False
        if isinstance(value, list) and schema.get("items"):
            inner = _kinds(self._whole(schema["items"]))
            return not inner or all(any(isinstance(one, _PYTHON[kind]) for kind in inner) for one in value)
        closed = {"properties", "additionalProperties"} & set(schema)
        return "format" not in schema and not (isinstance(value, dict) and value and closed)

    def _made(self, schema: Mapping[str, Any], kinds: list[str], name: str, request: bool) -> Any:
        kind = next((one for one in kinds if one != "null"), "null")
        if kind == "object":
            return self._object(schema, request)
        if kind == "array":
            return [self.of(schema["items"], name.removesuffix("s"), request=request)] if schema.get("items") else []
        if kind == "string":
            return _text(schema, name)
        if kind in ("integer", "number"):
            least = max(schema.get("minimum", 1), schema.get("exclusiveMinimum", 1))
            number = min(least, schema.get("maximum", least))
            return number if kind == "integer" else float(number)
        return schema.get("default", _TYPES[kind]) if kind != "boolean" else bool(schema.get("default", False))

    def _object(self, schema: Mapping[str, Any], request: bool) -> dict[str, Any]:
        fields = schema.get("properties", {})
        if request:
            fields = {name: one for name, one in fields.items() if not one.get("readOnly") and self._told(schema, name)}
        made = {name: self.of(one, name, request=request) for name, one in fields.items()}
        more = schema.get("additionalProperties")
        if not fields and isinstance(more, dict) and more:
            made = {"local": self.of(more, request=request)}
        return made

    def _told(self, schema: Mapping[str, Any], name: str) -> bool:
        """A request leaves out what may be left out, unless it would be empty."""
        required = schema.get("required", [])
        return name in required or not required


def _kinds(schema: Mapping[str, Any]) -> list[str]:
    said = schema.get("type", "object" if "properties" in schema else [])
    return [said] if isinstance(said, str) else list(said)


def _chosen(values: list[Any], name: str) -> Any:
    return _VALUES[name] if _VALUES.get(name) in values else next((one for one in values if one is not None), None)


def _text(schema: Mapping[str, Any], name: str) -> str:
    by_format = {"uuid": UID, "date-time": _TIME, "date": _DAY, "uri": "https://touchstone.example/api/v1/projects"}
    if schema.get("format") in by_format:
        return by_format[schema["format"]]
    if name.endswith("digest") or name in ("premise", "hash"):
        return _DIGEST
    return str(schema.get("default", name.replace("_", " ") or "text"))[: schema.get("maxLength")]


def with_examples(result: dict[str, Any], **context: Any) -> dict[str, Any]:
    """A hook of the description: every body of a request, every answer and every problem gets its example."""
    makes = Examples(result.get("components", {}).get("schemas", {}))
    for operation in (each for methods in result["paths"].values() for each in methods.values()):
        bodies = [(one, True) for one in operation.get("requestBody", {}).get("content", {}).items()]
        for code, answer in operation["responses"].items():
            told = answer["description"]
            for kind, body in answer.get("content", {}).items():
                if kind == "application/problem+json":
                    body["example"] = _problem(code, told)
                else:
                    bodies.append(((kind, body), False))
        for (kind, body), request in bodies:
            body.setdefault("example", _body(makes, kind, body["schema"], request))
    return result


def _body(makes: Examples, kind: str, schema: Mapping[str, Any], request: bool) -> Any:
    if kind == "application/json":
        return makes.of(schema, request=request)
    if kind == "multipart/form-data":
        return {"file": "text,label\nI was charged twice,billing\n"}
    rows = {"text/csv": "text,label\nI was charged twice,billing\n", "application/octet-stream": "The file."}
    return rows.get(kind, '{"text": "I was charged twice", "label": "billing"}\n')


def _problem(code: str, told: str) -> dict[str, Any]:
    status = int(code) if code.isdigit() else 405
    body = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": told}
    return body | ({"errors": {"text": ["This field is required."]}} if status == 400 else {})
