"""What the stand-in is told to do wrong: `POST /_faults`.

{"path": "/api/copy", "status": 500, "times": 2}   fail so, with "error" as the text
{"path": "/api/chat", "slow": 1.5}                 answer late, but rightly
{"path": "/api/tags", "garbage": true}             200 with something that is no JSON
{"path": "/api/blobs/", "cut": true}               close the connection in the middle, of an upload's body too
{"path": "/api/create", "die": true}               the process ends as the request arrives; at once without a path

A path that ends in "/" means all that begin so; with "method" only such requests count.
"""

import os
import threading
from typing import Any


class Faults:
    """Faults that wait for their requests, by path, in the order in which they were told."""

    def __init__(self) -> None:
        self._waiting: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def add(self, told: dict[str, Any]) -> None:
        if told.get("die") and "path" not in told:
            os._exit(1)
        with self._lock:
            self._waiting += [told] * told.get("times", 1)

    def next(self, method: str, path: str) -> dict[str, Any]:
        """The fault of this request, which is used up by it; empty for none."""
        with self._lock:
            for index, told in enumerate(self._waiting):
                wanted = told["path"]
                fits = path == wanted or (wanted.endswith("/") and path.startswith(wanted))
                if fits and told.get("method", method) == method:
                    return self._waiting.pop(index)
        return {}
