"""The orders in which texts can come to review: one small class each, and the registry of all. Pure."""

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from training.ordering.candidates import MOST, Candidates
from training.ordering.teaching import margins, teaching

if TYPE_CHECKING:
    from training.heads.linear import Array

# (id of a sample, the number by which it has its place; None where none says it)
Placed = list[tuple[int, float | None]]
_CHUNK = 2_000


class Order(Protocol):
    """`needs` of vectors and of a head. `of_golden`: a list of decided samples to look at again, not a queue."""

    name: str
    title: str
    about: str
    needs_vectors: bool
    needs_head: bool
    of_golden: bool

    def places(self, texts: Candidates) -> Placed:
        """The first `MOST`, each once, in order."""
        ...


class _Order:
    needs_vectors = needs_head = of_golden = False


class Teach(_Order):
    name, title = "teach", "Teaches most"
    about = "Typical texts first; then those that the newest head can hardly tell, each unlike the others."
    needs_vectors = True

    def places(self, texts: Candidates) -> Placed:
        # Where the head says nothing of use yet there is no margin to tell.
        margin = margins(texts.chances, exclusive=texts.exclusive) if texts.chances is not None else None
        found = teaching(texts, MOST)
        return [(texts.ids[each], None if margin is None else float(margin[each])) for each in found]


class LowConfidence(_Order):
    name, title = "confidence", "Least sure"
    about = "The texts of whose whole answer the newest head is least sure."
    needs_vectors = needs_head = True

    def places(self, texts: Candidates) -> Placed:
        return _ranked(texts.ids, _sure(texts), lowest=True)


class Novelty(_Order):
    name, title = "novelty", "Unlike all golden samples"
    about = "The texts that are farthest from every golden sample, by their vectors."
    needs_vectors = True

    def places(self, texts: Candidates) -> Placed:
        return _ranked(texts.ids, _nearest(texts.vectors, texts.golden), lowest=True)


class Newest(_Order):
    name, title = "newest", "Newest first"
    about = "The texts that came in last."

    def places(self, texts: Candidates) -> Placed:
        return [(each, None) for each in texts.newest(MOST)]


class Oldest(_Order):
    name, title = "oldest", "Oldest first"
    about = "The texts that wait longest."

    def places(self, texts: Candidates) -> Placed:
        return [(each, None) for each in texts.oldest(MOST)]


class Chance(_Order):
    name, title = "random", "By chance, with a seed"
    about = "An order by chance that the project's seed decides: the same texts with the same seed come alike."

    def places(self, texts: Candidates) -> Placed:
        def drawn(pk: int) -> bytes:
            return hashlib.sha256(f"{texts.seed}:{pk}".encode()).digest()

        return [(each, None) for each in sorted(texts.ids, key=drawn)[:MOST]]


class Doubtful(_Order):
    name, title = "doubtful", "Doubtful golden answers"
    about = "Golden answers that heads, which had not seen them, would give otherwise: look at them again."
    needs_vectors = needs_head = of_golden = True

    def places(self, texts: Candidates) -> Placed:
        known = texts.known()
        if known is None or not len(known.ids):
            return []
        doubt = doubts(known.chances, known.targets, exclusive=texts.exclusive)
        return [(pk, score) for pk, score in _ranked(known.ids, doubt, lowest=False) if score is not None and score > 0]


def doubts(chances: "Array", targets: "Array", *, exclusive: bool) -> "Array":
    """How much more likely than the given answer another one is, shape (samples,), -1 to 1; doubtful above 0."""
    import numpy as np

    if exclusive:
        given = (chances * targets).max(axis=1)
        other = np.where(targets > 0, -1.0, chances).max(axis=1)
        return np.asarray(other - given)
    return np.asarray(2.0 * np.abs(targets - chances).max(axis=1) - 1.0)


def _sure(texts: Candidates) -> "Array":
    """The probability that all of the answer is right, each label by itself where there may be several."""
    import numpy as np

    assert texts.chances is not None, "an order that needs a head is asked only where there is one"
    if texts.exclusive:
        return np.asarray(texts.chances.max(axis=1))
    bounds = 0.5 if texts.thresholds is None else texts.thresholds
    return np.asarray(np.where(texts.chances >= bounds, texts.chances, 1.0 - texts.chances).prod(axis=1))


def _nearest(vectors: "Array", golden: "Array") -> "Array":
    """The cosine to the nearest golden sample, shape (texts,); -1 where there is none."""
    import numpy as np

    if not len(golden):
        return np.full(len(vectors), -1.0)
    parts = [vectors[start : start + _CHUNK] @ golden.T for start in range(0, len(vectors), _CHUNK)]
    return np.concatenate([each.max(axis=1) for each in parts]) if parts else np.zeros(0)


def _ranked(ids: Sequence[int], scores: "Array", *, lowest: bool) -> Placed:
    import numpy as np

    first = np.argsort(scores if lowest else -scores, kind="stable")[:MOST]
    return [(ids[each], float(scores[each])) for each in first.tolist()]


ORDERS: dict[str, Order] = {
    each.name: each for each in (Teach(), LowConfidence(), Novelty(), Newest(), Oldest(), Chance(), Doubtful())
}
