"""Blobs and manifests of the stand-in."""

import hashlib
import json
import pickle
import re
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.ollama_standin.clock import now
from tests.ollama_standin.errors import HTTPError, NotShownError
from tests.ollama_standin.facts import Facts
from tests.ollama_standin.names import full, is_name, same

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


# In place of a manifest, where there is none.
UNKNOWN = Model({}, Facts(), 0)


@dataclass
class Store:
    """Everything on the server's disk.

    `models` maps names, as they are compared, to how each was spelled first and its manifest, which is None while it is
    being rewritten, and after a kill in that moment.
    """

    folder: Path
    version: str
    truncated_seconds: float = TRUNCATED_SECONDS
    models: dict[str, tuple[str, Model | None]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        """What an earlier process left on the disk: it may have been killed in the middle of a copy."""
        if self._kept.exists():
            self.models = pickle.loads(self._kept.read_bytes())

    @property
    def _kept(self) -> Path:
        return self.folder / "manifests"

    def _keep(self) -> None:
        part = self._kept.with_suffix(".part")
        part.write_bytes(pickle.dumps(self.models))
        part.replace(self._kept)

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

    def whole(self) -> list[tuple[str, Model]]:
        """The models that can be read, by their names: a broken one is listed nowhere."""
        return [(name, model) for name, model in list(self.models.values()) if model]

    def model(self, name: str) -> Model:
        """The manifest behind a name; 404 unknown, 500 `EOF` where it is empty."""
        if not is_name(name):
            raise NotShownError(f"a model of the invalid name {name!r} but in create and copy")
        with self.lock:
            _, found = self.models.get(same(name), ("", UNKNOWN))
        if found is UNKNOWN:
            raise HTTPError(404, f"model '{name}' not found")
        if found is None:
            raise HTTPError(500, "EOF")
        return found

    def put(self, name: str, model: Model) -> None:
        """Write a manifest; what only the former one under this name needed is deleted."""
        with self.lock:
            spelled, old = self.models.get(same(name), (full(name), None))
            self.models[same(name)] = spelled, replace(model, modified_at=now())
            self._keep()
            self._prune(old)

    def empty(self, name: str) -> None:
        """Truncate a manifest, as a rewriting begins, or as a kill leaves it."""
        with self.lock:
            spelled, _ = self.models.get(same(name), (full(name), None))
            self.models[same(name)] = spelled, None
            self._keep()

    def delete(self, name: str) -> None:
        """Forget a name, and the layers that no other name needs."""
        model = self.model(name)
        with self.lock:
            self.models.pop(same(name), None)
            self._keep()
            self._prune(model)

    def _prune(self, old: Model | None) -> None:
        used = {digest for _, model in self.whole() for digest in model.layers.values()}
        for digest in set(old.layers.values() if old else ()) - used:
            self.blob(digest).unlink(missing_ok=True)

    def copy(self, source: str, destination: str) -> None:
        """Point `destination` at what `source` is, overwriting silently."""
        if same(source) not in self.models:
            raise HTTPError(404, f'model "{source}" not found')
        if not is_name(destination):
            raise HTTPError(400, f'destination "{destination}" is invalid')
        model = self.model(source)
        self.empty(destination)
        time.sleep(self.truncated_seconds)
        self.put(destination, model)
