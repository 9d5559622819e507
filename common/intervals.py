"""How sure a share is: intervals of rates, without Django."""

import math

# Of the normal distribution, for an interval of 95 %.
Z_95 = 1.959963984540054

# A refusal holds up a release and only a few answers can be afforded, so it may be wrong in one of two hundred.
CONFIDENCE = 0.995


def wilson(successes: int, total: int, z: float = Z_95) -> tuple[float, float]:
    """The score interval of a rate (E. B. Wilson, JASA 1927), 95 % unless `z` says otherwise; (0, 1) of nothing."""
    if total == 0:
        return 0.0, 1.0
    rate, square = successes / total, z * z / total
    middle, half = rate + square / 2, z * math.sqrt((rate * (1 - rate) + square / 4) / total)
    return max(0.0, (middle - half) / (1 + square)), min(1.0, (middle + half) / (1 + square))


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


def visible_deviation(checked: int, limit: float, power: float = 0.9) -> float | None:
    """The smallest share of other answers that `checked` of them find with `power`: that puts the bound below `limit`.

    None where so few find nothing, whatever is answered.
    """
    refused = next((agreed for agreed in reversed(range(checked)) if upper_bound(agreed, checked) < limit), None)
    if refused is None:
        return None
    low, high = 0.0, 1.0  # of true agreement: the more there is, the less often is it refused
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if _at_most(refused, checked, middle) >= power else (low, middle)
    return 1 - low


def _at_most(agreed: int, checked: int, share: float) -> float:
    """The probability of `agreed` or fewer. By logarithms: coefficients of many answers exceed a float."""
    log, log_not = math.log(share), math.log1p(-share)
    return math.fsum(
        math.exp(_log_choose(checked, count) + count * log + (checked - count) * log_not) for count in range(agreed + 1)
    )


def _log_choose(total: int, chosen: int) -> float:
    return math.lgamma(total + 1) - math.lgamma(chosen + 1) - math.lgamma(total - chosen + 1)
