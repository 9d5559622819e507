"""The data sets, and what one draw of them is: golden samples by the project's splits, and the cases that judge."""

import csv
import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from common import jsonl
from demo import support_tags
from labeling.kinds import Answer, LabelDef, Spec, canonical
from labeling.splits import group_key, split_for

# A text and its right answer.
Row = tuple[str, Answer]
# Of each label of BANKING77: 385 of 3,080 cases, so that answering them stays a small part of the cost.
CASES_A_LABEL = 5
# Of GoEmotions, of 5,427.
CASES_OF_COMMENTS = 500


class Sized(NamedTuple):
    """A data set and a number of golden samples."""

    name: str
    rows: int


@dataclass(frozen=True)
class Loaded:
    """A task, the rows that golden samples are drawn from, and the test cases."""

    spec: Spec
    pool: list[Row]
    cases: list[Row]


@dataclass(frozen=True)
class Drawn:
    """What one draw learns from, and what it is judged by."""

    spec: Spec
    train: list[Row]
    validation: list[Row]
    cases: list[Row]


@dataclass(frozen=True)
class DataSet:
    """`key` and `shares` are those of its project, which decide the splits; `files` come from outside."""

    key: str
    shares: tuple[int, int, int]
    sizes: tuple[int, ...]
    load: Callable[[Path], Loaded]
    files: tuple[str, ...] = ()
    evenly: bool = False

    def draw(self, folder: Path, rows: int, number: int, *, hold_out: str) -> Drawn:
        """Draw `number` of `rows` golden samples. Held out are the test cases, or as many other rows of the pool."""
        loaded = self.load(folder)
        chance = random.Random(f"{self.key}:{rows}:{number}:{hold_out}")
        golden = self._some(loaded.pool, rows, chance)
        if len(golden) < rows:
            raise ValueError(f"{self.key} has {len(golden)} rows to draw {rows} golden samples from.")
        cases = loaded.cases
        if hold_out != "test":
            cases = self._some(without(loaded.pool, golden), len(cases), chance)
        by_split = defaultdict(list)
        for text, answer in golden:
            by_split[split_for(group_key(text), self.shares, self.key)].append((text, answer))
        return Drawn(loaded.spec, by_split["train"], by_split["validation"], cases)

    def _some(self, rows: Sequence[Row], count: int, chance: random.Random) -> list[Row]:
        shuffled = chance.sample(rows, len(rows))
        return (evenly(shuffled, chance) if self.evenly else shuffled)[:count]


def evenly(rows: Iterable[Row], chance: random.Random) -> list[Row]:
    """The rows in rounds of one a label, the labels of each round in an order of its own."""
    by_label = defaultdict[str, list[Row]](list)
    for row in rows:
        by_label[json.dumps(row[1])].append(row)
    longest = max(map(len, by_label.values()), default=0)
    rounds = [[own[place] for own in by_label.values() if place < len(own)] for place in range(longest)]
    return [row for each in rounds for row in chance.sample(each, len(each))]


def without(rows: Sequence[Row], others: Sequence[Row]) -> list[Row]:
    """The rows that are like none of the others."""
    groups = {group_key(text) for text, _ in others}
    return [row for row in rows if group_key(row[0]) not in groups]


def _support_tags(folder: Path) -> Loaded:
    """The demo's messages. The test cases are the 171 that its project's splits leave to the test."""
    data, spec = SETS["support_tags"], support_tags.spec()
    pool, cases = [], []
    for message in jsonl.read(support_tags.SHIPPED):
        answer = canonical(spec, {"labels": message["labels"]}, None)
        is_case = split_for(group_key(message["text"]), data.shares, data.key) == "test"
        (cases if is_case else pool).append((message["text"], answer))
    return Loaded(spec, pool, cases)


def _banking77(folder: Path) -> Loaded:
    """Questions of a bank's customers. The test cases are a fixed part of its authors' test file."""
    whole = _whole_banking77(folder)
    chance = random.Random("banking77")
    cases = evenly(chance.sample(whole.cases, len(whole.cases)), chance)[: CASES_A_LABEL * len(whole.spec.labels)]
    return Loaded(whole.spec, without(whole.pool, cases), cases)


def _whole_banking77(folder: Path) -> Loaded:
    labels = json.loads((folder / "banking77/categories.json").read_text(encoding="utf-8"))
    spec = Spec("single_label", "Name the intent of the customer's question.", tuple(map(LabelDef, labels)))
    return Loaded(spec, _questions(folder / "banking77/train.csv"), _questions(folder / "banking77/test.csv"))


def _questions(file: Path) -> list[Row]:
    with file.open(encoding="utf-8", newline="") as lines:
        return [(row["text"].strip(), {"label": row["category"]}) for row in csv.DictReader(lines)]


def _goemotions(folder: Path) -> Loaded:
    """Comments and their emotions, none to several of 28. The test cases are a fixed part of the authors' test file."""
    whole = _whole_goemotions(folder)
    cases = random.Random("goemotions").sample(whole.cases, CASES_OF_COMMENTS)
    return Loaded(whole.spec, without(whole.pool, cases), cases)


def _whole_goemotions(folder: Path) -> Loaded:
    place = folder / "goemotions"
    labels = (place / "labels.txt").read_text(encoding="utf-8").split()
    spec = Spec("multi_label", "Name the emotions of the comment.", tuple(map(LabelDef, labels)))
    train, test = (_comments(place / name, spec, labels) for name in ("train.tsv", "test.tsv"))
    return Loaded(spec, train, test)


_WHOLE = {"banking77": _whole_banking77, "goemotions": _whole_goemotions}


def whole(name: str, folder: Path) -> Loaded:
    """All rows of the authors' training file that are like none of the test file, and all of the test file."""
    found = _WHOLE[name](folder)
    return Loaded(found.spec, without(found.pool, found.cases), found.cases)


def _comments(file: Path, spec: Spec, labels: Sequence[str]) -> list[Row]:
    with file.open(encoding="utf-8", newline="") as lines:
        rows = [(row[0].strip(), row[1]) for row in csv.reader(lines, delimiter="\t")]
    named = ((text, [labels[int(number)] for number in numbers.split(",")]) for text, numbers in rows)
    return [(text, canonical(spec, {"labels": names}, None)) for text, names in named]


SETS: dict[str, DataSet] = {
    "support_tags": DataSet(support_tags.KEY, (60, 15, 25), (50, 200, 400), _support_tags),
    "banking77": DataSet(
        "banking77",
        (60, 15, 0),
        (300, 600),
        _banking77,
        files=("banking77/train.csv", "banking77/test.csv", "banking77/categories.json"),
        evenly=True,
    ),
    "goemotions": DataSet(
        "goemotions",
        (60, 15, 0),
        (1000, 2000),
        _goemotions,
        files=("goemotions/train.tsv", "goemotions/test.tsv", "goemotions/labels.txt"),
    ),
}


def sized(word: str) -> list[Sized]:
    """What `support_tags:50` means, or `support_tags`, which is all its sizes. Raises `ValueError` on other words."""
    name, _, rows = word.partition(":")
    sizes = SETS[name].sizes if name in SETS else ()
    if not sizes or (rows and rows not in map(str, sizes)):
        known = ", ".join(f"{name}:{size}" for name, each in SETS.items() for size in each.sizes)
        raise ValueError(f"There is no set {word!r}; there are {known}.")
    return [Sized(name, size) for size in sizes if not rows or size == int(rows)]
