"""The vectors: of real texts by the real encoder, each drawn many times with noise."""

from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from common import jsonl
from common.encoder import open_encoder
from demo.support_tags import SHIPPED

# What one vector is made of: a message, one of its sentences, or two sentences of different messages.
MIXED = 4_000
CHUNK = 20_000


def texts(folder: Path | None) -> list[str]:
    """The shipped messages, what is in the folder, their sentences, and some put together anew."""
    whole = [str(row["text"]) for row in jsonl.read(SHIPPED)]
    whole += [line for path in sorted(folder.glob("*.txt")) for line in _lines(path)] if folder else []
    whole += [str(row["text"]) for path in sorted(folder.glob("*.jsonl")) for row in jsonl.read(path)] if folder else []
    parts = [part.strip() for text in whole for part in text.replace("? ", ". ").split(". ") if len(part) > 15]
    pairs = np.random.default_rng(1).integers(0, len(parts), size=(MIXED, 2))
    return list(dict.fromkeys([*whole, *parts, *(f"{parts[one]}. {parts[other]}." for one, other in pairs)]))


def real_vectors(options: Namespace) -> Any:
    """Of those texts, shape (texts, dimension), float32, each of length one."""
    return open_encoder(options.encoder).encode(texts(options.folder)).vectors


def noisy(real: Any, count: int, noise: float, seed: int) -> Iterator[Any]:
    """`count` rows of length one in chunks: each a real one, by chance, and noise of that length in any direction."""
    chance = np.random.default_rng(seed)
    for start in range(0, count, CHUNK):
        drawn = real[chance.integers(0, len(real), size=min(CHUNK, count - start))]
        other = chance.standard_normal(drawn.shape, dtype=np.float32) * (noise / drawn.shape[1] ** 0.5)
        found = drawn + other
        yield found / np.linalg.norm(found, axis=1, keepdims=True)


def _lines(path: Path) -> list[str]:
    return [line.strip() for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
