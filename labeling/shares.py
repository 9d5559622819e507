"""How sure a prediction is, in words: the share of such answers that are right."""


def percent(share: float) -> str:
    """A share as pages show it: never as certain as 0 or 100 %."""
    return f"{min(max(round(100 * share), 1), 99)} %"
