"""From a head's scores to labels, and how good they are: accuracy, or micro-F1 where a text may have several."""

import torch

THRESHOLD = 0.5
# Finer steps would fit the noise of a few hundred rows.
_TRIED = tuple(step / 20 for step in range(1, 20))


def probabilities(scores: torch.Tensor, *, several: bool) -> torch.Tensor:
    """(rows, labels): of each label by itself where there may be several, else of one among all."""
    return scores.float().sigmoid() if several else scores.float().softmax(-1)


def accuracy(scores: torch.Tensor, wanted: torch.Tensor) -> float:
    """The share of rows whose highest score is the wanted one; `wanted` (rows, labels) is true there."""
    return float(wanted.gather(1, scores.argmax(-1, keepdim=True)).float().mean())


def micro_f1(chosen: torch.Tensor, wanted: torch.Tensor) -> float:
    """Over all rows and labels together; 1 where nothing is chosen and nothing wanted. Both (rows, labels)."""
    hits, both = int((chosen & wanted).sum()), int(chosen.sum() + wanted.sum())
    return 2 * hits / both if both else 1.0


def chosen(given: torch.Tensor, threshold: float, limit: int | None = None) -> torch.Tensor:
    """Which labels reach the threshold, the likeliest `limit` of them. Both (rows, labels)."""
    reached = given >= threshold
    if limit is None or limit >= given.shape[-1]:
        return reached
    likeliest = given.argsort(dim=-1, descending=True, stable=True)[:, :limit]
    return reached & torch.zeros_like(reached).scatter(1, likeliest, True)


def best_threshold(given: torch.Tensor, wanted: torch.Tensor, limit: int | None = None) -> tuple[float, float]:
    """The probability from which labels are chosen that gives the best micro-F1, and that; the nearest to a half.

    `limit`: how many labels a text may have.
    """
    found = ((micro_f1(chosen(given, each, limit), wanted), -abs(each - THRESHOLD), each) for each in _TRIED)
    figure, _, threshold = max(found)
    return threshold, figure
