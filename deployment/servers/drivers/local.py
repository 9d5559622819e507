"""Driver for the local server of llama.cpp and of heads (`deployment.servers.localserver`)."""

import time
from collections.abc import Callable
from functools import cache
from typing import Any

import httpx
from django.conf import settings

from common import jsonbounds
from deployment import storage
from deployment.models.formats import GGUF, ONNX
from deployment.servers.drivers.base import SAMPLING, Address, Content, Progress
from deployment.servers.drivers.errors import (
    NotThereError,
    PromptTooLongError,
    RefusedError,
    SlowError,
    TransportError,
    once_more,
)
from deployment.servers.drivers.http import http_client
from deployment.servers.drivers.local_answers import TITLE, head_of, refusal
from deployment.servers.drivers.said import (
    Digests,
    LoadedModel,
    Measure,
    ModelEntry,
    Proof,
    Rendered,
    Reply,
    ServerInfo,
)
from deployment.servers.drivers.strangers import not_ours
from labeling.kinds import DEFAULT_DECODING

_LOAD_TIMEOUT = 300.0


def local_driver(address: Address) -> "LocalDriver":
    """The driver of an address; the embedded server's key is the launcher's."""
    key = address.key or settings.LOCAL_MODEL_SERVER_KEY
    return _kept(address.url, key, address.slots, address.timeout)


@cache
def _kept(url: str, key: str, slots: int, timeout: float) -> "LocalDriver":
    """One driver, and so one connection pool, per server and process."""
    return LocalDriver(url, key, slots, timeout)


