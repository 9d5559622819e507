"""`base.json`: what a base model folder holds and where it came from. Written last, so its presence means complete."""

from pathlib import Path
from typing import Any

from common import jsonbounds
from common.files import sha256_of, write_json

RECORD = "base.json"
WEIGHTS = "model.safetensors"


def write_record(folder: Path, *, name: str, source: str, licence: str, **more: object) -> dict[str, Any]:
    """Describe the model in `folder`; its revision is the digest of its weights."""
    record = {
        "name": name,
        "revision": sha256_of(folder / WEIGHTS),
        "source": source,
        "licence": licence,
        **more,
    }
    write_json(folder / RECORD, record)
    return record


def read_record(folder: Path) -> dict[str, Any] | None:
    """The folder's record; None where it is no finished base model of ours."""
    path = folder / RECORD
    if not path.is_file():
        return None
    record: dict[str, Any] = jsonbounds.loads(path.read_text(encoding="utf-8"))
    return record
