"""What is said of a look of the automatic gate: what it spent, and whether the gate may promote by itself. Pure."""

from typing import Any

from evaluation.budget import Gauge
from evaluation.checks import chance


def told(level: float, p: float, anchor: str, gauge: Gauge, *, clears: bool) -> dict[str, Any]:
    """The level, whether it clears, the sentence, and where the budget stood. `anchor`: what its check says."""
    begin, end = sentence(level, p, clears=clears)
    return {
        "level": level,
        "clears": clears,
        "sentence": f"{begin}; {anchor}{end}" if anchor else f"{begin}{end}",
        "budget": {"of": gauge.budget, "spent": gauge.spent, "round": gauge.round, "rounds": gauge.rounds},
    }


def sentence(level: float, p: float, *, clears: bool) -> tuple[str, str]:
    """Its beginning and its end; what the anchor's check says stands between."""
    where = "within" if p <= level else "above"
    by_itself = "the gate may promote by itself" if clears else "the gate does not promote by itself"
    return (
        f"This look spent {level:.4f} of the error budget, and {chance(p)} is {where} that",
        f": {by_itself}. A person may decide otherwise.",
    )
