"""Token ids as llama.cpp gives them: its own server's `/tokenize`, in this process. Never import this beside torch."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx

from common import jsonl
from deployment.localserver.child import serve

_TIMEOUT = 120.0


def tokenize(gguf: Path, texts: Iterable[str]) -> Iterator[tuple[list[int], list[str]]]:
    """The ids and pieces of each rendered prompt, with `add_special` and `parse_special`, as the server will read it.

    A token that is no text by itself, a byte of an emoji for one, has a piece like `<0xF0>`.
    """
    with serve(gguf, context=256, slots=1, threads=1) as (url, key):
        headers = {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=url, headers=headers, timeout=_TIMEOUT, trust_env=False) as http:
            for text in texts:
                body = {"content": text, "add_special": True, "parse_special": True, "with_pieces": True}
                response = http.post("/tokenize", json=body)
                response.raise_for_status()
                tokens = response.json()["tokens"]
                yield [token["id"] for token in tokens], [_piece(token["piece"]) for token in tokens]


def tokenize_file(gguf: Path, prompts: Path, out: Path) -> int:
    """Read `{"text": ...}` rows, write `{"text", "ids", "pieces"}` rows; how many."""
    texts = [str(row["text"]) for row in jsonl.read(prompts)]
    found = zip(texts, tokenize(gguf, texts), strict=True)
    return jsonl.write(out, ({"text": text, "ids": ids, "pieces": pieces} for text, (ids, pieces) in found))


def _piece(piece: str | list[Any]) -> str:
    if isinstance(piece, str):
        return piece
    return "".join(f"<0x{byte:02X}>" for byte in piece)
