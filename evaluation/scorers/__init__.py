"""Scorers: how answers of each kind are judged, by the kind's name. `SCORERS` is the registry."""

from evaluation.scorers.base import Baseline, Column, Counts, Example, Scored, Scorer, Task
from evaluation.scorers.multi_label import MultiLabelScorer
from evaluation.scorers.record import RecordScorer
from evaluation.scorers.single_label import SingleLabelScorer
from evaluation.scorers.spans import SpanScorer
from evaluation.scorers.text import TextScorer
from labeling.kinds import Asked

SCORERS: dict[str, Scorer] = {
    "multi_label": MultiLabelScorer(),
    "single_label": SingleLabelScorer(),
    "spans": SpanScorer(),
    "text": TextScorer(),
    "record": RecordScorer(),
}


def scorer_of(asked: Asked) -> Scorer:
    """The scorer of the kind that a project, a spec or its row asks for."""
    return SCORERS[asked.kind]


__all__ = ["SCORERS", "Baseline", "Column", "Counts", "Example", "Scored", "Scorer", "Task", "scorer_of"]
