"""Several labels: micro-F1, from the summed counts of all labels."""

from collections import Counter
from collections.abc import Sequence

from evaluation.methods import Learned
from evaluation.scorers.base import by_frequency
from evaluation.scorers.labels import LabelScorer
from evaluation.scorers.micro import MicroF1
from labeling.kinds import Answer
from labeling.kinds.multi_label import MultiLabel


class MultiLabelScorer(LabelScorer, MicroF1):
    """Micro-F1 is no mean over cases: it is worked out anew from the counts of the cases that are drawn."""

    kind = MultiLabel()
    main = "f1_micro"
    title = "micro-F1"

    def answers_of(self, learned: Learned, limit: int | None) -> list[Answer]:
        """All labels from the threshold, the likeliest `limit` of them."""
        least = learned.threshold()
        return [{"labels": [name for chance, name in row if chance >= least][:limit]} for row in learned.ranked()]

    def constant_answer(self, answers: Sequence[Answer], limit: int | None = None) -> Answer:
        """The set of labels (at most `limit`) with the highest micro-F1. Raises `ValueError` on no answers."""
        if not answers:
            raise ValueError("There are no golden answers to choose a constant from.")
        counts = Counter(label for answer in answers for label in self.labels_of(answer))
        chosen: list[str] = []
        right, best = 0, 0.0
        # The best set of k labels is the k most frequent ones, so growing it in that order finds the best of all.
        for size, label in enumerate(by_frequency(counts)[:limit], start=1):
            right += counts[label]
            half_f1 = right / (size * len(answers) + counts.total())
            if half_f1 <= best:
                break
            chosen, best = [*chosen, label], half_f1
        return {"labels": sorted(chosen)}
