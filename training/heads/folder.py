"""A fitted head on disk: `head.npz` (weights, bias), `head.json` (all else), and what the fit itself answered.

`proof.jsonl` has questions and `proof.npz` their probabilities: whatever is made of the head must give the same.
"""

import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common import jsonbounds, jsonl
from common.files import write_json
from common.options import Options
from training.heads.answering import Answering
from training.heads.linear import Linear

if TYPE_CHECKING:
    from training.heads.linear import Array

WEIGHTS, TOLD = "head.npz", "head.json"
ASKED, CHANCES = "proof.jsonl", "proof.npz"
# The encoder that was trained together with the head, where it was; else that is the base's.
ENCODER = "encoder"


class HeadRecord(Options):
    """`head.json`. `encoder`: its record (`common.encoder.EncoderRecord`); `figures`: what was measured at the fit."""

    format: int = 1
    exclusive: bool
    answering: Answering
    encoder: dict[str, Any]
    figures: dict[str, Any]


@dataclass(frozen=True)
class Fitted:
    """A head whose scores are calibrated, and its record."""

    head: Linear
    record: HeadRecord


@dataclass(frozen=True)
class Proof:
    """Questions, as messages, and the probabilities that the fit gave, shape (questions, labels)."""

    messages: list[list[dict[str, str]]]
    chances: "Array"


def save(folder: Path, fitted: Fitted, proof: Proof) -> None:
    """Write all of it into a folder that is there."""
    import numpy as np

    np.savez(folder / WEIGHTS, weights=fitted.head.weights, bias=fitted.head.bias)
    np.savez(folder / CHANCES, chances=np.asarray(proof.chances, dtype=np.float32))
    jsonl.write(folder / ASKED, ({"messages": each} for each in proof.messages))
    write_json(folder / TOLD, fitted.record.model_dump(mode="json"))


def load(folder: Path) -> Fitted:
    """A saved head. Raises `OSError` and `ValueError` where it is gone or damaged."""
    import numpy as np

    with _whole(folder):
        record = HeadRecord.model_validate(jsonbounds.loads((folder / TOLD).read_text(encoding="utf-8")))
        with np.load(folder / WEIGHTS, allow_pickle=False) as kept:
            return Fitted(Linear(kept["weights"], kept["bias"], record.exclusive), record)


def load_proof(folder: Path) -> Proof:
    """What the fit answered. Raises as `load`."""
    import numpy as np

    with _whole(folder):
        messages = [row["messages"] for row in jsonl.read(folder / ASKED)]
        with np.load(folder / CHANCES, allow_pickle=False) as kept:
            chances = kept["chances"]
        if len(messages) != len(chances):
            raise ValueError(f"{len(messages)} questions and {len(chances)} answers")
        return Proof(messages, chances)


@contextmanager
def _whole(folder: Path) -> Iterator[None]:
    """What damaged files raise as one kind of error."""
    try:
        yield
    except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"The fitted head in {folder} is damaged: {error}") from error