class LocalDriver:
    """The front's own API: tags in the body, a bearer key on every call. It has no aliases: the live row is enough.

    Files are named as in the storage of artifacts: the front knows where that lies on its host.
    """

    formats = frozenset({GGUF, ONNX})
    shares_runners = False

    def __init__(self, url: str, key: str, slots: int, timeout: float) -> None:
        self.slots = slots
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.client = http_client(url, timeout=timeout, headers=headers)

    @once_more
    def _call(self, method: str, path: str, timeout: float | None = None, **kwargs: Any) -> dict[str, Any]:
        if timeout is not None:
            kwargs["timeout"] = timeout
        url = self.client.base_url
        try:
            response = self.client.request(method, path, **kwargs)
        except httpx.TimeoutException as error:
            raise SlowError(f"the model server at {url} gave no answer to {path} in time: {error!r}") from error
        except httpx.HTTPError as error:
            raise TransportError(f"the model server at {url} does not answer {path}: {error!r}") from error
        if response.is_error:
            raise refusal(response)
        try:
            found = jsonbounds.loads(response.content)
        except ValueError as error:
            raise TransportError(f"unreadable answer to {path}. {not_ours(str(url), TITLE)}") from error
        if not isinstance(found, dict):
            raise TransportError(not_ours(f"{url}, {path}", TITLE))
        return found

    def probe(self) -> ServerInfo:
        found = self._call("GET", "/version", timeout=5.0)
        if found.get("name") != "touchstone-local":
            raise RefusedError(not_ours(str(self.client.base_url), TITLE))
        runs = [f"llama.cpp {found.get('llama_cpp', '?')}"]
        runs += [f"onnxruntime {found['onnxruntime']}"] if "onnxruntime" in found else []
        version = f"{found['version']} ({', '.join(runs)})"
        return ServerInfo(version, broken=tuple(found.get("broken", ())))

    def catalogue(self) -> list[ModelEntry]:
        return [
            ModelEntry(
                tag=row["tag"],
                digest=row["sha256"],
                size_bytes=row["size"],
                loaded=row["loaded"],
                context=row["context"],
                quantization=row["quantization"],
                family=row["family"],
                capabilities=("completion",),
            )
            for row in self._models()
        ]

    def _models(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._call("GET", "/models")["models"]
        return rows

    def measure(self) -> Measure:
        found = self._call("GET", "/models")
        loaded = tuple(
            LoadedModel(row["tag"], row["sha256"], row["memory"], row["context"])
            for row in found["models"]
            if row["loaded"]
        )
        return Measure(loaded, memory_bytes=found["memory_bytes"], free_bytes=found["free_bytes"])

    def stage(self, tag: str, content: Content, progress: Progress | None = None) -> Digests:
        content.check(self.formats)
        body = {
            "tag": tag,
            "path": storage.name_of(content.file),
            "sha256": content.sha256,
            "format": content.format,
            "context": content.parameters.get("num_ctx", 2048),
            "slots": self.slots,
        }
        self._call("POST", "/models", timeout=_LOAD_TIMEOUT, json=body)
        return Digests(uploaded=content.sha256, layer=content.sha256, manifest=content.sha256)

    def load(self, tag: str, *, seen: str = "") -> None:
        self._call("POST", "/models/load", json={"tag": tag}, timeout=_LOAD_TIMEOUT)

    def unload(self, tag: str) -> None:
        self._call("POST", "/models/unload", json={"tag": tag}, timeout=_LOAD_TIMEOUT)

    def remove(self, tag: str) -> None:
        try:
            self._call("DELETE", "/models", params={"tag": tag}, timeout=_LOAD_TIMEOUT)
        except NotThereError:
            return

    def digest_of(self, tag: str) -> str:
        return self.digests_of(tag)[0]

    def digests_of(self, *tags: str) -> tuple[str, ...]:
        found = {row["tag"]: str(row["sha256"]) for row in self._models()}
        return tuple(found.get(tag, "") for tag in tags)

    def names_of(self, digest: str) -> tuple[str, ...]:
        """A digest is the file's alone; two tags may hold it with different contexts."""
        return ()

    def move(self, alias: str, tag: str) -> None:
        """Nothing to move: only Touchstone asks this server, by the live row's tag."""

    def prove(self, alias: str, tag: str) -> Proof:
        digest = self.digest_of(tag)
        if not digest:
            return Proof(False, f"{tag} is not on the server; stage it again")
        return Proof(True, f"the live row leads to {tag}, digest {digest[:12]}", digest)

    def unreadable(self, alias: str) -> bool:
        """There is no alias to be broken."""
        return False

    def render(self, tag: str, messages: list[dict[str, str]], *, thinking: bool = False) -> Rendered:
        body = {"model": tag, "messages": messages, "chat_template_kwargs": {"enable_thinking": thinking}}
        text = self._call("POST", "/apply-template", json=body)["prompt"]
        try:
            return Rendered(text, self.chat(tag, messages, {"num_predict": 1}, None, thinking=thinking).prompt_tokens)
        except PromptTooLongError as error:
            return Rendered(text, error.tokens)

    def chat(
        self,
        tag: str,
        messages: list[dict[str, str]],
        decoding: dict[str, Any],
        schema: dict[str, Any] | None,
        *,
        logprobs: bool = False,
        thinking: bool = False,
    ) -> Reply:
        body: dict[str, Any] = {
            "model": tag,
            "messages": messages,
            "temperature": 0,
            "seed": 7,
            **{name: decoding[name] for name in SAMPLING if name in decoding},
            "max_tokens": decoding.get("num_predict", DEFAULT_DECODING["num_predict"]),
            "stop": decoding.get("stop", []),
            "logprobs": logprobs,
            "chat_template_kwargs": {"enable_thinking": thinking},
        }
        if schema is not None:
            body["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
        started = time.perf_counter()
        found = self._call("POST", "/v1/chat/completions", json=body)
        choice, usage = found["choices"][0], found.get("usage", {})
        content = (choice.get("logprobs") or {}).get("content") or []
        if content and not content[-1]["token"] and choice.get("finish_reason") == "stop":
            content = content[:-1]  # the end token, which says nothing of the answer
        return Reply(
            text=choice["message"].get("content") or "",
            latency_ms=(time.perf_counter() - started) * 1000,
            prompt_tokens=usage.get("prompt_tokens", 0),
            completion_tokens=usage.get("completion_tokens", 0),
            logprobs=tuple(token["logprob"] for token in content if token.get("logprob") is not None),
            complete=choice.get("finish_reason") != "length",
            reasoning=choice["message"].get("reasoning_content") or "",
            head=head_of(found["head"]) if "head" in found else None,
        )

    def pull(self, name: str, progress: Progress | None = None, cancelled: Callable[[], bool] | None = None) -> bool:
        raise RefusedError("The local server has no registry to pull from; add a base model and stage its version 0.")
