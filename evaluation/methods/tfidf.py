"""TF-IDF with logistic regression: what an afternoon without a language model gives."""

from collections.abc import Sequence
from typing import Any

from evaluation.methods.learned import Described, Ranked, by_chance, columns_of
from evaluation.methods.words import features
from training.heads.choosing import best_threshold


class LogisticRegressions:
    """One a label. What is said of a label is one more row of it, as far as there are rows with that label at all.

    Raises `NothingToLearnError` where the texts hold no words.
    """

    def __init__(
        self, texts: Sequence[str], labels: Sequence[frozenset[str]], asked: Sequence[str], described: Described
    ) -> None:
        self.names = sorted(frozenset().union(*labels))
        rows = [
            (f"{name.replace('_', ' ')} {described[name]}", frozenset({name}))
            for name in self.names
            if described.get(name)
        ]
        self.matrix, self.asked = features([*texts, *(text for text, _ in rows)], asked)
        self.targets = columns_of([*labels, *(label for _, label in rows)], self.names)
        self._golden = len(texts)

    def ranked(self) -> Ranked:
        """The chances of each asked text with the labels' names, the likeliest first."""
        return by_chance(_chances(self.matrix, self.targets, self.asked), self.names)

    def threshold(self) -> float:
        """The best one over five folds of the golden rows; five times the work of `ranked`."""
        import numpy as np
        from sklearn.model_selection import KFold

        golden = self.targets[: self._golden]
        if len(golden) < 10:
            return 0.5
        chances, told = np.zeros(golden.shape), np.arange(self._golden, len(self.targets))
        for fitted, left_out in KFold(5, shuffle=True, random_state=7).split(golden):
            rows = np.concatenate([fitted, told])
            chances[left_out] = _chances(self.matrix[rows], self.targets[rows], self.matrix[left_out])
        return best_threshold(chances, golden)[0]


def _chances(matrix: Any, targets: Any, asked: Any) -> Any:
    """The chance of each label for each asked row, shape (asked, labels)."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    columns = []
    for column in targets.T:
        if column.min() == column.max():  # nothing to tell apart, which sklearn refuses to fit
            columns.append(np.full(asked.shape[0], float(column[0])))
        else:
            model = LogisticRegression(C=10.0, class_weight="balanced", max_iter=1000).fit(matrix, column)
            columns.append(model.predict_proba(asked)[:, 1])
    return np.column_stack(columns)
