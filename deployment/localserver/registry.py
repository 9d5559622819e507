"""The models that the server knows: tag -> file, kept in one JSON file that is replaced in one step."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

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


class Registry:
    """Entries by tag; every change is on disk before it returns."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / "models.json"
        self._entries: dict[str, Entry] = {}
        if self._file.is_file():
            rows = json.loads(self._file.read_text(encoding="utf-8"))
            self._entries = {row["tag"]: Entry(**row) for row in rows}

    def all(self) -> list[Entry]:
        """Every entry, oldest first."""
        return list(self._entries.values())

    def get(self, tag: str) -> Entry:
        """The entry of a tag; `RegistryError` 404 where there is none."""
        if tag not in self._entries:
            raise RegistryError(f"There is no model {tag!r} here; create it with POST /models.", 404)
        return self._entries[tag]

    def add(self, tag: str, path: Path, sha256: str, context: int, slots: int) -> tuple[Entry, bool]:
        """Create a tag; the entry, and whether it is new. Repeating is harmless, other content is a 409.

        Reads the whole file to check its digest: call it from a thread.
        """
        known = self._entries.get(tag)
        if known and known.sha256 != sha256:
            raise RegistryError(f"{tag} is there with other content ({known.sha256[:12]}); tags are immutable.", 409)
        if known:
            return known, False
        if not path.is_file():
            raise RegistryError(f"There is no file {path} on this machine.", 400)
        found = _digest(path)
        if found != sha256:
            raise RegistryError(f"{path} has the digest {found}, not {sha256}; build it again.", 400)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        entry = Entry(tag, str(path.resolve()), sha256, path.stat().st_size, context, slots, now)
        self._entries[tag] = entry
        self._save()
        return entry, True

    def remove(self, tag: str) -> None:
        """Forget a tag; the file stays, it is the caller's. `RegistryError` 404 where there is none."""
        self.get(tag)
        del self._entries[tag]
        self._save()

    def _save(self) -> None:
        part = self._file.with_suffix(f".{os.getpid()}")
        rows = [asdict(entry) for entry in self._entries.values()]
        part.write_text(json.dumps(rows, indent=1), encoding="utf-8")
        part.replace(self._file)


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
