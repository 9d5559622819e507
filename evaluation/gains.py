"""What a project's versions gained over the trained version that each was held against: measured, and shrunken."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from common.paired import Difference
from common.permutation import Shown
from deployment.models import Deployment
from evaluation.advice import spread_of
from evaluation.models import GateReport
from evaluation.shrinkage import LEAST, Gains, Shrunken, shrunken
from labeling.models import Project

_FIELDS = (
    "uid", "staged__version__number", "held_against__number", "candidate__uid", "told__difference", "told__test",
    "policy__confidence",
)  # fmt: skip


class _Judgment(NamedTuple):
    """What a report says of a version's gain, in the order of `_FIELDS`."""

    uid: UUID
    version: int
    over: int
    benchmark: UUID | None
    difference: dict[str, Any]
    test: dict[str, Any]
    confidence: float

    @property
    def error(self) -> float:
        """The standard error of the gain."""
        test = Shown(**self.test)
        return spread_of(Difference(**self.difference), test, self.confidence) / math.sqrt(test.groups)


@dataclass(frozen=True)
class Gain:
    """A version that went live: its gain over another as measured, with its interval, and shrunken where that is known.

    `over`: the number of the version that it was held against; `benchmark`, its own benchmark.
    """

    version: int
    over: int
    benchmark: UUID | None
    live_at: datetime
    measured: float
    low: float
    high: float
    shrunken: Shrunken | None


@dataclass(frozen=True)
class History:
    """The gains of what went live, newest first, and what is to be said of them; empty where nothing did."""

    rows: tuple[Gain, ...]
    sentence: str


def gains_of(project: Project) -> History:
    """Each version by the report that it went live on, else by its newest.

    A gain over the bare base is another thing: it stands as measured, and says nothing of the others.
    """
    live = _went_live(project)
    judged = {row.version: row for row in _judgments(project, [uid for _, uid in live.values() if uid])}
    over_trained = [row for row in judged.values() if row.over > 0]
    found = shrunken([(row.difference["value"], row.error) for row in over_trained])
    by_version = dict(zip([row.version for row in over_trained], found.rows, strict=True)) if found else {}
    rows = [_gain(judged[number], at, by_version.get(number)) for number, (at, _) in live.items() if number in judged]
    newest_first = sorted(rows, key=lambda row: row.live_at, reverse=True)
    return History(tuple(newest_first), _told(found, len(over_trained)) if rows else "")


def _went_live(project: Project) -> dict[int, tuple[datetime, str]]:
    """When each version was first promoted, and on which report."""
    rows = Deployment.objects.filter(project=project, action=Deployment.Action.PROMOTE, live_at__isnull=False)
    found: dict[int, tuple[datetime, str]] = {}
    for number, at, evidence in rows.order_by("pk").values_list("version__number", "live_at", "evidence"):
        assert at is not None
        found.setdefault(number, (at, str(next(iter(evidence.get("gate_reports", [])), ""))))
    return found


def _judgments(project: Project, promoted: list[str]) -> Iterator[_Judgment]:
    """Those with a test, the newest last; after them those that were promoted on, so that they count."""
    rows = GateReport.objects.filter(project=project, held_against__isnull=False, told__has_key="test").order_by("pk")
    for part in (rows, rows.filter(uid__in=promoted)):
        yield from (_Judgment(*values) for values in part.values_list(*_FIELDS))


def _gain(judged: _Judgment, at: datetime, found: Shrunken | None) -> Gain:
    value, low, high = (float(judged.difference[name]) for name in ("value", "low", "high"))
    return Gain(judged.version, judged.over, judged.benchmark, at, value, low, high, found)


def _told(found: Gains | None, count: int) -> str:
    if found is None:
        return (
            f"What the gains probably are is not known yet: it takes {LEAST} versions that were held against a trained "
            f"one, and there are {count}."
        )
    return (
        f"The {count} versions that were held against a trained one gained {found.mean:+.3f} on the average; the true "
        f"gains lie about that with a standard deviation of {found.spread:.3f}."
    )
