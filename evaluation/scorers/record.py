"""Records: micro-F1 over their fields' values, rows of lists put side by side where they have the most in common.

A field's value is right where it is the same: numbers and choices by value, texts without regard to case, to runs of
white space and to their Unicode form. What is left out or null is no value. Lists of single values are bags; each row
of a list of objects is held against one other, those with the most in common first.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from common.text import nfkc
from evaluation.scorers.base import Counts, Scored, by_frequency, ratio
from evaluation.scorers.micro import MicroF1
from labeling.kinds import Answer

Leaf = tuple[str, str]
Table = dict[str, Counts]


class RecordScorer(MicroF1):
    """Micro-F1 over all fields of all cases: it is worked out anew from the counts of the cases that are drawn."""

    main = "f1_fields"
    title = "field F1"
    rows = ("fields", "Field")
    columns = (
        ("f1_fields", "Field F1", "Micro-F1 over the values of all fields of all cases"),
        ("precision_fields", "Precision", "Of the values given, the share that is right"),
        ("recall_fields", "Recall", "Of the right values, the share that was given"),
        ("exact_records", "Whole records", "The share of cases whose record is right in every field"),
    )

    def is_exact(self, case: Scored) -> bool:
        """Whether every field's value is right, and none is given in vain."""
        each = compared(case.expected, case.read)
        return case.read is not None and not any(counts.fp or counts.fn for _, counts in each)

    def count_case(self, case: Scored) -> Counts:
        """Values of one case that are right, given in vain, and missed."""
        counts = sum(self.per_field([case]).values(), Counts())
        return Counts(fp=1) if case.is_failed and not counts.support else counts

    def per_field(self, cases: Sequence[Scored]) -> Table:
        """Counts by field: its place without the numbers of rows."""
        table: Table = {}
        for case in cases:
            for path, counts in compared(case.expected, case.read):
                table[path] = table.get(path, Counts()) + counts
        return table

    def case_scores(self, case: Scored) -> dict[str, float]:
        """Counts and F1."""
        counts = self.count_case(case)
        return {"tp": counts.tp, "fp": counts.fp, "fn": counts.fn, "f1": counts.f1}

    def figures(self, cases: Sequence[Scored]) -> dict[str, Any]:
        """Micro means, whole records, and a row a field under `fields`."""
        total = self._total(cases)
        return {
            self.main: total.f1,
            "precision_fields": total.precision,
            "recall_fields": total.recall,
            "exact_records": ratio(sum(map(self.is_exact, cases)), len(cases)),
            "fields": {path: _row(counts) for path, counts in self.per_field(cases).items()},
        }

    def _total(self, cases: Sequence[Scored]) -> Counts:
        return sum(map(self.count_case, cases), Counts())

    def constant_answer(self, answers: Sequence[Answer], limit: int | None = None) -> Answer:
        """Of each field that at least half of the answers have, the most common value. Raises `ValueError` on none."""
        if not answers:
            raise ValueError("There are no golden answers to choose a constant from.")
        return _most_common(answers)


def compared(expected: Any, got: Any, path: str = "") -> Iterator[tuple[str, Counts]]:
    """The counts of each field of two values, either of which may be None."""
    if isinstance(expected, dict) or isinstance(got, dict):
        one, other = (value if isinstance(value, dict) else {} for value in (expected, got))
        for name in dict.fromkeys([*one, *other]):
            yield from compared(one.get(name), other.get(name), f"{path}/{name}")
    elif isinstance(expected, list) or isinstance(got, list):
        rows, others = (value if isinstance(value, list) else [] for value in (expected, got))
        if any(isinstance(each, dict) for each in (*rows, *others)):
            for left, right in paired(rows, others):
                yield from compared(left, right, f"{path}/*")
        else:
            yield path, _bags(Counter(map(_same, rows)), Counter(map(_same, others)))
    else:
        wanted, found = (Counter([_same(value)] if _is_value(value) else []) for value in (expected, got))
        if wanted or found:
            yield path, _bags(wanted, found)


def paired(expected: Sequence[Any], got: Sequence[Any]) -> list[tuple[Any, Any]]:
    """Rows side by side: those with the most leaves in common first, in order where it is the same; None for none."""
    wanted, found = ([Counter(_leaves(each)) for each in rows] for rows in (expected, got))
    near = [
        (-(left & right).total(), abs(at - to), at, to)
        for at, left in enumerate(wanted)
        for to, right in enumerate(found)
    ]
    partner: dict[int, int] = {}
    for _, _, at, to in sorted(near):
        if at not in partner and to not in partner.values():
            partner[at] = to
    pairs = [(each, got[partner[at]] if at in partner else None) for at, each in enumerate(expected)]
    return [*pairs, *((None, each) for to, each in enumerate(got) if to not in partner.values())]


def _bags(wanted: Counter[str], found: Counter[str]) -> Counts:
    both = (wanted & found).total()
    return Counts(both, found.total() - both, wanted.total() - both)


def _leaves(value: Any, path: str = "") -> Iterator[Leaf]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _leaves(inner, f"{path}/{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner, f"{path}/*")
    elif _is_value(value):
        yield path, _same(value)


def _is_value(value: Any) -> bool:
    return value is not None and value != ""


def _same(value: Any) -> str:
    """Equal for values that count as the same."""
    if isinstance(value, str):
        return json.dumps(" ".join(nfkc(value).casefold().split()))
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value)


def _most_common(answers: Sequence[Answer]) -> Answer:
    found: Answer = {}
    for name in dict.fromkeys(name for answer in answers for name in answer):
        values = [answer[name] for answer in answers if name in answer]
        if len(values) * 2 < len(answers):
            continue
        if all(isinstance(value, dict) for value in values):
            found[name] = _most_common(values)
        else:
            written = [json.dumps(value, sort_keys=True) for value in values]
            found[name] = values[written.index(by_frequency(Counter(written))[0])]
    return found


def _row(counts: Counts) -> dict[str, float]:
    row = {"support": counts.support, "tp": counts.tp, "fp": counts.fp, "fn": counts.fn}
    return row | {"precision": counts.precision, "recall": counts.recall, "f1": counts.f1}
