"""Token ids as llama.cpp gives them: its own server's `/tokenize`, in this process. Never import this beside torch."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import httpx

from deployment.localserver.child import serve

_TIMEOUT = 120.0


def tokenize(gguf: Path, texts: Iterable[str]) -> Iterator[list[int]]:
    """The ids of each rendered prompt, with `add_special` and `parse_special`, as the server will read it."""
    with serve(gguf, context=256, slots=1, threads=1) as (url, key):
        headers = {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=url, headers=headers, timeout=_TIMEOUT) as http:
            for text in texts:
                body = {"content": text, "add_special": True, "parse_special": True}
                response = http.post("/tokenize", json=body)
                response.raise_for_status()
                yield list(response.json()["tokens"])


def tokenize_file(gguf: Path, prompts: Path, out: Path) -> int:
    """Read `{"text": ...}` rows, write `{"text", "ids"}` rows; how many."""
    rows = [json.loads(line) for line in prompts.read_text(encoding="utf-8").splitlines()]
    part = out.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        for row, ids in zip(rows, tokenize(gguf, (row["text"] for row in rows)), strict=True):
            file.write(json.dumps({"text": row["text"], "ids": ids}, ensure_ascii=False) + "\n")
    part.replace(out)
    return len(rows)
