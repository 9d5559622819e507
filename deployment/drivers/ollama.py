"""Driver for Ollama: a merged GGUF as a blob, created under an immutable tag, mirrored to the alias by copy."""

import time
from collections.abc import Callable
from functools import cache
from typing import Any

import ollama

from deployment.drivers.base import (
    SAMPLING,
    Address,
    Artifact,
    Digests,
    LoadedModel,
    Measure,
    ModelEntry,
    Progress,
    Proof,
    Rendered,
    Reply,
    ServerInfo,
)
from deployment.drivers.errors import NotThereError, PromptTooLongError, RefusedError, TransportError, once_more
from deployment.drivers.http import client_options, http_client
from deployment.drivers.ollama_calls import errors, read_version
from deployment.drivers.ollama_pull import pull
from deployment.drivers.ollama_staging import stage

_LONG = 1800.0
_PER_REQUEST = (*SAMPLING, "num_predict", "stop")


@cache
def ollama_driver(address: Address) -> "OllamaDriver":
    """One driver, and so one connection pool, per server and process."""
    return OllamaDriver(address.url, address.key, address.threads, address.timeout)


class OllamaDriver:
    """See `Driver`. `threads` goes into each created tag: runners together must fit the cores."""

    shares_runners = True

    def __init__(self, url: str, key: str, threads: int, timeout: float) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.threads = threads
        self.client = ollama.Client(host=url, timeout=timeout, headers=headers, **client_options())
        self.patient = ollama.Client(host=url, timeout=_LONG, headers=headers, **client_options())
        # For what the client lacks: the rendered prompt, `HEAD` of a blob, the catalogue's newer fields.
        self.http = http_client(url, timeout=timeout, headers=headers)

    def _get(self, path: str, timeout: float | None = None) -> dict[str, Any]:
        response = self.http.get(path, timeout=timeout or self.http.timeout)
        response.raise_for_status()
        found: dict[str, Any] = response.json()
        return found

    @once_more
    def probe(self) -> ServerInfo:
        with errors("probe"):
            found = self._get("/api/version", timeout=5.0).get("version")
        return read_version(found)

    @once_more
    def catalogue(self) -> list[ModelEntry]:
        with errors("list models"):
            # A runner belongs to the content, whichever of its names it was loaded by.
            loaded = {row["digest"] for row in self._get("/api/ps")["models"]}
            return [_entry(row, row["digest"] in loaded) for row in self._get("/api/tags")["models"]]

    @once_more
    def measure(self) -> Measure:
        """Ollama tells neither its memory nor how many models it may load: the server's row holds those limits."""
        with errors("list loaded models"):
            rows = self._get("/api/ps")["models"]
            return Measure(
                tuple(
                    LoadedModel(row["name"], row["digest"], int(row["size"]), int(row.get("context_length", 0)))
                    for row in rows
                )
            )

    def stage(self, tag: str, artifact: Artifact, progress: Progress | None = None) -> Digests:
        if artifact.adapter:
            info = self.probe()
            if not info.adapters:
                raise RefusedError(
                    f"Ollama {info.version} takes no LoRA adapters (only up to 0.33); stage merged GGUFs"
                )
        return stage(self, tag, artifact, progress)

    def load(self, tag: str) -> None:
        self._known(tag)
        with errors(f"load {tag}"):
            self.patient.generate(model=tag, keep_alive=-1)

    def unload(self, tag: str) -> None:
        self._known(tag)
        with errors(f"unload {tag}"):
            self.patient.generate(model=tag, keep_alive=0)

    def remove(self, tag: str) -> None:
        try:
            with errors(f"delete {tag}"):
                self.client.delete(tag)
        except NotThereError:
            return

    def _known(self, tag: str) -> None:
        """A tag that the server does not have would be looked for on the public registry: never let it get there."""
        if not self.digest_of(tag):
            raise NotThereError(f"{tag} is not on this server; stage it again")

    def digest_of(self, tag: str) -> str:
        return self._digests().get(_full(tag), "")

    @once_more
    def _digests(self) -> dict[str, str]:
        with errors("list models"):
            return {model.model or "": model.digest or "" for model in self.client.list().models}

    @once_more
    def move(self, alias: str, tag: str) -> None:
        with errors(f"copy {tag} to {alias}"):
            self.client.copy(tag, alias)

    def prove(self, alias: str, tag: str) -> Proof:
        """Two names are one version if and only if their manifest digests are equal; then the alias is asked."""
        digests = self._digests()
        wanted, found = digests.get(_full(tag), ""), digests.get(_full(alias), "")
        if not wanted:
            return Proof(False, f"{tag} is not on the server; stage it again")
        if wanted != found:
            where = f"leads to digest {found[:12]}" if found else "is not on the server"
            return Proof(False, f"the alias {alias} {where}, not to {tag} ({wanted[:12]})", found)
        self.chat(alias, [{"role": "user", "content": "Hello"}], {"num_predict": 1}, None)
        return Proof(True, f"alias digest {found}", found)

    def render(self, tag: str, messages: list[dict[str, str]]) -> Rendered:
        text = self._rendered(tag, messages)
        try:
            return Rendered(text, self.chat(tag, messages, {"num_predict": 1}, None).prompt_tokens)
        except PromptTooLongError as error:
            return Rendered(text, error.tokens)

    @once_more
    def _rendered(self, tag: str, messages: list[dict[str, str]]) -> str | None:
        # A release that does not know the switch answers the prompt; one token of it is enough.
        body = {"model": tag, "messages": messages, "stream": False, "_debug_render_only": True}
        with errors(f"render for {tag}"):
            response = self.http.post("/api/chat", json={**body, "options": {"num_predict": 1}, "keep_alive": -1})
            response.raise_for_status()
            info = response.json().get("_debug_info") or {}
            return info.get("rendered_template")

    @once_more
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
        options: dict[str, Any] = {name: decoding[name] for name in _PER_REQUEST if name in decoding}
        options.setdefault("num_predict", 256)
        started = time.perf_counter()
        with errors(f"chat with {tag}"):
            found = self.client.chat(
                model=tag,
                messages=messages,
                format=schema,
                options=options,
                logprobs=logprobs,
                keep_alive=-1,
                think=decoding.get("think"),
            )
        if not found.done:
            raise TransportError(f"chat with {tag}: the answer ends in the middle")
        return Reply(
            text=found.message.content or "",
            latency_ms=(time.perf_counter() - started) * 1000,
            prompt_tokens=found.prompt_eval_count or 0,
            completion_tokens=found.eval_count or 0,
            logprobs=tuple(entry.logprob for entry in (found.logprobs or [])),
            complete=found.done_reason != "length",
        )

    def pull(self, name: str, progress: Progress | None = None, cancelled: Callable[[], bool] | None = None) -> bool:
        return pull(self.client, name, progress, cancelled)


def _full(tag: str) -> str:
    return tag if ":" in tag.rpartition("/")[2] else f"{tag}:latest"


def _entry(row: dict[str, Any], loaded: bool) -> ModelEntry:
    details = row.get("details") or {}
    return ModelEntry(
        tag=row["name"],
        digest=row["digest"],
        size_bytes=int(row["size"]),
        loaded=loaded,
        quantization=details.get("quantization_level") or "",
        context=int(details.get("context_length") or 0),
        family=details.get("family") or "",
        capabilities=tuple(row.get("capabilities") or ()),
    )
