"""What a sentence encoder is, seen by opening it: its record, and that it gives numbers."""

from pathlib import Path
from typing import Any

from common.encoder import EncoderError, open_encoder

_TRIED = ("Where is my parcel?", "")


def look(folder: Path, revision: str | None) -> dict[str, Any]:
    """`facts` of the encoder, and `problems`: sentences on what makes it unusable."""
    try:
        encoder = open_encoder(folder, revision=revision)
        encoder.encode(_TRIED)
    except EncoderError as error:
        return {"facts": {}, "problems": [str(error)]}
    record = encoder.record
    facts = record.model_dump(mode="json", include={"languages", "limit", "dimension", "runs", "licence", "revision"})
    size = (folder / record.runs).stat().st_size
    return {"facts": {**facts, "encoder": record.name, "bytes": size, "files": str(folder)}, "problems": []}
