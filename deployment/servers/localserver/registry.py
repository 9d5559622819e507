"""The models that the server knows: tag -> file, kept in one JSON file that is replaced in one step."""

import json
import os
import threading
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from common.files import sha256_of, write_json
from deployment.servers.localserver.description import HEAD_FAMILY, family_and_quantization

# How an error says that a model's file is at fault, and not what was asked.
MODEL_BROKEN = "model_broken"
GGUF, ONNX = "gguf", "onnx"
FORMATS = (GGUF, ONNX)


class RegistryError(Exception):
    """The registry refuses; `status` is the HTTP status that says so."""

    kind = ""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class BrokenError(RegistryError):
    """A model's file is gone, or is another one than was created."""

    kind = MODEL_BROKEN


@dataclass(frozen=True)
class Entry:
    """One immutable model: its file, digest, context in tokens per request, and requests at once.

    `format` says what runs it: llama.cpp, or onnxruntime.
    """

    tag: str
    path: str
    sha256: str
    size: int
    context: int
    slots: int
    created_at: str
    mtime_ns: int = 0
    family: str = ""
    quantization: str = ""
    format: str = GGUF


class Registry:
    """Entries by tag; every change is on disk before it returns. Changes may come from any thread.

    On disk a path is relative to `root`, the folder of all files: both may be copied elsewhere together. What lies
    outside of it is not served.
    """

    def __init__(self, folder: Path, root: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.root = root.resolve()
        self._file = folder / "models.json"
        self._changing = threading.Lock()
        self._entries: dict[str, Entry] = {}
        if self._file.is_file():
            rows = json.loads(self._file.read_text(encoding="utf-8"))
            inside = [row | {"path": str(path)} for row in rows if (path := self._path(row["path"]))]
            self._entries = {row["tag"]: Entry(**row) for row in inside}

    def _path(self, name: str) -> Path | None:
        """A file below the root; None for a name that leads out of it."""
        path = (self.root / name).resolve()
        return path if path.is_relative_to(self.root) else None

    def all(self) -> list[Entry]:
        """Every entry, oldest first."""
        return list(self._entries.values())

    def get(self, tag: str) -> Entry:
        """The entry of a tag; `RegistryError` 404 where there is none."""
        entry = self._entries.get(tag)
        if entry is None:
            raise RegistryError(f"There is no model {tag!r} here; create it with POST /models.", 404)
        return entry

    def add(self, tag: str, name: str, sha256: str, context: int, slots: int, format: str = GGUF) -> tuple[Entry, bool]:
        """Create a tag of a file; the entry, and whether it is new. Repeating is harmless, other content is a 409.

        Slots belong to the machine, not to the model: a repeat may change them, from the next load on. Reads the whole
        file to check its digest: call it from a thread.
        """
        with self._changing:
            known = self._entries.get(tag)
            if known and (known.sha256, known.context) != (sha256, context):
                what = f"digest {known.sha256[:12]}, context {known.context}"
                raise RegistryError(f"{tag} is there with other content ({what}); tags are immutable.", 409)
            path = self._path(name)
            if path is None:
                raise RegistryError(f"{name} is not below {self.root}, where this server's files lie.", 400)
            if known and (known.path, known.slots) == (str(path), slots) and is_whole(known):
                return known, False
            stat = _checked(path, sha256)
            now = datetime.now(UTC).isoformat(timespec="seconds")
            entry = Entry(
                *(tag, str(path), sha256, stat.st_size, context, slots, now, stat.st_mtime_ns),
                *(family_and_quantization(path) if format == GGUF else (HEAD_FAMILY, "")),
                format,
            )
            self._entries[tag] = replace(entry, created_at=known.created_at) if known else entry
            self._save()
            return self._entries[tag], known is None

    def remove(self, tag: str) -> None:
        """Forget a tag; the file stays, it is the caller's. `RegistryError` 404 where there is none."""
        with self._changing:
            self.get(tag)
            del self._entries[tag]
            self._save()

    def _save(self) -> None:
        rows = [
            asdict(entry) | {"path": Path(entry.path).relative_to(self.root).as_posix()}
            for entry in self._entries.values()
        ]
        write_json(self._file, rows, durable=True)


def is_whole(entry: Entry) -> bool:
    """Its file is there, in the size that it was created with."""
    path = Path(entry.path)
    return path.is_file() and path.stat().st_size == entry.size


def check_unchanged(entry: Entry) -> None:
    """What is about to be loaded is what was created: `BrokenError` 409 where the file is gone or another one.

    The file is read only where its size or time differs.
    """
    path = Path(entry.path)
    if is_whole(entry) and path.stat().st_mtime_ns == entry.mtime_ns:
        return
    try:
        _checked(path, entry.sha256)
    except RegistryError as error:
        raise BrokenError(f"{entry.tag} cannot be loaded. {error}", 409) from error


def _checked(path: Path, sha256: str) -> os.stat_result:
    if not path.is_file():
        raise RegistryError(f"There is no file {path} on this machine.", 400)
    found = sha256_of(path)
    if found != sha256:
        raise RegistryError(f"{path} has the digest {found}, not {sha256}; build it again.", 400)
    return path.stat()
