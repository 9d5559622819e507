"""The file that an export grows into. Each try writes one of its own: a worker that lost its lease harms nothing."""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import IO

from django.core.files.storage import default_storage

from labeling.models import Export

FOLDER = "exports"
_BLOCK = 1 << 20


class PartFile:
    """A file that begins with what an earlier try had written for certain, the first `export.bytes` of its file.

    Where that file is gone (it lay on another host, say) it begins at nothing, and `is_kept` is not set.
    """

    def __init__(self, export: Export, token: object, suffix: str) -> None:
        before = str(export.file.name or "")
        self.name = f"{FOLDER}/{export.uid}-{token}.{suffix}"
        path = Path(default_storage.path(self.name))
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file: IO[bytes] = path.open("xb")
        path.chmod(0o600)
        self.is_kept = bool(before) and self._copy(Path(default_storage.path(before)), export.bytes)

    def _copy(self, before: Path, size: int) -> bool:
        with suppress(FileNotFoundError), before.open("rb") as old:
            if os.fstat(old.fileno()).st_size >= size:
                shutil.copyfileobj(old, self._file, _BLOCK)
                self._file.truncate(size)
                self._file.seek(size)
                return True
        return False

    def __enter__(self) -> "PartFile":
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.close()

    def write(self, text: str) -> None:
        """Add to it."""
        self._file.write(text.encode("utf-8", "surrogatepass"))

    def settle(self) -> int:
        """Its length, which is on the disk from now on."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()


def remove_others(export: Export) -> None:
    """Remove what earlier tries have left, now that the row names another file."""
    kept = Path(default_storage.path(str(export.file.name)))
    for path in kept.parent.glob(f"{export.uid}-*"):
        if path != kept:
            path.unlink(missing_ok=True)


def remove(name: str | None) -> None:
    """Remove a file of an export; one that is gone is as well."""
    if name:
        with suppress(FileNotFoundError):
            default_storage.delete(name)
