"""Nearest neighbours of vectors among a million: an HNSW graph by usearch in one file, over rows of 16 bits.

The file is made of what is kept elsewhere: a lost, damaged or foreign one is an error that says so, and is made anew.
`index.json` beside it, written last, names it: readers go by that and see the old file or the whole new one. numpy and
usearch are imported when an index is opened.
"""

import mmap
import os
import threading
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from common import jsonbounds
from common.files import sha256_of, write_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Keys = NDArray[np.uint64]
    Rows = NDArray[np.floating[Any]]

RECORD = "index.json"
# Links of a node, and how many candidates are kept while one is added and while one is looked for. A search has time.
CONNECTIVITY, EXPANSION_ADD, EXPANSION_SEARCH = 16, 64, 256
# What one search finds, at most.
MOST = 8_192
Found = list[tuple[int, float]]


class NearestError(Exception):
    """There is no index to be used; the message says why."""


class IndexRecord(BaseModel):
    """`index.json`. `revision`: of the vectors' encoder. `file`, `bytes` and `digest` (SHA-256): the graph."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    revision: str
    dimension: int = Field(gt=0)
    count: int = Field(ge=0)
    file: str
    bytes: int
    digest: str


def read_record(folder: Path, revision: str) -> IndexRecord:
    """What lies in the folder. Raises `NearestError` where it is not whole, or of another encoder."""
    try:
        text = (folder / RECORD).read_text(encoding="utf-8")
        record = IndexRecord.model_validate(jsonbounds.loads(text))
        size = (folder / Path(record.file).name).stat().st_size
    except (OSError, ValueError, ValidationError) as error:
        raise NearestError(f"There is no whole index in {folder}.") from error
    if record.revision != revision:
        raise NearestError(f"The index in {folder} is of another encoder.")
    if size != record.bytes:
        raise NearestError(f"{record.file} in {folder} is damaged.")
    return record


class Nearest:
    """An index in memory, to be added to: about 1.7 KB a vector of 384 numbers. One thread works with it."""

    def __init__(self, dimension: int) -> None:
        self.dimension, self._index = dimension, _opened(dimension, lookups=True)

    @classmethod
    def load(cls, folder: Path, revision: str) -> "Nearest":
        """The index of the folder. Raises `NearestError`, for a file with other bytes than those written as well."""
        record = read_record(folder, revision)
        path = folder / Path(record.file).name
        if sha256_of(path) != record.digest:
            raise NearestError(f"{record.file} in {folder} is damaged.")
        found = cls(record.dimension)
        try:
            found._index.load(os.fspath(path))
        except RuntimeError as error:  # all that usearch raises
            raise NearestError(f"{record.file} in {folder} cannot be loaded: {error}") from error
        return found

    def __len__(self) -> int:
        return len(self._index)

    @property
    def keys(self) -> "Keys":
        """The keys of all rows, in no order."""
        import numpy as np

        return np.asarray(self._index.keys[:], dtype=np.uint64)

    @property
    def memory(self) -> int:
        """Bytes that it takes."""
        return int(self._index.memory_usage)

    def add(self, keys: Sequence[int], rows: "Rows") -> None:
        """Add rows of length one, shape (keys, dimension), under keys that it does not have. Raises `NearestError`."""
        import numpy as np

        try:
            self._index.add(np.asarray(keys, dtype=np.uint64), np.asarray(rows, dtype=np.float16), threads=1)
        except RuntimeError as error:
            raise NearestError(f"{len(keys)} vectors cannot be added: {error}") from error

    def search(self, row: "Rows", count: int, expansion: int = EXPANSION_SEARCH) -> Found:
        """The nearest `count` of a row as (key, cosine), the nearest first."""
        return _search(self._index, row, count, expansion)

    def save(self, folder: Path, revision: str) -> IndexRecord:
        """Write it beside the old file, then name it in the record, then remove the old one.

        Raises `NearestError` and `OSError`, where the disk is full for one; the old file stays.
        """
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{uuid.uuid4().hex}.usearch"
        try:
            self._index.save(os.fspath(path))
            with path.open("rb+") as file:
                os.fsync(file.fileno())
            record = IndexRecord(
                revision=revision, dimension=self.dimension, count=len(self),
                file=path.name, bytes=path.stat().st_size, digest=sha256_of(path),
            )  # fmt: skip
            write_json(folder / RECORD, record.model_dump(mode="json"), durable=True)
        except RuntimeError as error:
            path.unlink(missing_ok=True)
            raise NearestError(f"{path.name} in {folder} cannot be written: {error}") from error
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        for other in folder.glob("*.usearch"):
            if other != path:
                other.unlink(missing_ok=True)
        return record


class NearestView:
    """An index read from its file, not loaded: pages of the file that a search touched are given back after it.

    What stays in the process is eight bytes a row. Threads take turns.
    """

    def __init__(self, folder: Path, revision: str) -> None:
        """Raises `NearestError`."""
        self.record = read_record(folder, revision)
        self._turn = threading.Lock()
        self._index = _opened(self.record.dimension, lookups=False)
        try:
            with (folder / self.record.file).open("rb") as file:
                self._file = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self._index.view(self._file)
        except (OSError, ValueError, RuntimeError) as error:
            raise NearestError(f"The index in {folder} cannot be read: {error}") from error

    def search(self, row: "Rows", count: int) -> Found:
        """As `Nearest.search`."""
        with self._turn:
            try:
                return _search(self._index, row, count, EXPANSION_SEARCH)
            finally:
                self._file.madvise(mmap.MADV_DONTNEED)


def _opened(dimension: int, *, lookups: bool) -> Any:
    from usearch.index import Index

    return Index(
        ndim=dimension, metric="cos", dtype="f16", connectivity=CONNECTIVITY, expansion_add=EXPANSION_ADD,
        expansion_search=EXPANSION_SEARCH, enable_key_lookups=lookups,
    )  # fmt: skip


def _search(index: Any, row: "Rows", count: int, expansion: int) -> Found:
    import numpy as np

    count = min(count, len(index), MOST)
    if not count:
        return []
    # Fewer candidates than answers would leave some out.
    index.expansion_search = max(expansion, count)
    try:
        found = index.search(np.asarray(row, dtype=np.float16), count, threads=1)
    except RuntimeError as error:
        raise NearestError(f"The index cannot be searched: {error}") from error
    return [(int(key), 1.0 - float(distance)) for key, distance in zip(found.keys, found.distances, strict=True)]
