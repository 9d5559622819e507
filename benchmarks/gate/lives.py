"""Lives of a project, played with the gate's own functions: candidates of known truth, a suite, looks, promotions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evaluation.anchor import check_anchor
from evaluation.budget import Look, grant, is_due_again
from evaluation.checks import Pair
from evaluation.gate import Evidence, Policy, tested
from evaluation.scorers import SCORERS, Scored

SCORER = SCORERS["single_label"]
RIGHT, WRONG = Scored({"label": "a"}, {"label": "a"}), Scored({"label": "a"}, {"label": "b"})
# A candidate that waits is looked at again while it is one of so many newest.
WAITING = 3
_ACCURACY = 0.4
# As many anchors as the product holds a candidate against.
_ANCHORS = 3


@dataclass
class Version:
    """What one answers: right or wrong on each case there will ever be. `truth`: its true figure."""

    truth: float
    right: Any
    gain: float = 0.0
    looked_at: int = 0
    number: int = 0

    def cases(self, count: int) -> list[Scored]:
        """The first `count` of them."""
        return [RIGHT if right else WRONG for right in self.right[:count]]


@dataclass
class Life:
    """What came of one: true gains there were, those that went live, others that did, and the true figures live."""

    gains: int = 0
    found: int = 0
    false: int = 0
    live: list[float] = field(default_factory=list)


def first(rng: np.random.Generator, cases: int) -> Version:
    """The live version a life begins with."""
    return Version(_ACCURACY, rng.random(cases) < _ACCURACY)


def candidate(rng: np.random.Generator, live: Version, gain: float, differing: float) -> Version:
    """One that truly differs by `gain`, on `differing` of the cases."""
    wins, losses = (differing + gain) / 2, (differing - gain) / 2
    chance = rng.random(len(live.right))
    turns = np.where(live.right, chance < losses / live.truth, chance < wins / (1 - live.truth))
    return Version(live.truth + gain, live.right ^ turns, gain)


def play(
    rng: np.random.Generator,
    policy: Policy,
    sizes: Sequence[int],
    gains: Sequence[float],
    *,
    differing: float = 0.2,
    lasting: bool = False,
) -> Life:
    """A round per suite size: a candidate with that true gain over what is live, then looks at those that wait.

    `lasting`: what goes live keeps its answers, and with them the luck that it was promoted by, so that the next
    candidate is held against more than the truth. Else the answers of what went live are drawn anew.
    """
    live = first(rng, max(sizes))
    life, looks, waiting, ever = Life(live=[live.truth]), [], list[Version](), [live]
    for number, (size, wished) in enumerate(zip(sizes, gains, strict=True), start=1):
        gain = wished if live.truth + wished + differing / 2 < 1 else 0.0  # nothing is better than always right
        new = candidate(rng, live, gain, differing)
        new.number = number
        life.gains += gain > 0
        again = [each for each in reversed(waiting) if is_due_again(size, each.looked_at)][:WAITING]
        waiting.append(new)
        for version in [new, *again]:
            look = grant(looks, policy.error_budget, policy.budget_rounds, is_first=version is new, most=policy.level)
            looks.append(look)
            version.looked_at = size
            if not _clears(policy, version, live, ever, size, look):
                continue
            life.found += version.gain > 0
            life.false += version.gain <= 0
            live, waiting = version, []
            if not lasting:
                live.right = rng.random(len(live.right)) < live.truth
            ever.append(version)
            life.live.append(version.truth)
            break
    return life


def _clears(policy: Policy, version: Version, live: Version, ever: list[Version], size: int, look: Look) -> bool:
    ours = version.cases(size)
    if tested(policy, SCORER, Pair(ours, live.cases(size), list(range(size)))).p > look.level:
        return False
    if not policy.accept_tie:
        return True
    best = sorted(ever, key=lambda each: -int(each.right[:size].sum()))[:_ANCHORS]
    evidence = [Evidence(f"v{each.number}", dict(enumerate(each.cases(size)))) for each in best]
    held = check_anchor(policy, SCORER, Evidence(f"v{version.number}", dict(enumerate(ours))), evidence, look.level)
    return held is None or held.ok
