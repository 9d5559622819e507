"""Blobs, manifests and loaded runners of the stand-in."""

import hashlib
import json
import re
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_NAME = re.compile(r"(?:[\w.-]+/){0,3}[\w.-]+(?::[\w.-]+)?")
# How long a manifest stays truncated while `copy` rewrites it: readers in between get a 500.
TRUNCATED_SECONDS = 0.004
_INTEGERS = {"num_ctx", "num_predict", "num_thread", "seed", "top_k"}


class HTTPError(Exception):
    """An answer other than 200: status and Ollama's error text."""

    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.status = status


@dataclass
class Store:
    """Everything that the server keeps; `models` maps full names to manifests, None while one is being rewritten."""

    folder: Path
    models: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    loaded: dict[str, str] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def blob(self, digest: str) -> Path:
        """Where a blob lies; 400 for what is no digest."""
        if not re.fullmatch(r"sha256[:-][0-9a-f]{64}", digest):
            raise HTTPError(400, "invalid digest format")
        return self.folder / digest.replace(":", "-")

    def add_blob(self, digest: str, content: bytes) -> int:
        """201 for a new blob, 200 for a known one (its body is ignored)."""
        target = self.blob(digest)
        if target.exists():
            return 200
        found = hashlib.sha256(content).hexdigest()
        if f"sha256:{found}" != digest:
            raise HTTPError(400, f'digest mismatch, expected "{digest}", got "sha256:{found}"')
        target.write_bytes(content)
        return 201

    def manifest(self, name: str) -> dict[str, Any]:
        """The manifest behind a name; 404 unknown, 500 `EOF` while it is being rewritten."""
        with self.lock:
            if full(name) not in self.models:
                raise HTTPError(404, f"model '{name}' not found")
            found = self.models[full(name)]
        if found is None:
            raise HTTPError(500, "EOF")
        return found

    def create(self, body: dict[str, Any]) -> list[dict[str, str]]:
        """Make a model; the status lines of a streamed answer come back."""
        name, files = body["model"], body.get("files") or {}
        if not _NAME.fullmatch(name):
            raise HTTPError(400, "invalid model name")
        if not files:
            raise HTTPError(400, "neither 'from' or 'files' was specified")
        if body.get("adapters"):
            raise HTTPError(400, "LoRA adapters are no longer supported")
        if any(path.startswith(("/", "..")) for path in files):
            raise HTTPError(400, "file path must be relative")
        (digest,) = files.values()
        source = self.blob(digest)
        if not source.exists():
            raise HTTPError(500, f"open <models>/blobs/{source.name}: no such file or directory")
        content = source.read_bytes()
        if not content.startswith(b"GGUF"):
            raise HTTPError(500, "invalid file magic")
        # The served layer is the file written anew: other bytes, always the same ones.
        layer = "sha256:" + hashlib.sha256(b"rewritten " + content).hexdigest()
        self.blob(layer).write_bytes(content)
        source.unlink()
        manifest = {
            "layer": layer,
            "size": len(content),
            "system": body.get("system") or "",
            "parameters": body.get("parameters") or {},
        }
        manifest["digest"] = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()
        with self.lock:
            self.models[full(name)] = manifest
        steps = ["parsing GGUF", "verifying conversion", f"creating new layer {layer}", "writing manifest", "success"]
        return [{"status": step} for step in steps]

    def copy(self, source: str, destination: str) -> None:
        """Point `destination` at what `source` is, overwriting silently."""
        if full(source) not in self.models:
            raise HTTPError(404, f'model "{source}" not found')
        if not _NAME.fullmatch(destination):
            raise HTTPError(400, f'destination "{destination}" is invalid')
        manifest = self.manifest(source)
        with self.lock:
            self.models[full(destination)] = None
        time.sleep(TRUNCATED_SECONDS)
        with self.lock:
            self.models[full(destination)] = manifest

    def load(self, name: str, keep_alive: Any) -> str:
        """Load or unload the runner of a name; Ollama's `done_reason`."""
        manifest = self.manifest(name)
        if keep_alive == 0:
            self.loaded.pop(manifest["layer"], None)
            return "unload"
        for parameter, value in manifest["parameters"].items():
            if parameter in _INTEGERS and not isinstance(value, int):
                raise HTTPError(500, f'option "{parameter}" must be of type integer')
        self.loaded.setdefault(manifest["layer"], full(name))
        return "load"

    def rows(self, names: list[str]) -> list[dict[str, Any]]:
        """Rows of `/api/tags` and `/api/ps`."""
        found = []
        for name in names:
            manifest = self.models.get(name)
            if manifest is not None:
                row = {"name": name, "model": name, "size": manifest["size"], "digest": manifest["digest"]}
                found.append({**row, "modified_at": "2026-11-21T03:50:50Z", "details": {"format": "gguf"}})
        return found


def full(name: str) -> str:
    """A name with its tag."""
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"
