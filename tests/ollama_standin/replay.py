"""Send a recorded exchange again, to another server and with other models, and compare what is answered."""

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

import httpx

from tests.ollama_standin.record import read_lines

DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
RENAMED = {
    r"support-tags": "mail-topics",
    r"with-adapter": "adapted",
    r"derived(?=:)": "child",
    r"\bnobody": "unknown-one",
    r"never-seen": "not-here",
    r"all-minilm": "an-embedder",
    r"\bquant(?=:q4)": "small",
    r"\bx(?=:v\d)": "trial",
    r"shop": "mart",
    r"Shop": "Mart",
    r"\bspm\b": "wordy",
    r"\bthinker\b": "ponderer",
    r"\btiny(?=:v1)": "little",
}
# These say something; of all other texts and numbers only the type is compared.
MEANT = (
    *("status", "error", "message", "code", "param", "type", "object", "index", "version", "owned_by", "n_ctx"),
    *("done", "done_reason", "finish_reason", "role", "system", "rendered_template", "system_fingerprint"),
    *("name", "model", "parent_model", "format", "family", "families", "quantization_level", "capabilities"),
    *("size_vram", "general.architecture", "general.file_type", "tokenizer.ggml.model"),
)
# How many tokens a prompt has is the tokenizer's business; a byte-level vocabulary's counts are the same everywhere.
COUNTS = ("prompt_eval_count", "n_prompt_tokens")
LISTED = {"models": "name", "data": "id"}


def renamed(value: Any) -> Any:
    text = json.dumps(value)
    for old, new in RENAMED.items():
        text = re.sub(old, new, text)
    return json.loads(text)


class Replay:
    """The digests of this run by the recorded ones; each is bound where it is met first, and holds from then on.

    `files` is the content for each recorded blob. With `exact`, counts of prompts are compared as they are.
    """

    def __init__(self, url: str, files: dict[str, bytes], *, exact: bool = False) -> None:
        self.http = httpx.Client(base_url=url, timeout=30)
        self.files, self.exact = files, exact
        # The digest of zeros is a wrong one, and stays so.
        self.digests = {old: hashlib.sha256(content).hexdigest() for old, content in files.items() if old.strip("0")}

    def upload(self, *recorded: str) -> None:
        """Bring blobs there whose upload was not recorded."""
        for digest in recorded:
            path = f"/api/blobs/sha256:{self.digests[digest]}"
            self.http.post(path, content=self.files[digest]).raise_for_status()

    def send(self, request: dict[str, Any]) -> httpx.Response:
        path = DIGEST.sub(self._ours, request["path"])
        if "bytes" in request:
            content = self.files.get(request["path"].rpartition(":")[2], b"{")
            return self.http.request(request["method"], path, content=content[: request["bytes"]])
        body = json.loads(DIGEST.sub(self._ours, json.dumps(renamed(request.get("json")))))
        return self.http.request(request["method"], path, json=body, headers=request.get("headers"))

    def check(self, exchange: dict[str, Any], where: str) -> None:
        """Send it, and compare status, type and all lines."""
        response, expected = self.send(exchange["request"]), exchange["response"]
        assert response.status_code == expected["status"], f"{where}: {response.text}"
        assert response.headers.get("content-type") == expected["content_type"], where
        recorded = _events(renamed(expected["lines"]))
        for theirs, ours in _pairs(recorded, _events(read_lines(response.text))):
            self._compare(theirs, ours, "line", where)

    def _ours(self, found: "re.Match[str]") -> str:
        return self.digests.get(found[0], found[0])

    def _compare(self, recorded: Any, actual: Any, key: str, where: str) -> None:
        if isinstance(recorded, dict):
            assert isinstance(actual, dict), where
            assert set(actual) == set(recorded), where
            _compare_ends(recorded, actual, where)
            for name, value in recorded.items():
                # Tensors are the model's own.
                self._compare(value, actual[name], "" if "shape" in recorded else name, f"{where}.{name}")
        elif isinstance(recorded, list):
            assert isinstance(actual, list), where
            self._compare_lists(recorded, actual, key, where)
        elif isinstance(recorded, str):
            assert isinstance(actual, str), where
            self._compare_texts(recorded, actual, key, where)
        elif isinstance(recorded, bool) or recorded is None or key in MEANT or (self.exact and key in COUNTS):
            assert actual == recorded, f"{where}: {actual} instead of {recorded}"
        else:
            assert isinstance(actual, int | float), where
            assert not isinstance(actual, bool), where

    def _compare_lists(self, recorded: list[Any], actual: list[Any], key: str, where: str) -> None:
        if key in LISTED:
            ours, theirs = ({row[LISTED[key]]: row for row in rows} for rows in (actual, recorded))
            assert set(ours) == set(theirs), where
            for name, row in theirs.items():
                self._compare(row, ours[name], "", f"{where}[{name}]")
            return
        if key in MEANT:
            assert actual == recorded, where
            return
        if key in ("content", "top_logprobs", "choices"):
            assert len(actual) == len(recorded), where
        assert bool(actual) == bool(recorded), where
        for value in actual:
            self._compare(recorded[0], value, key, f"{where}[]")

    def _compare_texts(self, recorded: str, actual: str, key: str, where: str) -> None:
        if recorded.startswith('{"error":'):
            self._compare(json.loads(recorded), json.loads(actual), "", f"{where} (inside)")
            return
        if key in ("modelfile", "parameters"):
            # The server writes parameters in any order.
            pairs = zip(*(sorted(text.splitlines()) for text in (recorded, actual)), strict=True)
        elif key in MEANT or DIGEST.fullmatch(recorded):
            pairs = iter([(recorded, actual)])
        else:
            # A text of random weights may be the half of a character, which is left out.
            assert bool(actual) == bool(recorded) or (self.exact and key == "content"), where
            return
        for theirs, ours in pairs:
            for old, new in zip(DIGEST.findall(theirs), DIGEST.findall(ours), strict=True):
                assert self.digests.setdefault(old, new) == new or old == new, where
            assert self._masked(ours) == self._masked(theirs), where

    def _masked(self, text: str) -> str:
        text = re.sub(r"(?<=^pulling )[0-9a-f]{12}$", "#", DIGEST.sub("#", text))
        return text if self.exact else re.sub(r"\(\d+ tokens\) exceeds", "exceeds", text)


def _compare_ends(recorded: dict[str, Any], actual: dict[str, Any], where: str) -> None:
    """How many tokens an answer has is the model's business; how many of them have no probability is not."""
    if recorded.get("done_reason") == "length":
        assert actual["eval_count"] == recorded["eval_count"], where
    if "logprobs" in recorded and "eval_count" in recorded:
        without = [each["eval_count"] - len(each["logprobs"]) for each in (recorded, actual)]
        assert without[1] == without[0], where


def _events(lines: list[Any]) -> list[Any]:
    """Server-sent events as their data."""
    data = [line.removeprefix("data: ") if isinstance(line, str) else line for line in lines]
    return [json.loads(line) if isinstance(line, str) and line.startswith("{") else line for line in data if line]


def _pairs(recorded: list[Any], actual: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Line by line; a streamed answer has as many lines between its first and its ending as it has tokens."""
    if len(recorded) == len(actual):
        yield from zip(recorded, actual, strict=True)
        return
    ending = 3 if recorded[-1] == "[DONE]" else 1
    assert min(len(recorded), len(actual)) > ending + 1, actual
    yield recorded[0], actual[0]
    yield from ((recorded[1], line) for line in actual[1:-ending])
    yield from zip(recorded[-ending:], actual[-ending:], strict=True)
