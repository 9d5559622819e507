"""What kinds share that are judged by micro-F1: labels of a text, pieces of it, fields of a record."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from evaluation.scorers.base import Counts, Scored, Scorer


class MicroF1(Scorer):
    """The F1 over all that the answers of all cases are made of; a case's parts are its numerator and denominator."""

    @abstractmethod
    def count_case(self, case: Scored) -> Counts:
        """What of one case is right, given in vain, and missed."""

    def parts(self, case: Scored) -> list[float]:
        """Numerator and denominator of F1."""
        counts = self.count_case(case)
        return [2 * counts.tp, 2 * counts.tp + counts.fp + counts.fn]

    def figure(self, sums: Any, cases: int) -> Any:
        """Their quotient; a draw without anything, expected or given, has an F1 of 0."""
        import numpy as np

        return np.asarray(sums[0] / np.maximum(sums[1], 1))

    def main_value(self, cases: Sequence[Scored]) -> float:
        """Micro-F1."""
        return sum(map(self.count_case, cases), Counts()).f1
