"""Driver for the local llama.cpp server (`deployment.localserver`)."""

import time
from functools import cache
from typing import Any

import httpx
from tenacity import retry, retry_if_exception_type, stop_after_attempt, wait_fixed

from deployment.drivers.base import (
    Artifact,
    Digests,
    ModelEntry,
    NotThereError,
    Progress,
    RefusedError,
    Rendered,
    Reply,
    ServerInfo,
    TransportError,
)

_LOAD_TIMEOUT = 300.0
# A 5xx or an unreadable answer is asked once more: the runner may just have been started again.
_once_more = retry(
    retry=retry_if_exception_type(TransportError), stop=stop_after_attempt(2), wait=wait_fixed(0.05), reraise=True
)


@cache
def local_driver(url: str, key: str, threads: int, slots: int, timeout: float) -> "LocalDriver":
    """One driver, and so one connection pool, per server and process."""
    return LocalDriver(url, key, slots, timeout)


class LocalDriver:
    """The front's own API: tags in the body, a bearer key on every call. It has no aliases: the live row is enough."""

    def __init__(self, url: str, key: str, slots: int, timeout: float) -> None:
        self.slots = slots
        self.client = httpx.Client(
            base_url=url,
            timeout=timeout,
            headers={"Authorization": f"Bearer {key}"},
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=16),
        )

    @_once_more
    def _call(self, method: str, path: str, timeout: float | None = None, **kwargs: Any) -> Any:
        if timeout is not None:
            kwargs["timeout"] = timeout
        try:
            response = self.client.request(method, path, **kwargs)
        except httpx.HTTPError as error:
            raise TransportError(f"the model server at {self.client.base_url} does not answer: {error!r}") from error
        if response.status_code >= 500:
            raise TransportError(f"{response.status_code}: {_message(response)}")
        if response.status_code == httpx.codes.NOT_FOUND:
            raise NotThereError(_message(response))
        if response.is_error:
            raise RefusedError(f"{response.status_code}: {_message(response)}")
        try:
            return response.json() if response.content else {}
        except ValueError as error:
            raise TransportError(f"unreadable answer: {response.text[:200]!r}") from error

    def probe(self) -> ServerInfo:
        found = self._call("GET", "/version", timeout=5.0)
        return ServerInfo(version=f"{found['version']} (llama.cpp {found.get('llama_cpp', '?')})")

    def catalogue(self) -> list[ModelEntry]:
        return [
            ModelEntry(tag=row["tag"], digest=row["sha256"], size_bytes=row["size"], loaded=row["loaded"])
            for row in self._models()
        ]

    def _models(self) -> list[dict[str, Any]]:
        found = self._call("GET", "/models")
        rows: list[dict[str, Any]] = found["models"] if isinstance(found, dict) else found
        return rows

    def stage(self, tag: str, artifact: Artifact, progress: Progress | None = None) -> Digests:
        context = int(artifact.parameters.get("num_ctx", 2048))
        body = {
            "tag": tag,
            "path": str(artifact.path),
            "sha256": artifact.sha256,
            "context": context,
            "slots": self.slots,
        }
        self._call("POST", "/models", json=body)
        return Digests(uploaded=artifact.sha256, layer=artifact.sha256, manifest=artifact.sha256)

    def load(self, tag: str) -> None:
        self._call("POST", "/models/load", json={"tag": tag}, timeout=_LOAD_TIMEOUT)

    def unload(self, tag: str) -> None:
        self._call("POST", "/models/unload", json={"tag": tag}, timeout=_LOAD_TIMEOUT)

    def remove(self, tag: str) -> None:
        try:
            self._call("DELETE", "/models", params={"tag": tag}, timeout=_LOAD_TIMEOUT)
        except NotThereError:
            return

    def digest_of(self, tag: str) -> str:
        return next((str(row["sha256"]) for row in self._models() if row["tag"] == tag), "")

    def move(self, alias: str, tag: str) -> None:
        """Nothing to move: only Touchstone asks this server, by the live row's tag."""

    def render(self, tag: str, messages: list[dict[str, str]]) -> Rendered:
        text = self._call("POST", "/apply-template", json={"model": tag, "messages": messages})["prompt"]
        body = {"model": tag, "content": text, "add_special": True, "parse_special": True}
        return Rendered(text, len(self._call("POST", "/tokenize", json=body)["tokens"]))

    def chat(
        self,
        tag: str,
        messages: list[dict[str, str]],
        decoding: dict[str, Any],
        schema: dict[str, Any] | None,
        *,
        logprobs: bool = False,
    ) -> Reply:
        body: dict[str, Any] = {
            "model": tag,
            "messages": messages,
            "temperature": decoding.get("temperature", 0),
            "seed": decoding.get("seed", 7),
            "max_tokens": decoding.get("num_predict", 256),
            "stop": decoding.get("stop", []),
            "logprobs": logprobs,
        }
        if schema is not None:
            body["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
        started = time.perf_counter()
        found = self._call("POST", "/v1/chat/completions", json=body)
        choice, usage = found["choices"][0], found.get("usage", {})
        content = (choice.get("logprobs") or {}).get("content") or []
        return Reply(
            text=choice["message"].get("content") or "",
            latency_ms=(time.perf_counter() - started) * 1000,
            prompt_tokens=usage.get("prompt_tokens", 0),
            completion_tokens=usage.get("completion_tokens", 0),
            logprobs=tuple(token["logprob"] for token in content if token.get("logprob") is not None),
            complete=choice.get("finish_reason") != "length",
        )


def _message(response: httpx.Response) -> str:
    try:
        body = response.json()
    except ValueError:
        return response.text[:300]
    error = body.get("error", body) if isinstance(body, dict) else body
    return str(error.get("message", error) if isinstance(error, dict) else error)[:500]
