"""Exchanges recorded with a real Ollama 0.33, replayed against the stand-in: status, shape and meaning must agree.

Models are renamed, blobs are others, and each group starts from an empty server, after groups in an order of its own.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.deployment.standins import ollama_standin
from tests.deployment.tiny_gguf import write_tiny_adapter, write_tiny_gguf

FOLDER = Path(__file__).resolve().parents[1] / "ollama_standin" / "transcripts"
# What must have been asked before, though it is not compared.
ALL = ["blobs", "create", "create_adapter", "copy", "create_errors"]
NEEDS = {
    "version_and_empty": [],
    "blobs": [],
    "pull_offline": [],
    "create": ["blobs"],
    "create_errors": ["blobs"],
    "create_adapter": ["blobs", "create"],
    "show": ["blobs", "create"],
    "copy": ["blobs", "create"],
    "delete": ["blobs", "create", "copy"],
    "load": ["blobs", "create", "copy"],
    "unload": ["blobs", "create", "copy", "load"],
    "unloaded": ["blobs", "create", "copy", "load", "unload"],
    "generate": ["blobs", "create", "copy"],
    "chat": ["blobs", "create", "create_adapter", "copy"],
    "tags": ALL,
    "openai": ALL,
}
RENAMED = {
    r"support-tags": "mail-topics",
    r"with-adapter": "adapted",
    r"derived(?=:)": "child",
    r"\bnobody": "unknown-one",
    r"never-seen": "not-here",
    r"all-minilm": "an-embedder",
    r"\bquant(?=:q4)": "small",
    r"\bx(?=:v\d)": "trial",
}
V1, V2, PRECISE, ADAPTER = (
    "d428445b04d5475b43d1dd622096a70e13621048a4655185433278d62de29857",
    "1b276495f1eb737c5f8711eedaa0e584dc07b8f202b3df8dc41a9dbabbffe9f7",
    "617628502cacd3c58f736442a940a49bf72a60e285cee37e7a4e304bdf7c5999",
    "d69d556e63f05d311bd5c841c883d5e2a48b4d98676f226d6b338e281d00a832",
)
DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
# These say something; of all other texts and numbers only the type is compared.
MEANT = (
    *("status", "error", "message", "code", "param", "type", "object", "index", "version", "owned_by", "n_ctx"),
    *("done", "done_reason", "finish_reason", "role", "system", "rendered_template", "system_fingerprint"),
    *("name", "model", "parent_model", "format", "family", "families", "quantization_level", "capabilities"),
    *("size_vram", "general.architecture", "general.file_type", "tokenizer.ggml.model"),
)
LISTED = {"models": "name", "data": "id"}


def renamed(value: Any) -> Any:
    text = json.dumps(value)
    for old, new in RENAMED.items():
        text = re.sub(old, new, text)
    return json.loads(text)


class Replay:
    """The digests of this run by the recorded ones; each is bound where it is met first, and holds from then on."""

    def __init__(self, url: str, files: dict[str, bytes]) -> None:
        self.http = httpx.Client(base_url=url, timeout=30)
        self.files = files
        self.digests = {old: hashlib.sha256(content).hexdigest() for old, content in files.items()}

    def send(self, request: dict[str, Any]) -> httpx.Response:
        path = DIGEST.sub(self._ours, request["path"])
        if "bytes" in request:
            digest = request["path"].rpartition(":")[2]
            content = self.files.get(digest, self.files[V2] if set(digest) == {"0"} else b"{")
            return self.http.request(request["method"], path, content=content[: request["bytes"]])
        body = json.loads(DIGEST.sub(self._ours, json.dumps(renamed(request.get("json")))))
        return self.http.request(request["method"], path, json=body)

    def _ours(self, found: "re.Match[str]") -> str:
        return self.digests.get(found[0], found[0])

    def compare(self, recorded: Any, actual: Any, key: str, where: str) -> None:
        if isinstance(recorded, dict):
            assert isinstance(actual, dict), where
            assert set(actual) == set(recorded), where
            for name, value in recorded.items():
                # Tensors are the model's own.
                self.compare(value, actual[name], "" if "shape" in recorded else name, f"{where}.{name}")
        elif isinstance(recorded, list):
            assert isinstance(actual, list), where
            self._compare_lists(recorded, actual, key, where)
        elif isinstance(recorded, str):
            assert isinstance(actual, str), where
            self._compare_texts(recorded, actual, key, where)
        elif isinstance(recorded, bool) or recorded is None or key in MEANT:
            assert actual == recorded, where
        else:
            assert isinstance(actual, int | float), where
            assert not isinstance(actual, bool), where

    def _compare_lists(self, recorded: list[Any], actual: list[Any], key: str, where: str) -> None:
        if key in LISTED:
            ours, theirs = ({row[LISTED[key]]: row for row in rows} for rows in (actual, recorded))
            assert set(ours) == set(theirs), where
            for name, row in theirs.items():
                self.compare(row, ours[name], "", f"{where}[{name}]")
            return
        if key in ("logprobs", "content", "top_logprobs", "choices"):
            assert len(actual) == len(recorded), where
        assert bool(actual) == bool(recorded), where
        for value in actual:
            self.compare(recorded[0], value, key, f"{where}[]")

    def _compare_texts(self, recorded: str, actual: str, key: str, where: str) -> None:
        if recorded.startswith('{"error":'):
            self.compare(json.loads(recorded), json.loads(actual), "", f"{where} (inside)")
            return
        if key in ("modelfile", "parameters"):
            # The server writes parameters in any order.
            pairs = zip(*(sorted(text.splitlines()) for text in (recorded, actual)), strict=True)
        elif key in MEANT or DIGEST.fullmatch(recorded):
            pairs = iter([(recorded, actual)])
        else:
            assert bool(actual) == bool(recorded), where
            return
        for theirs, ours in pairs:
            for old, new in zip(DIGEST.findall(theirs), DIGEST.findall(ours), strict=True):
                assert self.digests.setdefault(old, new) == new or old == new, where
            # How many tokens a text has is the tokenizer's business.
            masked = [re.sub(r"\(\d+ tokens\) exceeds", "exceeds", DIGEST.sub("#", each)) for each in (theirs, ours)]
            assert masked[1] == masked[0], where


def read_lines(response: httpx.Response) -> list[Any]:
    """The lines of an answer, as the recorder wrote them: JSON where it is JSON."""
    found: list[Any] = []
    for line in response.text.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            found.append(line)
    return found


def parsed_events(lines: list[Any]) -> list[Any]:
    """Server-sent events as their data."""
    data = [line.removeprefix("data: ") if isinstance(line, str) else line for line in lines]
    return [json.loads(line) if isinstance(line, str) and line.startswith("{") else line for line in data if line]


def pairs(recorded: list[Any], actual: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Line by line; a streamed answer has as many lines between its first and its ending as it has tokens."""
    if len(recorded) == len(actual):
        yield from zip(recorded, actual, strict=True)
        return
    ending = 3 if recorded[-1] == "[DONE]" else 1
    assert min(len(recorded), len(actual)) > ending + 1, actual
    yield recorded[0], actual[0]
    yield from ((recorded[1], line) for line in actual[1:-ending])
    yield from zip(recorded[-ending:], actual[-ending:], strict=True)


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, bytes]:
    """Content for each recorded blob: other models of the same kinds."""
    folder = tmp_path_factory.mktemp("blobs")
    paths = {
        V1: write_tiny_gguf(folder / "1", seed=11),
        V2: write_tiny_gguf(folder / "2", seed=12),
        PRECISE: write_tiny_gguf(folder / "3", seed=13, declared="MOSTLY_F16"),
        ADAPTER: write_tiny_adapter(folder / "4"),
    }
    return {digest: path.read_bytes() for digest, path in paths.items()}


