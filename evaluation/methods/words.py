"""TF-IDF of words and pairs of words."""

from collections.abc import Sequence
from typing import Any

from evaluation.methods.learned import NothingToLearnError


def features(texts: Sequence[str], asked: Sequence[str]) -> tuple[Any, Any]:
    """Sparse rows of length one for both lists, fitted on the first. Raises `NothingToLearnError` without words."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    words = r"(?u)\b\w+\b"  # one-letter words too, unlike sklearn's default
    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=words)
    if not any(map(vectorizer.build_analyzer(), texts)):
        raise NothingToLearnError("There are no words in the texts.")
    matrix = vectorizer.fit_transform(texts)
    return matrix, vectorizer.transform(asked)
