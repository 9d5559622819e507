"""How sure an answer is: the share of such answers that are right, as a higher floor has measured it.

A floor that measures registers in its `apps.py` where the map from confidence to share is read. It is read with the row
that says where the live version is asked, so it costs no statement of its own, and the share is kept with the answer.
"""

from collections.abc import Callable

from django.db.models import JSONField, QuerySet, Subquery, Value

from common.calibrating import Calibrated
from deployment.models import StagedVersion

# A query for the map of the outer row's version, as `Calibrated.kept` has it.
Maps = Callable[[], Subquery]
_registered: list[Maps] = []


def register(maps: Maps) -> None:
    """Read maps by this query, the last one that was registered."""
    _registered[:] = [maps]


def with_maps(rows: QuerySet[StagedVersion]) -> QuerySet[StagedVersion]:
    """Each row with the map of its version, where there is one."""
    found = _registered[0]() if _registered else Value(None, JSONField())
    return rows.annotate(share_map=found)


def share_of(staged: StagedVersion, confidence: float | None) -> float | None:
    """Of answers with this confidence the share that is right; None where either is not known.

    `staged` comes from `with_maps`.
    """
    kept = staged.share_map  # type: ignore[attr-defined]  # annotated above
    return None if kept is None or confidence is None else Calibrated.read(kept).share(confidence)
