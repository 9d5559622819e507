"""Blobs and manifests of the stand-in."""

import hashlib
import json
import re
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.ollama_standin.clock import now
from tests.ollama_standin.errors import HTTPError
from tests.ollama_standin.facts import Facts

NAME = re.compile(r"(?:[\w.-]+/){0,3}[\w.-]+(?::[\w.-]+)?")
# How long a manifest stays truncated while `copy` rewrites it: readers in between get a 500.
TRUNCATED_SECONDS = 0.004


@dataclass(frozen=True)
class Model:
    """A manifest: its layers' digests by kind, and what they say."""

    layers: dict[str, str]
    facts: Facts
    size: int
    system: str = ""
    template: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    parent: str = ""
    quantization: str = ""
    modified_at: str = ""

    @property
    def blob(self) -> str:
        return self.layers["model"]

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps([self.layers, self.parent], sort_keys=True).encode()).hexdigest()


@dataclass
class Store:
    """Everything on the server's disk; `models` maps full names to manifests, None while one is being rewritten."""

    folder: Path
    version: str
    models: dict[str, Model | None] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def takes_adapters(self) -> bool:
        major, minor = self.version.split(".")[:2]
        return (int(major), int(minor)) < (0, 34)

    def blob(self, digest: str) -> Path:
        """Where a blob lies; 400 for what is no digest."""
        if not re.fullmatch(r"sha256[:-][0-9a-f]{64}", digest):
            raise HTTPError(400, "invalid digest format")
        return self.folder / digest.replace(":", "-")

    def add_blob(self, digest: str, content: bytes) -> int:
        """201 for a new blob, 200 for a known one (its body is ignored). A wrong one is kept under its own digest."""
        if self.blob(digest).exists():
            return 200
        found = f"sha256:{hashlib.sha256(content).hexdigest()}"
        self.write(found, content)
        if found != digest:
            raise HTTPError(400, f'digest mismatch, expected "{digest}", got "{found}"')
        return 201

    def write(self, digest: str, content: bytes) -> bool:
        """Write a blob; False where it is there already."""
        target = self.blob(digest)
        if target.exists():
            return False
        part = target.with_suffix(f".{threading.get_ident()}")
        part.write_bytes(content)
        part.replace(target)
        return True

    def model(self, name: str) -> Model:
        """The manifest behind a name; 404 unknown, 500 `EOF` while it is being rewritten."""
        with self.lock:
            if full(name) not in self.models:
                raise HTTPError(404, f"model '{name}' not found")
            found = self.models[full(name)]
        if found is None:
            raise HTTPError(500, "EOF")
        return found

    def put(self, name: str, model: Model) -> None:
        """Write a manifest; what only the former one under this name needed is deleted."""
        with self.lock:
            old = self.models.get(full(name))
            self.models[full(name)] = replace(model, modified_at=now())
            self._prune(old)

    def delete(self, name: str) -> None:
        """Forget a name, and the layers that no other name needs."""
        model = self.model(name)
        with self.lock:
            self.models.pop(full(name), None)
            self._prune(model)

    def _prune(self, old: Model | None) -> None:
        used = {digest for model in self.models.values() if model for digest in model.layers.values()}
        for digest in set(old.layers.values() if old else ()) - used:
            self.blob(digest).unlink(missing_ok=True)

    def copy(self, source: str, destination: str) -> None:
        """Point `destination` at what `source` is, overwriting silently."""
        if full(source) not in self.models:
            raise HTTPError(404, f'model "{source}" not found')
        if not NAME.fullmatch(destination):
            raise HTTPError(400, f'destination "{destination}" is invalid')
        model = self.model(source)
        with self.lock:
            self.models[full(destination)] = None
        time.sleep(TRUNCATED_SECONDS)
        self.put(destination, model)


def full(name: str) -> str:
    """A name with its tag."""
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"
