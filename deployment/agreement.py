"""How sure a share of equal answers is: the exact binomial bound, pure."""

import math

# A refusal holds up a release and only a few answers can be afforded, so it may be wrong in one of two hundred.
CONFIDENCE = 0.995


def upper_bound(agreed: int, checked: int, confidence: float = CONFIDENCE) -> float:
    """The largest true agreement under which `agreed` or fewer of `checked` are still this likely (one-sided).

    Clopper and Pearson, "The use of confidence or fiducial limits", Biometrika 26 (1934). Exact for few answers, where
    a normal approximation is not. Raises `ValueError` on impossible counts.
    """
    if not 0 <= agreed <= checked or checked == 0:
        raise ValueError(f"{agreed} of {checked} is no share.")
    if agreed == checked:
        return 1.0
    low, high = agreed / checked, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(agreed, checked, middle) > 1 - confidence else (low, middle)
    return high


def _at_most(agreed: int, checked: int, share: float) -> float:
    """The probability of `agreed` or fewer. By logarithms: coefficients of many answers exceed a float."""
    log, log_not = math.log(share), math.log1p(-share)
    return math.fsum(
        math.exp(_log_choose(checked, count) + count * log + (checked - count) * log_not) for count in range(agreed + 1)
    )


def _log_choose(total: int, chosen: int) -> float:
    return math.lgamma(total + 1) - math.lgamma(chosen + 1) - math.lgamma(total - chosen + 1)
