"""Which texts an export wants, as it was asked for and as it is kept."""

from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from common.problems import ProblemError
from labeling.formats import Item
from labeling.models import Given, Label, Project, Sample, SampleState, Split, User, WayIn


@dataclass(frozen=True)
class Filters:
    """Empty says all. Withdrawn texts come only where their state is asked for.

    `since` and `until` are days of the installation's zone, both included, on which a text came in.
    """

    split: str = ""
    state: str = ""
    label: str = ""
    reviewer: str = ""
    given: str = ""
    way_in: str = ""
    since: str = ""
    until: str = ""

    @classmethod
    def of(cls, kept: dict[str, Any]) -> "Filters":
        """What `kept` gave."""
        return cls(**kept)

    @property
    def kept(self) -> dict[str, str]:
        """What was asked for, without what was not."""
        return {field.name: value for field in fields(self) if (value := getattr(self, field.name))}

    def narrow(self, rows: QuerySet[Sample]) -> QuerySet[Sample]:
        """The samples that never changing values let through; `wants` looks at the rest."""
        if self.split:
            rows = rows.filter(split=self.split)
        if self.way_in:
            rows = rows.filter(way_in=self.way_in)
        if self.since:
            rows = rows.filter(created_at__gte=_begin(self.since))
        if self.until:
            rows = rows.filter(created_at__lt=_begin(self.until) + timedelta(days=1))
        return rows

    def wants(self, item: Item) -> bool:
        """Whether a sample is asked for, by its state, label and reviewer at the time of the export."""
        if item.state != self.state and (self.state or item.state == SampleState.WITHDRAWN):
            return False
        if self.reviewer and (item.golden is None or item.golden.by != self.reviewer):
            return False
        if self.given and (item.golden is None or item.golden.given != self.given):
            return False
        return not self.label or bool(item.read and self.label in item.read.labels)


def _begin(day: str) -> datetime:
    return timezone.make_aware(datetime.combine(date.fromisoformat(day), time.min))


def check_filters(project: Project, filters: Filters) -> None:
    """Raise `ProblemError` on a filter that nothing can meet."""
    choices = {"split": Split.values, "state": SampleState.values, "way_in": WayIn.values, "given": Given.values}
    for name, known in choices.items():
        if getattr(filters, name) not in ("", *known):
            raise ProblemError(f"Unknown {name} {getattr(filters, name)!r}; choose one of {', '.join(known)}.")
    if filters.label and not Label.objects.filter(project=project, name=filters.label).exists():
        raise ProblemError(f"There is no label {filters.label!r} in this project.")
    if filters.reviewer and not User.objects.filter(username=filters.reviewer).exists():
        raise ProblemError(f"There is nobody called {filters.reviewer!r}.")
    for day in filter(None, (filters.since, filters.until)):
        if not _is_near(day):
            raise ProblemError(f"{day!r} is no day of this time; write it as 2026-12-31.")


def _is_near(day: str) -> bool:
    try:
        return 2000 <= date.fromisoformat(day).year < 2200
    except ValueError:
        return False
