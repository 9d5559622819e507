"""What a case is in a bundle: what was asked, what was right, and what each version answered."""

from typing import Any, Literal

from common.options import Options


class Brief(Options):
    """An answer as it was read."""

    answer: dict[str, Any] | None
    status: Literal["strict", "repaired", "failed"]


class Side(Options):
    """What one version was asked and answered, as it came (`raw`) and as it was read."""

    prompt: list[dict[str, Any]]
    raw: str
    answer: dict[str, Any] | None
    status: Literal["strict", "repaired", "failed"]
    reason: str
    exact: bool
    scores: dict[str, float]
    latency_ms: float


class Case(Options):
    """One case of either suite. `order`: its place when cases are drawn; `group`: of near-duplicates.

    `sample`: its place among the cases that other suites may share; `is_grouped`: it has a group there, too.
    `once_live`: what versions that were live once answered to the same text, where the right answer was the same.
    `neighbours`: what they answered, by their names.
    """

    position: int
    order: int
    uid: str
    group: int
    text: str
    input: list[dict[str, str]] | None
    expected: dict[str, Any]
    candidate: Side
    reference: Side | None
    sample: int | None
    is_grouped: bool
    once_live: dict[str, Brief]
    neighbours: dict[str, Brief] = {}


class CasePart(Case):
    """One that chance drew."""

    part: Literal["case"]


class HardCase(Case):
    """A hard one, with why it is."""

    part: Literal["hard_case"]
    reasons: list[str]
