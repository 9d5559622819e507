"""Spans: micro-F1 of pieces that are right to the character and in their label; figures of overlaps beside it.

The main figure is counted here, as the paired test needs it case by case. What overlaps is matched by nervaluate, by
the rules of MUC and SemEval 2013 task 9.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from evaluation.methods.gazetteer import Gazetteer
from evaluation.scorers.base import Baseline, Counts, Example, Scored, Task, ratio
from evaluation.scorers.labels import label_row, macro
from evaluation.scorers.micro import MicroF1
from labeling.kinds import Answer
from labeling.kinds.quotes import Span
from labeling.kinds.spans import spans_in

_ANY = Task()


class SpanScorer(MicroF1):
    """Micro-F1 over all spans of all cases: label, begin and end have to be right."""

    main = "span_f1"
    title = "exact span F1"
    columns = (
        ("span_f1", "Exact span F1", "Over all spans of all cases: label, begin and end are right"),
        ("span_f1_type", "Overlapping F1", "A span that touches one of its label counts as right (ent_type)"),
        ("span_f1_partial", "Boundary F1", "Whatever the label; a span that only touches one counts half (partial)"),
        ("span_f1_macro", "Macro-F1", "Mean of the exact F1 of the labels that the right answers have"),
        ("precision_micro", "Precision", "Of the spans given, the share that is right"),
        ("recall_micro", "Recall", "Of the right spans, the share that was given"),
    )

    @property
    def baselines(self) -> dict[str, Baseline]:
        """Nothing at all, and what the training answers mark, wherever it stands."""
        return {
            "constant": Baseline("Nothing marked", self.constant),
            "gazetteer": Baseline("Pieces marked in training, wherever they stand (longest match)", self.gazetteer),
        }

    def is_exact(self, case: Scored) -> bool:
        """Whether the same pieces have the same labels."""
        return case.read is not None and set(spans_in(case.read)) == set(spans_in(case.expected))

    def count_case(self, case: Scored) -> Counts:
        """Spans of one case that are right, given in vain, and missed.

        An answer that failed where none was expected is one given in vain.
        """
        expected, got = set(spans_in(case.expected)), set(spans_in(case.read))
        if case.is_failed and not expected:
            return Counts(fp=1)
        return Counts(len(expected & got), len(got - expected), len(expected - got))

    def right_labels(self, case: Scored) -> frozenset[str]:
        """The labels of spans that are right."""
        return frozenset(span.label for span in set(spans_in(case.expected)) & set(spans_in(case.read)))

    def per_label(self, cases: Iterable[Scored]) -> dict[str, Counts]:
        """Exact counts of every label that was expected or given in any case, by name."""
        table: dict[str, Counts] = {}
        for case in cases:
            expected, got = set(spans_in(case.expected)), set(spans_in(case.read))
            parts = (expected & got, got - expected, expected - got)
            tp, fp, fn = (Counter(span.label for span in part) for part in parts)
            for label in tp.keys() | fp.keys() | fn.keys():
                table[label] = table.get(label, Counts()) + Counts(tp[label], fp[label], fn[label])
        return dict(sorted(table.items()))

    def case_scores(self, case: Scored) -> dict[str, float]:
        """Counts and F1."""
        counts = self.count_case(case)
        return {"tp": counts.tp, "fp": counts.fp, "fn": counts.fn, "f1": counts.f1}

    def figures(self, cases: Sequence[Scored]) -> dict[str, Any]:
        """Exact, overlapping and macro means, and a row a label under `labels`, with `f1_type` for overlaps."""
        table, total = self.per_label(cases), sum(map(self.count_case, cases), Counts())
        by_type, partial, types = _overlapping(cases)
        return {
            self.main: total.f1,
            "span_f1_type": by_type,
            "span_f1_partial": partial,
            "span_f1_macro": macro(table)["f1"],
            "precision_micro": total.precision,
            "recall_micro": total.recall,
            "labels": {name: label_row(counts) | {"f1_type": types[name]} for name, counts in table.items()},
        }

    def constant_answer(self, answers: Sequence[Answer], limit: int | None = None) -> Answer:
        """Nothing: no place of one text means anything in another. Raises `ValueError` on no answers."""
        if not answers:
            raise ValueError("There are no golden answers to choose a constant from.")
        return {"spans": []}

    def gazetteer(self, train: Sequence[Example], test: Sequence[Example], task: Task = _ANY) -> list[Scored]:
        """The test cases with every piece marked that training marks more often than not. Raises on no rows."""
        if not train:
            raise ValueError("There are no golden samples to train on.")
        learned = Gazetteer([(text, spans_in(answer)) for text, answer in train])
        return [Scored(expected, {"spans": _stored(text, learned.spans(text))}) for text, expected in test]


def _stored(text: str, spans: Iterable[Span]) -> list[dict[str, Any]]:
    return [{"label": each.label, "start": each.start, "end": each.end, "text": text[each.start : each.end]}
            for each in sorted(spans)]  # fmt: skip


def _overlapping(cases: Sequence[Scored]) -> tuple[float, float, dict[str, float]]:
    """F1 by `ent_type` and `partial` over all labels, and by `ent_type` of each label."""
    from nervaluate.entities import Entity
    from nervaluate.strategies import EntityTypeEvaluation, PartialEvaluation

    by_type, partial = EntityTypeEvaluation(), PartialEvaluation()
    sums = {"type": _Sum(), "partial": _Sum()}
    labels: dict[str, _Sum] = {}
    for case in cases:
        # Its ends are included.
        true, given = (
            [Entity(span.label, span.start, span.end - 1) for span in spans_in(answer)]
            for answer in (case.expected, case.read)
        )
        for name, strategy in (("type", by_type), ("partial", partial)):
            sums[name].add(strategy.evaluate(true, given, [])[0])
            sums[name].given += case.is_failed and not true
        for label in {each.label for each in (*true, *given)}:
            one = ([each for each in side if each.label == label] for side in (true, given))
            labels.setdefault(label, _Sum()).add(by_type.evaluate(*one, [])[0])
    return sums["type"].f1, sums["partial"].f1, {label: each.f1 for label, each in labels.items()}


class _Sum:
    """What was right (half where it only touches), of what was given and of what was expected."""

    def __init__(self) -> None:
        self.right, self.given, self.expected = 0.0, 0, 0

    def add(self, found: Any) -> None:
        self.right += found.correct + found.partial / 2
        self.given += found.actual
        self.expected += found.possible

    @property
    def f1(self) -> float:
        return ratio(2 * self.right, self.given + self.expected)
