"""Exchanges recorded with a real Ollama, replayed against the stand-in: status, shape and meaning must agree.

Models are renamed, blobs are others, and each group starts from an empty server, after groups in an order of its own.
What no exchange shows is an error there.
"""

import json
from typing import Any

import httpx
import pytest

from tests.deployment.standins import ollama_standin
from tests.deployment.tiny_gguf import write_tiny_adapter, write_tiny_gguf
from tests.ollama_standin.replay import Replay, renamed
from tests.ollama_standin.shown import transcripts

RECORDED = {(release, group): exchanges for release, group, exchanges in transcripts()}
# What must have been asked before, though it is not compared.
ALL = ["blobs", "create", "create_adapter", "copy", "create_errors"]
NEEDS = {
    "version_and_empty": [],
    "blobs": [],
    "pull_offline": [],
    "pull": ["a registry"],
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
    "names": ["tiny files"],
    "long_prompt": ["tiny files", "names", "a vocabulary of words"],
    "logprobs": ["tiny files", "names"],
    "broken_alias": ["tiny files", "names", "a vocabulary of words", "a killed copy"],
    "driver": ["tiny files"],
    "thinking": ["tiny files"],
    "broken_version": ["tiny files", "driver", "a killed create"],
}
V1, V2, PRECISE, ADAPTER, WORDS = (
    "d428445b04d5475b43d1dd622096a70e13621048a4655185433278d62de29857",
    "1b276495f1eb737c5f8711eedaa0e584dc07b8f202b3df8dc41a9dbabbffe9f7",
    "617628502cacd3c58f736442a940a49bf72a60e285cee37e7a4e304bdf7c5999",
    "d69d556e63f05d311bd5c841c883d5e2a48b4d98676f226d6b338e281d00a832",
    "e" * 64,
)
# With a byte-level vocabulary, whose counts of tokens are the same everywhere.
TINY, OURS, THINKER = (
    "a16b0c6c854d1ef6a54b357c307e496c33947e57acab754f7785e46810b3f4a7",
    "cb807e07926477ab76818b8286bd68c8b5b1af2278cecdbee7a589ccfbb03374",
    "6a51a93c582374794fece9584080e3d2f264ec3feb88e7ab929d94babcd38a70",
)
WORDY = "models.invalid/touchstone/spm:v1"
PULLED = "127.0.0.1:5588/library/tiny:v1"


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[str, bytes]:
    """Content for each recorded blob: other models of the same kinds."""
    folder, words = tmp_path_factory.mktemp("blobs"), ["word", "tag"]
    thinking = next(
        each["response"]["lines"][0]["template"]
        for each in RECORDED["0.33.0-rc2", "thinking"]
        if each["request"]["path"] == "/api/show"
    )
    paths = {
        V1: write_tiny_gguf(folder / "1", seed=11, pieces=words),
        V2: write_tiny_gguf(folder / "2", seed=12, pieces=words),
        PRECISE: write_tiny_gguf(folder / "3", seed=13, declared="MOSTLY_F16", pieces=words),
        ADAPTER: write_tiny_adapter(folder / "4"),
        TINY: write_tiny_gguf(folder / "5", seed=14),
        OURS: write_tiny_gguf(folder / "6", seed=15),
        THINKER: write_tiny_gguf(folder / "7", seed=16, template=thinking),
        WORDS: write_tiny_gguf(folder / "8", seed=17, pieces=words),
    }
    contents = {digest: path.read_bytes() for digest, path in paths.items()}
    return {**contents, "0" * 64: contents[V2]}


def prepare(replay: Replay, release: str, group: str) -> None:
    """What stood on the real server before the group."""
    for needed in NEEDS[group]:
        match needed:
            case "tiny files":
                replay.upload(TINY, OURS, THINKER)
            case "a vocabulary of words":
                replay.upload(WORDS)
                asked = {"model": WORDY, "files": {"s.gguf": f"sha256:{WORDS}"}, "parameters": {"num_ctx": 512}}
                sent = {"method": "POST", "path": "/api/create", "json": {**asked, "stream": False}}
                assert replay.send(sent).status_code == 200
            case "a killed copy":
                told(replay, "/_empty", model="shop-alias")
            case "a killed create":
                told(replay, "/_empty", model="models.invalid/touchstone/shop:v2")
            case "a registry":
                told(replay, "/_registry", model=PULLED, steps=8)
            case _:
                for exchange in RECORDED[release, needed]:
                    replay.send(exchange["request"])


def told(replay: Replay, path: str, **body: Any) -> None:
    replay.http.post(path, json=renamed(body)).raise_for_status()


def test_every_recorded_group_is_replayed():
    assert {group for _, group in RECORDED} == set(NEEDS)
    assert {release for release, _ in RECORDED} == {"0.32.15", "0.33.0-rc2"}


@pytest.mark.parametrize(("release", "group"), sorted(RECORDED))
def test_the_stand_in_answers_as_the_real_one_did(release, group, files, tmp_path):
    with ollama_standin(tmp_path, "--version", release) as standin:
        replay = Replay(standin.url, files)
        prepare(replay, release, group)
        for number, exchange in enumerate(RECORDED[release, group]):
            if "connection" in exchange["response"]:
                continue  # the real one hung up, which it does not always do
            request = exchange["request"]
            model = (request.get("json") or {}).get("model", "")
            # Of the other models, the vocabulary was the real one's own.
            replay.exact = "shop" in model or "thinker" in model
            replay.check(exchange, f"{group} {number}: {request['method']} {request['path']} ({exchange.get('note')})")


def test_a_schema_is_kept_to(files, tmp_path):
    asked = next(
        each["request"]
        for each in RECORDED["0.33.0-rc2", "chat"]
        if isinstance(each["request"]["json"].get("format"), dict)
    )
    labels = asked["json"]["format"]["properties"]["tags"]["items"]["enum"]
    with ollama_standin(tmp_path) as standin:
        replay = Replay(standin.url, files)
        prepare(replay, "0.33.0-rc2", "chat")
        answer = json.loads(replay.send(asked).json()["message"]["content"])
    assert set(answer) == {"tags"}
    assert set(answer["tags"]) <= set(labels)


UNSHOWN = {
    "another verb": ("PUT", "/api/tags", None),
    "an unknown path": ("GET", "/api/embeddings", None),
    "an unknown field": ("POST", "/api/chat", {"model": "a", "messages": [], "raw": True}),
    "a field of another type": ("POST", "/api/chat", {"model": "a", "messages": [], "truncate": "no"}),
    "another way of keeping": ("POST", "/api/generate", {"model": "a", "keep_alive": "1h"}),
    "an invalid name, but where it was tried": ("POST", "/api/show", {"model": "models.invalid/a:v1"}),
    "two files": ("POST", "/api/create", {"model": "a", "files": {"a": "sha256:1", "b": "sha256:2"}}),
}


@pytest.mark.parametrize("what", UNSHOWN)
def test_what_no_transcript_shows_is_an_error(what, tmp_path):
    method, path, body = UNSHOWN[what]
    with ollama_standin(tmp_path) as standin:
        response = httpx.request(method, f"{standin.url}{path}", json=body)
    assert response.status_code == 501
    assert what == "another verb" or "no transcript shows" in response.json()["error"]
