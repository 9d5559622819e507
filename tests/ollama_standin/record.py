"""Write down what a real Ollama answers: `python -m tests.ollama_standin.record URL GROUP.json --blob FILE...`.

The requests are those that stand in GROUP.json, in their order; what is answered is written beside them. Blobs are
uploaded first. The server should be empty otherwise, and is left with what the requests made.
"""

import argparse
import hashlib
import json
import re
import time
from pathlib import Path
from typing import Any

import httpx

# Where the server keeps its models is nobody's business.
_MODELS = re.compile(r"[^\s\"]+(?=/blobs/sha256-)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("group", type=Path)
    parser.add_argument("--blob", type=Path, nargs="*", default=[])
    options = parser.parse_args()
    http = httpx.Client(base_url=options.url, timeout=300)
    for path in options.blob:
        content = path.read_bytes()
        http.post(f"/api/blobs/sha256:{hashlib.sha256(content).hexdigest()}", content=content).raise_for_status()
    exchanges = [_exchange(http, each) for each in json.loads(options.group.read_text(encoding="utf-8"))]
    options.group.write_text(json.dumps(exchanges, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _exchange(http: httpx.Client, known: dict[str, Any]) -> dict[str, Any]:
    request = known["request"]
    began = time.perf_counter()
    response = http.request(
        request["method"], request["path"], json=request.get("json"), headers=request.get("headers")
    )
    ms = round((time.perf_counter() - began) * 1000, 1)
    told = {
        "status": response.status_code,
        "content_type": response.headers.get("content-type"),
        "lines": read_lines(_MODELS.sub("<models>", response.text)),
    }
    note = {"note": known["note"]} if known.get("note") else {}
    return {"request": request, "response": told, "ms": ms, **note}


def read_lines(text: str) -> list[Any]:
    """The lines of an answer: JSON where it is JSON."""
    found: list[Any] = []
    for line in text.split("\n"):
        try:
            found.append(json.loads(line))
        except ValueError:
            found.append(line)
    return found[:-1] if found and found[-1] == "" else found


if __name__ == "__main__":
    main()
