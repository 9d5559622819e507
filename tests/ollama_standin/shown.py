"""Which requests the transcripts show; any other is an error here, since nobody knows what the real one would say.

A request is shown where each of its fields, with a value of that kind, stands in some recorded request of the same
verb. Only requests are read here, never an answer.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.ollama_standin.errors import NotShownError

FOLDER = Path(__file__).parent / "transcripts"
# What is below these is the caller's own: names of files, parameters (which `create` does not look at), schemas.
_FREE = {"files", "adapters", "parameters", "schema"}
# Of these the value decides what happens.
_DECIDES = {"keep_alive", "quantize", "format", "type"}


def transcripts() -> Iterator[tuple[str, str, list[dict[str, Any]]]]:
    """Release, group, exchanges."""
    for path in sorted(FOLDER.glob("*/*.json")):
        yield path.parent.name, path.stem, json.loads(path.read_text(encoding="utf-8"))


class Shown:
    """All fields that were recorded, by verb."""

    def __init__(self) -> None:
        self._fields: dict[str, set[str]] = defaultdict(set)
        for _, _, exchanges in transcripts():
            for exchange in exchanges:
                request = exchange["request"]
                known = self._fields[_verb(request["method"], request["path"])]
                known.update(_fields(request["json"]) if "json" in request else ["a body that is no JSON"])

    def check(self, method: str, path: str, body: Any) -> None:
        """Raise `NotShownError` on a request unlike all recorded ones; `body` is None where there is none."""
        verb = _verb(method, path)
        if verb not in self._fields:
            raise NotShownError(verb)
        for field in _fields(body) if body is not None else ():
            if field not in self._fields[verb]:
                raise NotShownError(f"{verb} with {field}")


def _verb(method: str, path: str) -> str:
    return f"{method} {'/api/blobs/<digest>' if path.startswith('/api/blobs/') else path}"


def _fields(value: Any, name: str = "", key: str = "") -> Iterator[str]:
    if key in _FREE:
        yield name
    elif isinstance(value, dict) and key != "format":
        for inner, each in value.items():
            yield from _fields(each, f"{name}.{inner}".lstrip("."), inner)
    elif isinstance(value, list):
        for each in value:
            yield from _fields(each, f"{name}[]", key)
    elif isinstance(value, bool) or value is None or (key in _DECIDES and not isinstance(value, dict)):
        yield f"{name}: {json.dumps(value)}"
    else:
        kinds = {str: "a text", int: "a number", float: "a number", dict: "an object"}
        yield f"{name}: {kinds[type(value)]}"
