"""States that views and tasks ask for, each spelled once; counts that stay cheap however long a queue grows."""

from typing import TYPE_CHECKING, Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import Func, OuterRef, Q
from django.utils import timezone

if TYPE_CHECKING:
    from labeling.models import GoldenSample, Project, Sample, User  # noqa: F401

# Counting stops here; pages then say "more than".
COUNT_CAP = 1000


class SampleQuerySet(models.QuerySet["Sample"]):
    def pending(self) -> "SampleQuerySet":
        """What waits for an expert, in review order: the next samples to be proposed and reviewed."""
        return self.filter(state="pending").order_by("rank", "id")

    def awaiting_review(self, user: "User") -> "SampleQuerySet":
        """Pending samples that nobody else holds, in review order. Test texts bring known answers or wait too."""
        free = Q(lease_until=None) | Q(lease_until__lt=timezone.now()) | Q(lease_user=user)
        return self.pending().filter(free)

    def matching(self, words: str) -> "SampleQuerySet":
        """Samples whose text holds `words`, or whose external id is exactly that."""
        return self.filter(Q(text__icontains=words) | Q(external_id=words))


class GoldenQuerySet(models.QuerySet["GoldenSample"]):
    def current(self) -> "GoldenQuerySet":
        """Approved answers in force (not retired by a correction or an undo)."""
        return self.filter(retired_at=None)

    def trainable(self) -> "GoldenQuerySet":
        """Current golden samples outside the test split: all that training may ever see."""
        return self.current().exclude(sample__split="test")


def capped_count(rows: models.QuerySet[Any], cap: int = COUNT_CAP) -> int:
    """How many rows there are, counted to `cap` + 1 at most; `cap` + 1 means more than `cap`."""
    return rows.order_by()[: cap + 1].count()


def capped_count_of(rows: models.QuerySet[Any], cap: int = COUNT_CAP) -> Func:
    """The same as an annotation on projects: rows of each project, counted to `cap` + 1 at most."""
    ids = rows.filter(project=OuterRef("pk")).order_by().values("pk")[: cap + 1]
    return Func(ArraySubquery(ids), function="cardinality", output_field=models.IntegerField())
