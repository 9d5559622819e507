"""The models that the server knows: tag -> file, kept in one JSON file that is replaced in one step."""

import hashlib
import json
import os
import threading
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from deployment.localserver.description import family_and_quantization

_BLOCK = 1 << 20


class RegistryError(Exception):
    """The registry refuses; `status` is the HTTP status that says so."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Entry:
    """One immutable model: its file, digest, context in tokens per request, and requests at once."""

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


class Registry:
    """Entries by tag; every change is on disk before it returns. Changes may come from any thread."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "models.json"
        self._changing = threading.Lock()
        self._entries: dict[str, Entry] = {}
        if self._file.is_file():
            rows = json.loads(self._file.read_text(encoding="utf-8"))
            self._entries = {row["tag"]: Entry(**row) for row in rows}

    def all(self) -> list[Entry]:
        """Every entry, oldest first."""
        return list(self._entries.values())

    def get(self, tag: str) -> Entry:
        """The entry of a tag; `RegistryError` 404 where there is none."""
        entry = self._entries.get(tag)
        if entry is None:
            raise RegistryError(f"There is no model {tag!r} here; create it with POST /models.", 404)
        return entry

    def add(self, tag: str, path: Path, sha256: str, context: int, slots: int) -> tuple[Entry, bool]:
        """Create a tag; the entry, and whether it is new. Repeating is harmless, other content is a 409.

        Slots belong to the machine, not to the model: a repeat may change them, from the next load on. Reads the whole
        file to check its digest: call it from a thread.
        """
        with self._changing:
            known = self._entries.get(tag)
            if known and (known.sha256, known.context) != (sha256, context):
                what = f"digest {known.sha256[:12]}, context {known.context}"
                raise RegistryError(f"{tag} is there with other content ({what}); tags are immutable.", 409)
            path = path.resolve()
            if known and (known.path, known.slots) == (str(path), slots):
                return known, False
            stat = _checked(path, sha256)
            now = datetime.now(UTC).isoformat(timespec="seconds")
            entry = Entry(
                *(tag, str(path), sha256, stat.st_size, context, slots, now, stat.st_mtime_ns),
                *family_and_quantization(path),
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
        part = self._file.with_suffix(f".{os.getpid()}")
        rows = [asdict(entry) for entry in self._entries.values()]
        with part.open("w", encoding="utf-8") as file:
            json.dump(rows, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._file)


def check_unchanged(entry: Entry) -> None:
    """What is about to be loaded is what was created: `RegistryError` 409 where the file is gone or another one.

    The file is read only where its size or time differs.
    """
    path = Path(entry.path)
    if path.is_file() and (path.stat().st_size, path.stat().st_mtime_ns) == (entry.size, entry.mtime_ns):
        return
    try:
        _checked(path, entry.sha256)
    except RegistryError as error:
        raise RegistryError(f"{entry.tag} cannot be loaded. {error}", 409) from error


def _checked(path: Path, sha256: str) -> os.stat_result:
    if not path.is_file():
        raise RegistryError(f"There is no file {path} on this machine.", 400)
    found = _digest(path)
    if found != sha256:
        raise RegistryError(f"{path} has the digest {found}, not {sha256}; build it again.", 400)
    return path.stat()


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
