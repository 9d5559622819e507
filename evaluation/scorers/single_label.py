"""One label: accuracy."""

from evaluation.methods import Learned
from evaluation.scorers.base import Scored
from evaluation.scorers.labels import LabelScorer
from labeling.kinds import Answer
from labeling.kinds.single_label import SingleLabel


class SingleLabelScorer(LabelScorer):
    """The share of cases that got their label."""

    kind = SingleLabel()
    exclusive = True
    main = "exact"
    title = "accuracy"

    def answers_of(self, learned: Learned, limit: int | None) -> list[Answer]:
        """The likeliest label, however likely."""
        return [{"label": row[0][1]} for row in learned.ranked()]

    def parts(self, case: Scored) -> list[float]:
        """One where it is right."""
        return [float(self.is_exact(case))]
