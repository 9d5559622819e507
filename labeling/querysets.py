"""States that views and tasks ask for, each spelled once; counts that stay cheap however long a queue grows."""

from typing import TYPE_CHECKING, Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import models
from django.db.models import Exists, Func, OuterRef, Q
from django.utils import timezone

from labeling.ways import DRAWN, INDEPENDENT

if TYPE_CHECKING:
    from labeling.models import GoldenSample, MustPass, Project, Sample, User  # noqa: F401

# Counting stops here; pages then say "more than".
COUNT_CAP = 1000


def blind(sample: str = "") -> Q:
    """What `Sample.is_blind` says, of rows whose sample `sample` (such as `sample__`) leads to."""
    told = {f"{sample}{name}": value for name, value in (("split", "test"), ("is_audit", True))}
    is_waiting = Q(**{f"{sample}state__in": ("pending", "withdrawn")})
    return is_waiting & Q(*told.items(), _connector=Q.OR)


class SampleQuerySet(models.QuerySet["Sample"]):
    def pending(self) -> "SampleQuerySet":
        """What waits for an expert, in review order: the next samples to be proposed and reviewed."""
        return self.filter(state="pending").order_by("rank", "id")

    def awaiting_review(self, user: "User | int") -> "SampleQuerySet":
        """Pending samples that nobody else holds, in review order. Test texts bring known answers or wait too."""
        free = Q(lease_until=None) | Q(lease_until__lt=timezone.now()) | Q(lease_user=user)
        return self.pending().filter(free)

    def to_propose(self) -> "SampleQuerySet":
        """What a model may propose answers to, in review order: test texts and audits are answered without."""
        return self.pending().exclude(split="test").exclude(is_audit=True)

    def in_use(self) -> "SampleQuerySet":
        """All but the withdrawn ones."""
        return self.exclude(state="withdrawn")

    def matching(self, words: str) -> "SampleQuerySet":
        """Samples whose text holds `words`, or whose external id is exactly that."""
        return self.filter(Q(text__icontains=words) | Q(external_id=words))


class GoldenQuerySet(models.QuerySet["GoldenSample"]):
    def current(self) -> "GoldenQuerySet":
        """Approved answers in force: not retired by a correction or an undo, and their sample not withdrawn."""
        return self.filter(retired_at=None).exclude(sample__state="withdrawn")

    def trainable(self) -> "GoldenQuerySet":
        """Current golden samples outside the test split: all that training may ever see."""
        return self.current().exclude(sample__split="test")

    def of_test(self) -> "GoldenQuerySet":
        """Current golden answers of the test split."""
        return self.current().filter(sample__split="test")

    def hard(self) -> "GoldenQuerySet":
        """What hard cases are taken from: of whatever text of the test split, given blind or imported."""
        return self.of_test().filter(given__in=INDEPENDENT)

    def judging(self) -> "GoldenQuerySet":
        """What may judge versions: of texts that chance chose, given blind or imported, and not analyzed before."""
        return self.of_test().filter(~analyzed_before(), sample__way_in__in=DRAWN, given__in=INDEPENDENT)


class MustPassQuerySet(models.QuerySet["MustPass"]):
    def in_force(self) -> "MustPassQuerySet":
        """Marks that nobody has taken back."""
        return self.filter(lifts=None, lifted_by=None)


def analyzed_before() -> Exists:
    """Of golden samples: a person was shown a model's answer on the Analyze page before this one was given."""
    from labeling.models import Prediction  # the models use these querysets

    before = Prediction.objects.filter(sample=OuterRef("sample"), created_at__lt=OuterRef("created_at"))
    return Exists(before.filter(source=Prediction.Source.ANALYZE))


def withheld(path: str = "") -> Q:
    """`Prediction.is_withheld` as the database asks it; `path` leads from the rows to a prediction: `prediction__`."""
    blind = Q(**{f"{path}sample__split": "test"}) | Q(**{f"{path}sample__is_audit": True})
    waits = Q(**{f"{path}sample__state__in": ["pending", "withdrawn"]})
    return waits & blind & ~Q(**{f"{path}source": "analyze"})


def capped_count(rows: models.QuerySet[Any], cap: int = COUNT_CAP) -> int:
    """How many rows there are, counted to `cap` + 1 at most; `cap` + 1 means more than `cap`."""
    return rows.order_by()[: cap + 1].count()


def capped_count_of(rows: models.QuerySet[Any], cap: int = COUNT_CAP) -> Func:
    """The same as an annotation on projects: rows of each project, counted to `cap` + 1 at most."""
    ids = rows.filter(project=OuterRef("pk")).order_by().values("pk")[: cap + 1]
    return Func(ArraySubquery(ids), function="cardinality", output_field=models.IntegerField())
