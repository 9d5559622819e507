"""Driver for Ollama: a merged GGUF as a blob, created under an immutable tag, mirrored to the alias by copy."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import httpx
import ollama
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

_CHUNK = 1 << 20
_LONG = 1800.0
# The server writes a tag's manifest in two steps: a reader in between gets a 500 or half a file. One retry suffices.
_once_more = retry(
    retry=retry_if_exception_type(TransportError), stop=stop_after_attempt(2), wait=wait_fixed(0.05), reraise=True
)


@cache
def ollama_driver(url: str, key: str, threads: int, slots: int, timeout: float) -> "OllamaDriver":
    """One driver, and so one connection pool, per server and process."""
    return OllamaDriver(url, key, threads, timeout)


@contextmanager
def _errors(what: str) -> Iterator[None]:
    """Translate the client's errors into the driver's."""
    try:
        yield
    except ollama.ResponseError as error:
        if error.status_code == httpx.codes.NOT_FOUND:
            raise NotThereError(f"{what}: {error.error}") from error
        kind = TransportError if error.status_code >= 500 or error.status_code <= 0 else RefusedError
        raise kind(f"{what}: {error.status_code} {error.error}") from error
    except (httpx.HTTPError, ConnectionError, ValueError) as error:
        raise TransportError(f"{what}: {error!r}") from error


class OllamaDriver:
    """See `Driver`. `threads` goes into each created tag: runners together must fit the cores."""

    def __init__(self, url: str, key: str, threads: int, timeout: float) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.threads = threads
        self.client = ollama.Client(host=url, timeout=timeout, headers=headers)
        self.patient = ollama.Client(host=url, timeout=_LONG, headers=headers)
        self.http = httpx.Client(base_url=url, timeout=timeout, headers=headers)

    @_once_more
    def probe(self) -> ServerInfo:
        with _errors("probe"):
            response = self.http.get("/api/version", timeout=5.0)
            response.raise_for_status()
            version = response.json().get("version", "")
        if not version:
            raise RefusedError("this does not answer like Ollama: /api/version holds no version")
        return ServerInfo(version=version)

    @_once_more
    def catalogue(self) -> list[ModelEntry]:
        with _errors("list models"):
            # A runner belongs to the content, whichever of its names it was loaded by.
            loaded = {model.digest for model in self.client.ps().models}
            return [
                ModelEntry(
                    tag=model.model or "",
                    digest=model.digest or "",
                    size_bytes=int(model.size or 0),
                    loaded=model.digest in loaded,
                )
                for model in self.client.list().models
            ]

    def stage(self, tag: str, artifact: Artifact, progress: Progress | None = None) -> Digests:
        digest = f"sha256:{artifact.sha256}"
        self._upload(digest, artifact, progress)
        if self.digest_of(tag):
            self._prove_same(tag, digest, artifact)
        else:
            self._create(tag, digest, artifact)
        manifest = self.digest_of(tag)
        if not manifest:
            raise TransportError(f"{tag} was created, but the server does not list it")
        return Digests(uploaded=digest, layer=self._layer(tag), manifest=manifest)

    @_once_more
    def _upload(self, digest: str, artifact: Artifact, progress: Progress | None) -> None:
        size = artifact.path.stat().st_size

        def body() -> Iterator[bytes]:
            sent = 0
            with artifact.path.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    yield chunk
                    sent += len(chunk)
                    if progress:
                        progress(sent, size)

        with _errors(f"upload of {digest}"):
            # Ask first: the server would read and throw away the whole body of a blob that it already has.
            if self.http.head(f"/api/blobs/{digest}").status_code == httpx.codes.OK:
                return
            response = self.http.post(f"/api/blobs/{digest}", content=body(), timeout=_LONG)
        if response.status_code >= 500:
            raise TransportError(f"upload of {digest}: {response.status_code} {response.text[:200]}")
        if response.is_error:
            raise RefusedError(f"upload of {digest}: {response.status_code} {response.text[:200]}")

    def _create(self, tag: str, digest: str, artifact: Artifact) -> None:
        parameters = dict(artifact.parameters)
        if self.threads:
            parameters["num_thread"] = self.threads
        with _errors(f"create {tag}"):
            self.patient.create(
                model=tag,
                files={artifact.path.name: digest},
                system=artifact.system or None,
                template=artifact.template or None,
                parameters=parameters or None,
            )

    def _prove_same(self, tag: str, digest: str, artifact: Artifact) -> None:
        """`tag` is there already. The server rewrites files, so only a second creation shows whether it is this one."""
        trial = f"{tag}-trial"
        self._create(trial, digest, artifact)
        try:
            same = self._layer(trial) == self._layer(tag)
        finally:
            self.remove(trial)
        if not same:
            raise RefusedError(f"{tag} is there with other content; tags never change, so it was left as it is")

    def _layer(self, tag: str) -> str:
        with _errors(f"show {tag}"):
            modelfile = self.client.show(tag).modelfile or ""
        origin = next((line for line in modelfile.splitlines() if line.startswith("FROM ")), "")
        return origin.rpartition("sha256-")[2].strip() if "sha256-" in origin else ""

    def load(self, tag: str) -> None:
        self._known(tag)
        with _errors(f"load {tag}"):
            self.patient.generate(model=tag, keep_alive=-1)

    def unload(self, tag: str) -> None:
        self._known(tag)
        with _errors(f"unload {tag}"):
            self.patient.generate(model=tag, keep_alive=0)

    def remove(self, tag: str) -> None:
        try:
            with _errors(f"delete {tag}"):
                self.client.delete(tag)
        except NotThereError:
            return

    def _known(self, tag: str) -> None:
        """A tag that the server does not have would be looked for on the public registry: never let it get there."""
        if not self.digest_of(tag):
            raise NotThereError(f"{tag} is not on this server")

    @_once_more
    def digest_of(self, tag: str) -> str:
        wanted = tag if ":" in tag.rpartition("/")[2] else f"{tag}:latest"
        with _errors("list models"):
            return next((model.digest or "" for model in self.client.list().models if model.model == wanted), "")

    @_once_more
    def move(self, alias: str, tag: str) -> None:
        with _errors(f"copy {tag} to {alias}"):
            self.client.copy(tag, alias)

    @_once_more
    def render(self, tag: str, messages: list[dict[str, str]]) -> Rendered:
        body = {"model": tag, "messages": messages, "stream": False, "_debug_render_only": True}
        with _errors(f"render for {tag}"):
            response = self.http.post("/api/chat", json=body)
            response.raise_for_status()
            text = (response.json().get("_debug_info") or {}).get("rendered_template")
        try:
            return Rendered(text, self.chat(tag, messages, {"num_predict": 1}, None).prompt_tokens)
        except RefusedError as error:
            counted = re.search(r'n_prompt_tokens\\*"?: *(\d+)', str(error))
            if counted is None:
                raise
            return Rendered(text, int(counted[1]))

    @_once_more
    def chat(
        self,
        tag: str,
        messages: list[dict[str, str]],
        decoding: dict[str, Any],
        schema: dict[str, Any] | None,
        *,
        logprobs: bool = False,
    ) -> Reply:
        # num_ctx and num_thread stay with the tag: sending them with a request would reload the model.
        options: dict[str, Any] = {
            name: decoding[name] for name in ("temperature", "seed", "num_predict", "stop") if name in decoding
        }
        options.setdefault("num_predict", 256)
        started = time.perf_counter()
        with _errors(f"chat with {tag}"):
            found = self.client.chat(
                model=tag, messages=messages, format=schema, options=options, logprobs=logprobs, keep_alive=-1
            )
        return Reply(
            text=found.message.content or "",
            latency_ms=(time.perf_counter() - started) * 1000,
            prompt_tokens=found.prompt_eval_count or 0,
            completion_tokens=found.eval_count or 0,
            logprobs=tuple(entry.logprob for entry in (found.logprobs or [])),
            complete=found.done_reason != "length",
        )
