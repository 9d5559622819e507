"""Two simple methods, on the same golden samples and the same cases: what a model must be worth its cost against.

The best constant answer ignores the text. TF-IDF with logistic regression is what an afternoon without a language
model gives. Both return `Scored` cases in the order of the test, so the same figures apply to them.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from evaluation.metrics import Counts, Scored, labels_of
from labeling.kinds import MULTI_LABEL, TEXT, Answer

Example = tuple[str, Answer]


def constant_answer(kind: str, answers: Sequence[Answer], limit: int | None = None) -> Answer:
    """The one answer that fits `answers` best: the set of labels (at most `limit`) with the highest micro-F1, or
    the most frequent label or text. Ties go to the first in alphabetical order. Raises `ValueError` on no answers.
    """
    if not answers:
        raise ValueError("There are no golden answers to choose a constant from.")
    if kind != MULTI_LABEL:
        key = "text" if kind == TEXT else "label"
        return {key: _by_frequency(Counter(answer[key] for answer in answers))[0]}
    counts = Counter(label for answer in answers for label in labels_of(answer))
    chosen: list[str] = []
    best = 0.0
    # The best set of k labels is the k most frequent ones, so growing it in that order finds the best of all.
    for size, label in enumerate(_by_frequency(counts)[:limit], start=1):
        tp = sum(counts[name] for name in [*chosen, label])
        f1 = Counts(tp, size * len(answers) - tp, counts.total() - tp).f1
        if f1 <= best:
            break
        chosen, best = [*chosen, label], f1
    return {"labels": sorted(chosen)}


def constant(kind: str, train: Sequence[Example], test: Sequence[Example], limit: int | None = None) -> list[Scored]:
    """The test cases answered by the training rows' best constant answer."""
    answer = constant_answer(kind, [answer for _, answer in train], limit)
    return [Scored(expected, answer) for _, expected in test]


def tfidf_logreg(
    kind: str, train: Sequence[Example], test: Sequence[Example], limit: int | None = None
) -> list[Scored]:
    """The test cases answered by one logistic regression a label over TF-IDF of words and pairs of words.

    Several labels: all from a chance that is chosen on the training rows, the likeliest `limit` of them; one
    label: the likeliest. Where the training rows hold no words or no labels the constant answers.
    Raises `ValueError` on no training rows, and for `text`, which has no labels to learn.
    """
    if kind == TEXT:
        raise ValueError("TF-IDF with logistic regression answers with labels; a text task has none.")
    if not train:
        raise ValueError("There are no golden samples to train on.")
    import numpy as np

    names = sorted(frozenset().union(*(labels_of(answer) for _, answer in train)))
    matrix, asked = _features([text for text, _ in train], [text for text, _ in test])
    if matrix is None or not names:
        return constant(kind, train, test, limit)
    targets = np.array([[name in labels_of(answer) for name in names] for _, answer in train], dtype=int)
    threshold = _threshold(matrix, targets) if kind == MULTI_LABEL else 0.0
    scored = []
    for (_, expected), row in zip(test, _chances(matrix, targets, asked), strict=True):
        ranked = sorted(zip(row, names, strict=True), key=lambda pair: (-pair[0], pair[1]))
        found = [name for chance, name in ranked if chance >= threshold]
        scored.append(Scored(expected, {"labels": found[:limit]} if kind == MULTI_LABEL else {"label": found[0]}))
    return scored


def _features(texts: list[str], asked: list[str]) -> tuple[Any, Any]:
    """Sparse TF-IDF rows of both lists, fitted on the first; (None, None) where it holds no words."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = r"(?u)\b\w+\b"  # one-letter words too, unlike sklearn's default
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=words)
    if not asked or not any(map(vectorizer.build_analyzer(), texts)):
        return None, None
    return vectorizer.fit_transform(texts), vectorizer.transform(asked)


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


def _threshold(matrix: Any, targets: Any) -> float:
    """The chance from which a label is given: the best micro-F1 over five folds of the training rows."""
    import numpy as np
    from sklearn.model_selection import KFold

    if len(targets) < 10:
        return 0.5
    chances = np.zeros(targets.shape)
    for fitted, left_out in KFold(5, shuffle=True, random_state=7).split(targets):
        chances[left_out] = _chances(matrix[fitted], targets[fitted], matrix[left_out])
    steps = np.linspace(0.05, 0.95, 19)
    wanted = targets.sum()
    scores = []
    for step in steps:
        given = chances >= step
        scores.append(2 * (given & (targets == 1)).sum() / max(1, given.sum() + wanted))
    return float(steps[int(np.argmax(scores))])


def _by_frequency(counts: Counter[str]) -> list[str]:
    return sorted(counts, key=lambda name: (-counts[name], name))
