"""From which confidence may answers be taken as they are: 'at most 5 % wrong, 95 % sure'. Pure.

The held-out answers are ordered by confidence. The surest part is tested first, then the part that is 5 % of all
larger, and so on until one fails: a fixed sequence, in which each test has the whole level (W. Maurer, L. Hothorn and
W. Lehmacher, 1995; A. Angelopoulos and others, "Learn then test", 2021). A part passes where the upper bound of
Clopper and Pearson of its wrong answers is at most the promise. The answer next below a part gives the threshold and
is no part of it, so those above are a plain sample of what will be accepted, and the promise is exact for any number of
answers, as long as errors do not become more frequent the surer a version is. Of equal confidences all or none are
above; parts that hold too few answers for that are not tested. Which they are is known before any answer is judged.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from operator import neg

from common.intervals import upper_bound
from evaluation.promise import Promise

# Parts of all answers that are tested, in hundredths.
_FIRST, _STEP = 10, 5
# Another look at the same version wants so many times the answers of the one before.
_GROWTH = 1.5


@dataclass(frozen=True)
class Part:
    """The answers above `threshold`: how many, how many of them wrong, and the upper bound of that share."""

    threshold: float
    count: int
    wrong: int
    bound: float


@dataclass(frozen=True)
class Certified:
    """What a look found. `part`: the largest that holds the promise; None where none does, and `failed` says which.

    `needed`: answers without an error that a part must have at the least.
    """

    cases: int
    level: float
    needed: int
    part: Part | None
    failed: Part | None


def look(confidences: Sequence[float], right: Sequence[bool], promise: Promise, looks: int = 0) -> Certified:
    """The look after so many others at a version, at held-out answers with these confidences."""
    level, needed = promise.level(looks), promise.needed(looks)
    rows = sorted(zip(confidences, right, strict=True), reverse=True)
    best: Part | None = None
    for count in _counts([confidence for confidence, _ in rows], needed):
        part = _part(rows, count, level)
        if part.bound > promise.wrong:
            return Certified(len(rows), level, needed, best, part)
        best = part
    return Certified(len(rows), level, needed, best, None)


def _counts(confidences: Sequence[float], needed: int) -> list[int]:
    """Sizes of the parts, set by the confidences alone, which fall; a part counts for what lies above its threshold.

    Where there are enough, the first may hold an error.
    """
    cases = len(confidences)
    sizes = [min(cases * part // 100, cases - 1) for part in range(_FIRST, 101, _STEP)]
    above = {size: bisect_left(confidences, -confidences[size], key=neg) for size in sizes} if cases else {}
    able = [size for size, held in above.items() if held >= needed]
    roomy = [size for size in able if above[size] >= 2 * needed]
    return roomy or able


def _part(rows: Sequence[tuple[float, bool]], count: int, level: float) -> Part:
    """The answers above the one after the first `count`; of equal ones none."""
    threshold = rows[count][0]
    above = [is_right for confidence, is_right in rows[:count] if confidence > threshold]
    wrong = len(above) - sum(above)
    return Part(threshold, len(above), wrong, upper_bound(wrong, len(above), 1 - level) if above else 1.0)


def wanted(promise: Promise, looks: int, last: int) -> int:
    """Answers that the next look at a version takes: enough for its level, and half more than the last one had.

    `looks`: at the version before; `last`: answers of the last one for the same promise, 0 where there was none.
    """
    # One more than a part needs: the answer below it gives the threshold.
    return max(promise.needed(looks) + 1, math.ceil(_GROWTH * last))
