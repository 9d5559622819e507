"""The texts that teach a head most: medoids while it knows little, then what it can hardly tell, spread. Pure.

The first by clusters of all texts (as TypiClust, Hacohen and others, 2022); then the medoids of clusters among those of
the smallest margin (as in Zhdanov, Diverse mini-batch active learning, 2019).
"""

from typing import TYPE_CHECKING

from training.ordering.candidates import Candidates

if TYPE_CHECKING:
    from training.heads.linear import Array

# Texts that are clustered at most: a few seconds of one core.
CLUSTERED = 5_000
# Of the texts with the smallest margin so many times what is chosen are spread over.
WIDE = 20
# The head knows little below so many golden samples a label.
A_LABEL = 1


def teaching(texts: Candidates, most: int) -> list[int]:
    """Places of the texts in `texts`, the one that teaches most first; `most` at most."""
    if texts.chances is None or len(texts.golden) < A_LABEL * texts.labels:
        return medoids(texts.vectors[:CLUSTERED], texts.golden, most, texts.seed)
    return spread(texts.vectors, margins(texts.chances, exclusive=texts.exclusive), texts.step, most, texts.seed)


def margins(chances: "Array", *, exclusive: bool) -> "Array":
    """How far the head is from another answer, shape (texts,), 0 to 1: small where it can hardly tell.

    Where labels exclude each other between the likeliest two; else of the label that is nearest to an even chance.
    """
    import numpy as np

    if not exclusive:
        return np.asarray(2.0 * np.abs(chances - 0.5).min(axis=1))
    if chances.shape[1] < 2:
        return np.ones(len(chances), dtype=chances.dtype)
    two = np.partition(chances, -2, axis=1)[:, -2:]
    return np.asarray(two[:, 1] - two[:, 0])


def medoids(vectors: "Array", golden: "Array", most: int, seed: int) -> list[int]:
    """The text in the middle of each cluster that has no golden sample, those of large clusters first."""
    import numpy as np

    if not len(vectors) or most < 1:
        return []
    # As many clusters as golden samples more, so that about `most` are without one.
    golden = golden[-CLUSTERED:]
    both = np.concatenate([vectors, golden]) if len(golden) else vectors
    group, distance = _clusters(both, min(len(both), most + len(golden)), seed)
    mine, taken = group[: len(vectors)], set(group[len(vectors) :].tolist())
    sizes = np.bincount(mine, minlength=int(group.max()) + 1)
    free = [each for each in np.argsort(-sizes, kind="stable").tolist() if sizes[each] and each not in taken]
    return [_middle(mine, distance[: len(vectors)], each) for each in free[:most]]


def spread(vectors: "Array", margin: "Array", step: int, most: int, seed: int) -> list[int]:
    """`most` texts in batches of `step`: of those with the smallest margin that are left, the medoids of clusters."""
    import numpy as np

    left, chosen = np.argsort(margin, kind="stable"), list[int]()
    while len(left) and len(chosen) < most:
        size = min(step, most - len(chosen), len(left))
        among = left[: WIDE * size]
        group, distance = _clusters(vectors[among], size, seed + len(chosen))
        found = [int(among[_middle(group, distance, each)]) for each in range(size) if (group == each).any()]
        found.sort(key=lambda each: margin[each])
        chosen += found
        left = left[~np.isin(left, found)]
    return chosen[:most]


def _clusters(vectors: "Array", count: int, seed: int) -> "tuple[Array, Array]":
    """The cluster of each vector, and its squared distance to the middle of it."""
    import numpy as np
    from sklearn.cluster import KMeans

    # Of texts that are all the same there are no clusters to be found.
    distinct = len(np.unique(vectors, axis=0))
    found = KMeans(min(count, distinct), n_init=1, max_iter=20, random_state=seed % 2**32).fit(vectors)
    return found.labels_, ((vectors - found.cluster_centers_[found.labels_]) ** 2).sum(axis=1)


def _middle(group: "Array", distance: "Array", which: int) -> int:
    import numpy as np

    members = np.flatnonzero(group == which)
    return int(members[distance[members].argmin()])
