"""Prompts and token ids as llama.cpp makes them: its own server, in this process. Never import this beside torch."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx

from common import jsonl
from deployment.servers.localserver.child import serve

_TIMEOUT = 120.0
Messages = list[dict[str, str]]


def tokenize(gguf: Path, prompts: Iterable[Messages], *, thinking: bool) -> Iterator[tuple[str, list[int], list[str]]]:
    """Text, ids and pieces of each prompt on the way that serves it: the GGUF's own template, then `add_special`.

    A token that is no text by itself, a byte of an emoji for one, has a piece like `<0xF0>`.
    """
    with serve(gguf, context=256, slots=1, threads=1) as (url, key):
        headers = {"Authorization": f"Bearer {key}"}
        with httpx.Client(base_url=url, headers=headers, timeout=_TIMEOUT, trust_env=False) as http:
            for messages in prompts:
                asked = {"messages": messages, "chat_template_kwargs": {"enable_thinking": thinking}}
                text = _ask(http, "/apply-template", asked)["prompt"]
                body = {"content": text, "add_special": True, "parse_special": True, "with_pieces": True}
                tokens = _ask(http, "/tokenize", body)["tokens"]
                yield text, [token["id"] for token in tokens], [_piece(token["piece"]) for token in tokens]


def tokenize_file(gguf: Path, prompts: Path, out: Path, *, thinking: bool) -> int:
    """Read `{"messages": ...}` rows, write `{"text", "ids", "pieces"}` rows; how many."""
    asked = (row["messages"] for row in jsonl.read(prompts))
    found = tokenize(gguf, asked, thinking=thinking)
    return jsonl.write(out, ({"text": text, "ids": ids, "pieces": pieces} for text, ids, pieces in found))


def _ask(http: httpx.Client, path: str, body: dict[str, Any]) -> dict[str, Any]:
    response = http.post(path, json=body)
    response.raise_for_status()
    found: dict[str, Any] = response.json()
    return found


def _piece(piece: str | list[Any]) -> str:
    if isinstance(piece, str):
        return piece
    return "".join(f"<0x{byte:02X}>" for byte in piece)
