"""How answers of one kind are judged. Pure: no Django, and no heavy library before a figure asks for it.

A failed answer counts as an empty one: every expected part is missed, and it is never exact. Where nothing is expected
it counts as one part given in vain, so that it is never free. A rate over no cases is 0.0, and so is a precision,
recall or F1 whose denominator is zero (as scikit-learn has it by default).
"""

import json
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from evaluation.methods import Vectors
from labeling.answers import Status
from labeling.kinds import Answer

# Name in `metrics`, title, what it says.
Column = tuple[str, str, str]
# What was put to the model, in words, and the answer.
Example = tuple[str, Answer]


@dataclass(frozen=True)
class Scored:
    """One case: the right answer, the answer that came (None where it failed), and how it was read."""

    expected: Answer
    got: Answer | None
    status: str = Status.STRICT

    @property
    def read(self) -> Answer | None:
        """The answer that came, None where it could not be read."""
        return None if self.is_failed else self.got

    @property
    def is_failed(self) -> bool:
        """Whether the answer could not be read."""
        return self.status == Status.FAILED


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
        return ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        """Share of what was expected that was given."""
        return ratio(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        return ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.tp + other.tp, self.fp + other.fp, self.fn + other.fn)


@dataclass(frozen=True)
class Task:
    """What a simple method knows of a task beside its golden samples: at most so many labels, what is said of each.

    `vectors`: texts to rows of unit length by a sentence encoder, where there is one.
    """

    limit: int | None = None
    described: Mapping[str, str] = field(default_factory=dict)
    vectors: Vectors | None = None


@dataclass(frozen=True)
class Baseline:
    """A simple method: it answers the test cases, in order, after the training rows.

    `encoder`: it needs one (True), or stands there where there is none (False).
    """

    title: str
    run: Callable[[Sequence[Example], Sequence[Example], Task], list[Scored]]
    encoder: bool | None = None


_ANY = Task()


class Scorer(ABC):
    """One kind's figures: `main`, called `title` in sentences, is the one that the gate judges, 0 to 1."""

    main: ClassVar[str]
    title: ClassVar[str]
    columns: ClassVar[tuple[Column, ...]] = ()
    # Of benchmarks that have them: by the language of the texts, or by a definition of before.
    sometimes: ClassVar[tuple[Column, ...]] = ()
    # What answers are made of: where a row for each is in `metrics`, and what one is called.
    rows: ClassVar[tuple[str, str]] = ("labels", "Label")

    @property
    def baselines(self) -> dict[str, Baseline]:
        """The simple methods that stand beside a version, by name."""
        return {"constant": Baseline("Best constant answer", self.constant)}

    def is_exact(self, case: Scored) -> bool:
        """Whether the answer is the right one, whole."""
        return case.read is not None and case.read == case.expected

    @abstractmethod
    def case_scores(self, case: Scored) -> dict[str, float]:
        """The figures of one case."""

    @abstractmethod
    def figures(self, cases: Sequence[Scored]) -> dict[str, Any]:
        """The figures over all cases that `columns` and `sometimes` name, and what else belongs to them, as JSON."""

    @abstractmethod
    def parts(self, case: Scored) -> list[float]:
        """The numbers of one case that the main figure is worked out from, once they are summed over cases."""

    def figure(self, sums: Any, cases: int) -> Any:
        """The main figure from the sums of `parts`, arrays of one shape; a mean over cases unless it is another."""
        return sums[0] / cases

    def main_value(self, cases: Sequence[Scored]) -> float:
        """The main figure over `cases`."""
        return ratio(sum(self.parts(case)[0] for case in cases), len(cases))

    def right_labels(self, case: Scored) -> frozenset[str]:
        """The labels that were expected and given; none in kinds without labels."""
        return frozenset()

    def told(self, metrics: Mapping[str, Any]) -> str:
        """What a page says of how the figures in `metrics` were made; empty where that goes without saying."""
        return ""

    def constant_answer(self, answers: Sequence[Answer], limit: int | None = None) -> Answer:
        """The one answer that fits `answers` best: the most frequent, the first in alphabetical order of several.

        Raises `ValueError` on no answers.
        """
        if not answers:
            raise ValueError("There are no golden answers to choose a constant from.")
        written = [json.dumps(answer, sort_keys=True) for answer in answers]
        return answers[written.index(by_frequency(Counter(written))[0])]

    def constant(self, train: Sequence[Example], test: Sequence[Example], task: Task = _ANY) -> list[Scored]:
        """The test cases answered by the training rows' best constant answer."""
        answer = self.constant_answer([answer for _, answer in train], task.limit)
        return [Scored(expected, answer) for _, expected in test]


def ratio(part: float, of: float) -> float:
    """A share; 0.0 of nothing."""
    return part / of if of else 0.0


def by_frequency(counts: Counter[str]) -> list[str]:
    """The most frequent first, equal ones in alphabetical order."""
    return sorted(counts, key=lambda name: (-counts[name], name))
