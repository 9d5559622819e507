"""What a fit has worked out so far, kept in its run folder: whoever goes on after `kill -9` reads it again.

Each piece has a name that says all that it follows from, and is there whole or not at all. One that cannot be read is
worked out again.
"""

import hashlib
import json
import logging
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.files import replaced

if TYPE_CHECKING:
    from training.heads.linear import Array

logger = logging.getLogger(__name__)


def name_of(*parts: Any) -> str:
    """A name that follows from these values alone: what JSON knows, and arrays."""
    digest = hashlib.sha256()
    for part in parts:
        plain = part.tobytes() if hasattr(part, "tobytes") else json.dumps(part, sort_keys=True).encode()
        digest.update(len(plain).to_bytes(8, "big") + plain)
    return digest.hexdigest()[:24]


class Kept:
    """Arrays by name in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, name: str, make: "Callable[[], dict[str, Array]]") -> "dict[str, Array]":
        """The arrays of that name, read or made."""
        found = self._read(name)
        if found is None:
            found = make()
            self._write(name, found)
        return found

    def has(self, name: str) -> bool:
        """It is there, for all that its name says."""
        return self._path(name).is_file()

    def clear(self) -> None:
        """Nothing is needed any more."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _path(self, name: str) -> Path:
        return self.folder / f"{name}.npz"

    def _read(self, name: str) -> "dict[str, Array] | None":
        import numpy as np

        try:
            with np.load(self._path(name), allow_pickle=False) as kept:
                return {key: kept[key] for key in kept.files}
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            logger.warning("%s cannot be read and is made again: %s", self._path(name).name, error)
            return None

    def _write(self, name: str, arrays: "dict[str, Array]") -> None:
        import numpy as np

        self.folder.mkdir(parents=True, exist_ok=True)
        with replaced(self._path(name)) as aside:
            np.savez(aside, **arrays)  # type: ignore[arg-type]  # numpy types further options as arrays' neighbours
