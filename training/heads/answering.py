"""What a head's probabilities say: the labels that are given, the answer as text, and how sure it is. Pure."""

import json
from collections.abc import Sequence
from typing import Any, Self

from common.options import Options
from training.heads.config import HeadTask


class Answering(Options):
    """How probabilities become an answer: the same at the fit, in the proof and on the server.

    `labels` in the task's order; `thresholds`, one a label, count where there may be `several`, `limit` at most.
    """

    labels: list[str]
    key: str
    several: bool
    limit: int
    thresholds: list[float]

    @classmethod
    def of(cls, task: HeadTask, thresholds: Sequence[float]) -> Self:
        """For a task."""
        names = [label.name for label in task.labels]
        bounds = [round(float(each), 6) for each in thresholds]
        return cls(labels=names, key=task.key, several=task.several, limit=task.limit, thresholds=bounds)

    def given(self, chances: Sequence[float]) -> list[int]:
        """The places of the labels that are given, in the task's order."""
        places = range(len(self.labels))
        if not self.several:
            return [max(places, key=lambda place: chances[place])]
        reached = [place for place in places if chances[place] >= self.thresholds[place]]
        return sorted(sorted(reached, key=lambda place: -chances[place])[: self.limit])

    def text(self, places: Sequence[int]) -> str:
        """The answer as a model of language is trained to write it."""
        names = [self.labels[place] for place in places]
        value: Any = names if self.several else names[0]
        return json.dumps({self.key: value}, ensure_ascii=False)

    def confidence(self, chances: Sequence[float], places: Sequence[int]) -> float:
        """The probability that all of the answer is right, each label by itself where there may be several."""
        if not self.several:
            return float(chances[places[0]])
        chosen, whole = set(places), 1.0
        for place, chance in enumerate(chances):
            whole *= float(chance) if place in chosen else 1.0 - float(chance)
        return whole
