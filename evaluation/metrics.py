"""How good answers are: pure functions over scored cases.

A failed answer counts as an empty one: every expected label is missed, and it is never exact. A rate over no cases
is 0.0, and so is a precision, recall or F1 whose denominator is zero (as scikit-learn has it by default).
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from labeling.answers import Status
from labeling.kinds import TEXT, Answer

Z_95 = 1.959963984540054


@dataclass(frozen=True)
class Scored:
    """One case: the right answer, the answer that came (None where it failed), and how it was read."""

    expected: Answer
    got: Answer | None
    status: str = Status.STRICT


@dataclass(frozen=True)
class Counts:
    """True positives, false positives and false negatives, and the figures that follow from them."""

    tp: int = 0
    fp: int = 0
    fn: int = 0

    @property
    def support(self) -> int:
        """How often it was expected."""
        return self.tp + self.fn

    @property
    def precision(self) -> float:
        """Share of what was given that was right."""
        return _ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        """Share of what was expected that was given."""
        return _ratio(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return _ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)


def psr(cases: Sequence[Scored]) -> float:
    """Parsing success rate: the share of answers that were read, strictly or repaired."""
    return _ratio(sum(case.status != Status.FAILED for case in cases), len(cases))


def fcr(cases: Sequence[Scored]) -> float:
    """Format correction rate: the share of all answers that had to be repaired."""
    return _ratio(sum(case.status == Status.REPAIRED for case in cases), len(cases))


def is_exact(case: Scored) -> bool:
    """Whether the answer is the right one, whole."""
    if case.status == Status.FAILED or case.got is None:
        return False
    if "text" in case.expected:
        return case.got == case.expected
    return labels_of(case.got) == labels_of(case.expected)


def exact_match(cases: Sequence[Scored]) -> float:
    """Share of cases answered exactly; for one label this is accuracy."""
    return _ratio(sum(map(is_exact, cases)), len(cases))


def labels_of(answer: Answer | None) -> frozenset[str]:
    """The labels in an answer, none where there is no answer."""
    if answer is None:
        return frozenset()
    return frozenset([answer["label"]] if "label" in answer else answer["labels"])


def count_case(case: Scored) -> Counts:
    """Labels of one case that are right, given in vain, and missed."""
    expected = labels_of(case.expected)
    got = labels_of(None if case.status == Status.FAILED else case.got)
    return Counts(len(expected & got), len(got - expected), len(expected - got))


def micro(cases: Iterable[Scored]) -> Counts:
    """Counts summed over all labels of all cases."""
    return sum(map(count_case, cases), Counts())


def per_label(cases: Sequence[Scored]) -> dict[str, Counts]:
    """Counts of every label that was expected or given in any case, by name."""
    table: dict[str, Counts] = {}
    for case in cases:
        expected = labels_of(case.expected)
        got = labels_of(None if case.status == Status.FAILED else case.got)
        for label in expected | got:
            one = Counts(label in expected & got, label in got - expected, label in expected - got)
            table[label] = table.get(label, Counts()) + one
    return dict(sorted(table.items()))


def macro(cases: Sequence[Scored]) -> dict[str, float]:
    """Unweighted means of precision, recall and F1 over the labels expected or given at least once."""
    table = list(per_label(cases).values())
    return {
        "precision": _ratio(sum(row.precision for row in table), len(table)),
        "recall": _ratio(sum(row.recall for row in table), len(table)),
        "f1": _ratio(sum(row.f1 for row in table), len(table)),
    }


def wilson(successes: int, total: int, z: float = Z_95) -> tuple[float, float]:
    """Wilson's score interval of a rate (95 % unless `z` says otherwise); (0, 1) where nothing was seen."""
    if total == 0:
        return 0.0, 1.0
    rate, square = successes / total, z * z / total
    middle, half = rate + square / 2, z * math.sqrt((rate * (1 - rate) + square / 4) / total)
    return max(0.0, (middle - half) / (1 + square)), min(1.0, (middle + half) / (1 + square))


def percentiles(values: Iterable[float], points: Sequence[float] = (50, 90, 99)) -> dict[str, float]:
    """Percentiles, linear between neighbours, as `{"p50": ...}`, and the greatest as `max`; {} of no values."""
    ordered = sorted(values)
    if not ordered:
        return {}
    found = {f"p{point:g}": _percentile(ordered, point / 100) for point in points}
    return found | {"max": ordered[-1]}


def summary(kind: str, cases: Sequence[Scored], latencies_ms: Iterable[float] = ()) -> dict[str, Any]:
    """Every figure of a benchmark as one JSON object; its main figure stands under `main` (see `main_metric`)."""
    read = sum(case.status != Status.FAILED for case in cases)
    exact = sum(map(is_exact, cases))
    figures: dict[str, Any] = {
        "cases": len(cases),
        "psr": psr(cases),
        "psr_interval": wilson(read, len(cases)),
        "fcr": fcr(cases),
        "exact": exact_match(cases),
        "exact_interval": wilson(exact, len(cases)),
        "latency_ms": percentiles(latencies_ms, (50, 95, 99)),
    }
    if kind == TEXT:
        from evaluation.text_metrics import text_summary

        figures |= text_summary(cases)
    else:
        total, means = micro(cases), macro(cases)
        figures |= {"precision_micro": total.precision, "recall_micro": total.recall, "f1_micro": total.f1}
        figures |= {f"{name}_macro": value for name, value in means.items()}
        figures["labels"] = {name: _row(counts) for name, counts in per_label(cases).items()}
    return figures | {"main_metric": main_metric(kind), "main": main_value(kind, cases)}


def main_metric(kind: str) -> str:
    """The figure that the gate judges: micro-F1 of several labels, exactness of one, token F1 of texts."""
    return {"multi_label": "f1_micro", "single_label": "exact", TEXT: "token_f1"}[kind]


def main_value(kind: str, cases: Sequence[Scored]) -> float:
    """The kind's main figure, 0 to 1, over `cases`."""
    if kind == TEXT:
        from evaluation.text_metrics import case_token_f1

        return _ratio(sum(map(case_token_f1, cases)), len(cases))
    return micro(cases).f1 if main_metric(kind) == "f1_micro" else exact_match(cases)


def _row(counts: Counts) -> dict[str, float]:
    row = {"support": counts.support, "tp": counts.tp, "fp": counts.fp, "fn": counts.fn}
    return row | {"precision": counts.precision, "recall": counts.recall, "f1": counts.f1}


def _percentile(ordered: Sequence[float], share: float) -> float:
    position = share * (len(ordered) - 1)
    low = math.floor(position)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (position - low)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
