"""The rows of each data set as the product asks them: prompt and completion, the same for every trainer."""

import csv
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.datasets.sources import banking77
from common import jsonl
from demo import support_tags
from labeling import prompts
from labeling.kinds import LabelDef, Spec

SEED = 7
Row = dict[str, Any]
# The file of each data set that comes from outside, below the folder that is given.
FILES = {"banking77": "banking77/train.csv", "gsm8k": "gsm8k/train.jsonl"}


def outside(name: str, folder: Path | None) -> Path | None:
    """The file that the data set needs; None where it is part of this project."""
    return (folder or Path()) / FILES[name] if name in FILES else None


def rows_of(name: str, folder: Path | None, count: int) -> list[Row]:
    """`count` rows, drawn by a fixed seed."""
    rows = list(SETS[name](folder or Path()))
    return random.Random(SEED).sample(rows, count)


def _support_tags(folder: Path) -> Iterator[Row]:
    """The demo's messages: short texts, short answers."""
    spec = support_tags.spec()
    for message in jsonl.read(support_tags.SHIPPED):
        yield prompts.training_row(spec, message["text"], {"labels": message["labels"]})


def _banking77(folder: Path) -> Iterator[Row]:
    """One of 77 intents, the list of which stands in each prompt: nine tenths of a row."""
    data = banking77(folder / "banking77")
    spec = Spec(data.kind, data.instruction, tuple(map(LabelDef, data.labels)))
    with data.file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            yield prompts.training_row(spec, row["text"], {"label": row["category"]})


def _gsm8k(folder: Path) -> Iterator[Row]:
    """Worked answers to problems: long answers, of very unequal length."""
    spec = Spec("text", "Solve the problem step by step. End with #### and the number.")
    with (folder / FILES["gsm8k"]).open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            yield prompts.training_row(spec, row["question"], {"text": row["answer"]})


SETS: dict[str, Callable[[Path], Iterator[Row]]] = {
    "support_tags": _support_tags,
    "banking77": _banking77,
    "gsm8k": _gsm8k,
}
