"""`encoder.json`: what an encoder folder holds and what was proven of it. Written last: its presence means complete."""

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from common import jsonbounds
from common.files import sha256_of, write_json

RECORD = "encoder.json"
FULL, SMALL, TOKENIZER = "model.onnx", "model.int8.onnx", "tokenizer.json"


class EncoderError(Exception):
    """There is no encoder to be used; the message says why, and what to do."""


class EncoderRecord(BaseModel):
    """One encoder.

    `revision`: the digest of the weights that it was made of; `key`: of all that decides a vector. `limit`: tokens of a
    text that are read, the marks at both ends included. `runs`: the file that is used. `proof`: the figures of both
    files. `files`: SHA-256 by name.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    revision: str
    source: str
    licence: str
    languages: str = ""
    dimension: int = Field(gt=0)
    limit: int = Field(gt=2)
    pad: int = 0
    unknown: int | None = None
    prefix: str = ""
    runs: str = FULL
    proof: dict[str, Any] = {}
    files: Mapping[str, str]

    @property
    def short(self) -> str:
        """Its name without the account."""
        return self.name.rpartition("/")[2]

    @property
    def key(self) -> str:
        """SHA-256, in hex, of all that decides a text's vector: vectors of one key alone are compared."""
        said = self.model_dump(include={"revision", "dimension", "limit", "pad", "unknown", "prefix", "runs"})
        files = [self.files.get(name) for name in (self.runs, TOKENIZER)]
        return hashlib.sha256(json.dumps([said, files], sort_keys=True).encode()).hexdigest()


def write_record(folder: Path, record: EncoderRecord) -> None:
    """Keep the record, whole or not at all."""
    write_json(folder / RECORD, record.model_dump(mode="json"))


def read_record(folder: Path, read: Callable[[Any], EncoderRecord] = EncoderRecord.model_validate) -> EncoderRecord:
    """The folder's record, as `read` reads it; `EncoderError` where there is none that can be read."""
    path = folder / RECORD
    if not path.is_file():
        raise EncoderError(f"There is no sentence encoder in {folder}. Fetch it with `make encoder`.")
    try:
        return read(jsonbounds.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError) as error:
        raise EncoderError(
            f"The record of the sentence encoder in {folder} cannot be read. Make it again with `make encoder`."
        ) from error


def check_files(folder: Path, record: EncoderRecord) -> None:
    """Raise `EncoderError` where a file is not the one that the record tells of."""
    for name, digest in record.files.items():
        if _digest(folder / name) != digest:
            raise EncoderError(
                f"{name} of the sentence encoder in {folder} is damaged or another file. Make it again with "
                "`make encoder`."
            )


def _digest(path: Path) -> str | None:
    try:
        state = path.stat()
        return _seen(path, state.st_mtime_ns, state.st_size, state.st_ino)
    except OSError:
        return None


@lru_cache(maxsize=16)
def _seen(path: Path, mtime_ns: int, size: int, inode: int) -> str:
    """A file that has not changed since is not read again."""
    return sha256_of(path)