def exchanges(group: str) -> list[dict[str, Any]]:
    return list(json.loads((FOLDER / f"{group}.json").read_text(encoding="utf-8")))


def test_every_recorded_group_is_replayed():
    assert {path.stem for path in FOLDER.glob("*.json")} == set(NEEDS)


@pytest.mark.parametrize("group", sorted(NEEDS))
def test_the_stand_in_answers_as_the_real_one_did(group, files, tmp_path):
    with ollama_standin(tmp_path, "--version", "0.33.0-rc2") as standin:
        replay = Replay(standin.url, files)
        for needed in NEEDS[group]:
            for exchange in exchanges(needed):
                replay.send(exchange["request"])
        for number, exchange in enumerate(exchanges(group)):
            request, expected = exchange["request"], exchange["response"]
            where = f"{group} {number}: {request['method']} {request['path']} ({exchange.get('note', '')})"
            response = replay.send(request)
            assert response.status_code == expected["status"], f"{where}: {response.text}"
            assert response.headers.get("content-type") == expected["content_type"], where
            recorded = parsed_events(renamed(expected["lines"]))
            for theirs, ours in pairs(recorded, parsed_events(read_lines(response))):
                replay.compare(theirs, ours, "line", where)


def test_a_schema_is_kept_to(files, tmp_path):
    asked = next(
        each["request"] for each in exchanges("chat") if isinstance(each["request"]["json"].get("format"), dict)
    )
    labels = asked["json"]["format"]["properties"]["tags"]["items"]["enum"]
    with ollama_standin(tmp_path, "--version", "0.33.0-rc2") as standin:
        replay = Replay(standin.url, files)
        for needed in NEEDS["chat"]:
            for exchange in exchanges(needed):
                replay.send(exchange["request"])
        answer = json.loads(replay.send(asked).json()["message"]["content"])
    assert set(answer) == {"tags"}
    assert set(answer["tags"]) <= set(labels)
