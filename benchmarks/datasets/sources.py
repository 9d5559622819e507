"""The public data sets, as their authors publish them: how they are asked, where their rows and true answers are."""

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.sessions import MissingError

Answer = dict[str, Any]


@dataclass(frozen=True)
class DataSet:
    """A data set: how it is asked, where its rows are, and its true answers by text."""

    kind: str
    instruction: str
    labels: list[str]
    file: Path
    columns: dict[str, Any]
    truth: dict[str, Answer]


def goemotions(folder: Path) -> DataSet:
    """GoEmotions: 43,410 comments with one to five of 28 emotions. Tab-separated, quoted as CSV, labels by number."""
    labels = (folder / "labels.txt").read_text(encoding="utf-8").split()
    file = folder / "train.tsv"
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines, delimiter="\t"))
    truth = {
        key(text): {"labels": [labels[int(number)] for number in sorted(ids.split(","), key=int)]}
        for text, ids, _ in rows
    }
    columns = {"text_column": "0", "id_column": "2", "no_header": True}
    return DataSet("multi_label", "Name the emotions that the comment expresses.", labels, file, columns, truth)


def banking77(folder: Path) -> DataSet:
    """BANKING77: 10,003 questions of a bank's customers, each with one of 77 intents."""
    labels = json.loads((folder / "categories.json").read_text(encoding="utf-8"))
    file = folder / "train.csv"
    with file.open(encoding="utf-8", newline="") as lines:
        truth = {key(row["text"]): {"label": row["category"]} for row in csv.DictReader(lines)}
    return DataSet("single_label", "Name the intent of the customer's question.", labels, file, {}, truth)


DATA_SETS: dict[str, Callable[[Path], DataSet]] = {"goemotions": goemotions, "banking77": banking77}
FILES = {"goemotions": ("train.tsv", "labels.txt"), "banking77": ("train.csv", "categories.json")}


def require(benchmark: str, name: str, folder: Path | None) -> None:
    """Refuse where `folder` does not hold the data set."""
    files, words = FILES[name], [name, "FOLDER"] if benchmark == "datasets" else ["FOLDER"]
    if folder is None or not all((folder / file).is_file() for file in files):
        raise MissingError(
            f"Give the folder that holds {' and '.join(files)} of {name}: make bench NAME={benchmark} "
            f'ARGS="{" ".join(words)}"; benchmarks/datasets/README.md says who publishes it.'
        )


def key(text: str) -> str:
    """A text as it is compared: the import may trim and unify spaces."""
    return " ".join(text.split())
