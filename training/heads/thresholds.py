"""From which probability a label is given: one for all, or one for each where rows left out say that this is better."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from training.heads.linear import Array

# A label with fewer examples keeps the threshold of all: its own would fit their noise.
FEWEST = 10


def grid() -> "Array":
    """The probabilities that are tried as thresholds."""
    import numpy as np

    return np.linspace(0.05, 0.95, 19)


def best_thresholds(chances: "Array", targets: "Array", *, each: bool) -> "Array":
    """Shape (labels,): the best by micro-F1 for rows of shape (rows, labels); the same for all unless `each`."""
    import numpy as np

    steps = grid()
    wanted = targets > 0
    given = np.array([(chances >= step).sum(axis=0) for step in steps], dtype=np.int64)
    hits = np.array([((chances >= step) & wanted).sum(axis=0) for step in steps], dtype=np.int64)
    total = int(wanted.sum())
    whole = 2 * hits.sum(axis=1) / np.maximum(1, given.sum(axis=1) + total)
    # The lowest of equals, as a text without any label helps nobody.
    at = np.full(targets.shape[1], int(whole.argmax()))
    if each:
        _improve(at, given, hits, total, wanted.sum(axis=0) >= FEWEST)
    return np.asarray(steps[at], dtype=np.float64)


def _improve(at: Any, given: Any, hits: Any, total: int, may: Any) -> None:
    """Move one label after the other to where the micro-F1 of all is best, once round."""
    import numpy as np

    columns = np.arange(len(at))
    all_given, all_hits = int(given[at, columns].sum()), int(hits[at, columns].sum())
    for label in columns[may]:
        others_given, others_hits = all_given - given[at[label], label], all_hits - hits[at[label], label]
        found = 2 * (others_hits + hits[:, label]) / np.maximum(1, others_given + given[:, label] + total)
        if found.max() > found[at[label]]:
            at[label] = int(found.argmax())
        all_given, all_hits = others_given + int(given[at[label], label]), others_hits + int(hits[at[label], label])


def given_by(chances: Any, thresholds: Any, limit: int) -> Any:
    """Which labels are given, shape (rows, labels): those that reach their threshold, the likeliest `limit` of them."""
    import numpy as np

    found = chances >= thresholds
    if limit < chances.shape[1]:
        kept = np.argsort(-np.where(found, chances, -1.0), axis=1, kind="stable")[:, :limit]
        among = np.zeros_like(found)
        np.put_along_axis(among, kept, True, axis=1)
        found &= among
    return found


def micro_f1(given: Any, targets: Any) -> float:
    """Over all rows and labels together; 1 where nothing is given and nothing wanted."""
    both = float(given.sum() + targets.sum())
    return 2.0 * float((given & (targets > 0)).sum()) / both if both else 1.0
