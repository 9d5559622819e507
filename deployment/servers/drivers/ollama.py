"""Driver for Ollama: a merged GGUF as a blob, created under an immutable tag, mirrored to the alias by copy."""

import time
from collections.abc import Callable
from functools import cache
from typing import Any

import ollama

from deployment.models.formats import GGUF, WITH_ADAPTER
from deployment.servers.drivers.base import SAMPLING, Address, Content, Progress
from deployment.servers.drivers.errors import (
    NotThereError,
    PromptTooLongError,
    RefusedError,
    TransportError,
    UnreadableError,
    once_more,
)
from deployment.servers.drivers.http import client_options, http_client
from deployment.servers.drivers.ollama_calls import errors, read_version
from deployment.servers.drivers.ollama_pull import pull
from deployment.servers.drivers.ollama_staging import show, stage
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
from labeling.kinds import DEFAULT_DECODING

_LONG = 1800.0
_PER_REQUEST = (*SAMPLING, "num_predict", "stop")
# Said with every prompt, and so is `think`. Silence has one that is longer than the context cut, its system prompt
# first, and has a model think aloud whose template knows how. Never `shift`: it takes another runner, and so a reload
# at each change.
_WITH_A_PROMPT = {"stream": False, "truncate": False, "keep_alive": -1}


@cache
def ollama_driver(address: Address) -> "OllamaDriver":
    """One driver, and so one connection pool, per server and process."""
    return OllamaDriver(address.url, address.key, address.threads, address.timeout)


class OllamaDriver:
    """See `Driver`. `threads` goes into each created tag: runners together must fit the cores."""

    formats = frozenset({GGUF, WITH_ADAPTER})
    shares_runners = True

    def __init__(self, url: str, key: str, threads: int, timeout: float) -> None:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self.threads = threads
        self.client = ollama.Client(host=url, timeout=timeout, headers=headers, **client_options())
        self.patient = ollama.Client(host=url, timeout=_LONG, headers=headers, **client_options())
        # For what the client lacks: `truncate`, the rendered prompt, `HEAD` of a blob, the catalogue's newer fields.
        self.http = http_client(url, timeout=timeout, headers=headers)

    def _get(self, path: str, timeout: float | None = None) -> dict[str, Any]:
        response = self.http.get(path, timeout=timeout or self.http.timeout)
        response.raise_for_status()
        found: dict[str, Any] = response.json()
        return found

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        response = self.http.post(path, json=body)
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

    def stage(self, tag: str, content: Content, progress: Progress | None = None) -> Digests:
        info = self.probe()  # refuses a release that is too old, which may have been put there since the last probe
        if content.adapter and not info.adapters:
            raise RefusedError(f"Ollama {info.version} takes no LoRA adapters (only up to 0.33); stage merged GGUFs")
        return stage(self, tag, content, progress)

    def load(self, tag: str, *, seen: str = "") -> None:
        if not seen:
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
        return self.digests_of(tag)[0]

    def digests_of(self, *tags: str) -> tuple[str, ...]:
        found = self._digests()
        return tuple(found.get(_full(tag), "") for tag in tags)

    def names_of(self, digest: str) -> tuple[str, ...]:
        return tuple(name for name, found in self._digests().items() if digest and found == digest)

    @once_more
    def _digests(self) -> dict[str, str]:
        with errors("list models"):
            return {_full(model.model or ""): model.digest or "" for model in self.client.list().models}

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
            if not found and self.unreadable(alias):
                where = "cannot be read, as the server was killed while it was moved"
            return Proof(False, f"the alias {alias} {where}, not to {tag} ({wanted[:12]})", found)
        self.chat(alias, [{"role": "user", "content": "Hello"}], {"num_predict": 1}, None)
        return Proof(True, f"alias digest {found}", found)

    def unreadable(self, alias: str) -> bool:
        """Its manifest is empty, as a kill in the middle of a `copy` leaves it: no name lists it, all else is a 500."""
        if self.digest_of(alias):
            return False
        try:
            once_more(show)(self, alias)
        except NotThereError:
            return False
        except UnreadableError:
            return True
        return False

    def render(self, tag: str, messages: list[dict[str, str]], *, thinking: bool = False) -> Rendered:
        text = self._rendered(tag, messages, thinking)
        try:
            return Rendered(text, self.chat(tag, messages, {"num_predict": 1}, None, thinking=thinking).prompt_tokens)
        except PromptTooLongError as error:
            return Rendered(text, error.tokens)

    @once_more
    def _rendered(self, tag: str, messages: list[dict[str, str]], thinking: bool) -> str:
        body = {"model": tag, "messages": messages, "think": thinking, **_WITH_A_PROMPT, "_debug_render_only": True}
        with errors(f"render for {tag}"):
            return str(self._post("/api/chat", body)["_debug_info"]["rendered_template"])

    @once_more
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
        # num_ctx and num_thread stay with the tag: sending them with a request would reload the model.
        options: dict[str, Any] = {name: decoding[name] for name in _PER_REQUEST if name in decoding}
        options.setdefault("num_predict", DEFAULT_DECODING["num_predict"])
        body: dict[str, Any] = {"model": tag, "messages": messages, "options": options, "think": thinking}
        body |= _WITH_A_PROMPT
        if schema is not None:
            body["format"] = schema
        if logprobs:
            body["logprobs"] = True
        started = time.perf_counter()
        with errors(f"chat with {tag}"):
            found = self._post("/api/chat", body)
            if not found["done"]:
                raise TransportError(f"chat with {tag}: the answer ends in the middle")
            return Reply(
                text=found["message"]["content"],
                latency_ms=(time.perf_counter() - started) * 1000,
                prompt_tokens=found.get("prompt_eval_count", 0),
                completion_tokens=found.get("eval_count", 0),
                logprobs=tuple(entry["logprob"] for entry in found.get("logprobs", ())),
                complete=found.get("done_reason") != "length",
                reasoning=found["message"].get("thinking") or "",
            )

    def pull(self, name: str, progress: Progress | None = None, cancelled: Callable[[], bool] | None = None) -> bool:
        return pull(self.client, name, progress, cancelled)


def _full(tag: str) -> str:
    """With its tag, and as the server compares names: without regard to case."""
    return (tag if ":" in tag.rpartition("/")[2] else f"{tag}:latest").lower()


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
