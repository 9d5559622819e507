"""What is proven of an export: the full one against torch, the small one by what heads on it are worth."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common import jsonl
from common.encoder import Encoder
from training.engine.errors import EngineError

if TYPE_CHECKING:
    import torch

CLOSE = 1e-4
WORSE = 0.005
PARTS = 3
# Beside the shipped messages: other scripts, no word at all, and more than any encoder reads.
ODD = ("", " ", "Где моя посылка?", "我的包裹在哪里", "أين طردي", "👍🏽 !!!", "a", "word " * 700)


def vectors_differ(pooled: "torch.nn.Module", encoder: Encoder, texts: Sequence[str]) -> float:
    """The greatest difference of any number of any vector between torch and the export; each text by itself in torch.

    Raises `EngineError` above 1e-4.
    """
    import numpy as np
    import torch

    asked = [*texts, *ODD]
    found, greatest = encoder.encode(asked).vectors, 0.0
    with torch.no_grad():
        for text, vector in zip(asked, found, strict=True):
            ids = torch.tensor([encoder.ids(text)])
            want = pooled(ids, torch.ones_like(ids)).numpy()[0]
            greatest = max(greatest, float(np.abs(want - vector).max()))
    if not greatest <= CLOSE:
        raise EngineError(f"The exported encoder's vectors differ from torch's by {greatest:.1e}, more than {CLOSE}.")
    return greatest


def worth(encoders: Sequence[Encoder], data: Path) -> list[float]:
    """For each encoder the micro-F1 of heads on labelled messages that they had not seen, in three parts."""
    rows = list(jsonl.read(data))
    random.Random(7).shuffle(rows)
    return [_f1(encoder, rows) for encoder in encoders]


def _f1(encoder: Encoder, rows: list[dict[str, Any]]) -> float:
    import numpy as np

    from training.heads.choosing import tried

    names = sorted({name for row in rows for name in row["labels"]})
    targets = np.array([[name in row["labels"] for name in names] for row in rows], dtype=float)
    vectors = encoder.encode([row["text"] for row in rows]).vectors
    return tried(vectors, targets, len(rows), exclusive=False, c=10.0, folds=PARTS).score or 0.0
