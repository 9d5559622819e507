"""What the page of a project says of its golden samples and of its pace: counted, never guessed."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db.models import Count
from django.db.models.functions import TruncWeek
from django.utils import timezone

from labeling.kinds import kind_of
from labeling.models import GoldenSample, Project, Review, Split
from labeling.services.fitting import Fitting

WEEKS = 8
# More labels than this are for the page of labels.
MOST_LABELS = 12
_DECISIONS = (Review.Action.CONFIRM, Review.Action.CORRECT, Review.Action.REJECT)


@dataclass
class Golden:
    """Golden samples by split; those of them that `count` under today's task; how often each label is used.

    `left_out`: those that do not fit, by reason.
    """

    there: Counter[str] = field(default_factory=Counter)
    count: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)

    @property
    def by_split(self) -> dict[str, int]:
        return {split.value: self.there[split.value] for split in Split}

    @property
    def counting(self) -> int:
        """How many count today."""
        return self.count.total()

    @property
    def most_used(self) -> list[tuple[str, int]]:
        return self.labels.most_common(MOST_LABELS)

    @property
    def never_used(self) -> list[str]:
        return [name for name, count in self.labels.items() if not count]


def golden_of(project: Project) -> Golden:
    """The golden samples in force, read once under the project's newest task."""
    spec, found = project.specs.order_by("-number").first(), Golden()
    rows = GoldenSample.objects.current().filter(project=project).order_by()
    if spec is None or kind_of(project).fits_every_spec:
        found.there.update(dict(rows.values_list("sample__split").annotate(Count("pk"))))
        found.count = found.there.copy()
        return found
    asked = spec.to_spec()
    fitting = Fitting(asked)
    found.labels.update({label.name: 0 for label in asked.labels})
    grouped = rows.values_list("sample__split", "spec_id", "answer").annotate(Count("pk"))
    for split, spec_id, answer, count in grouped.iterator():
        found.there[split] += count
        carried = fitting.read(spec_id, answer, count)
        if carried is None:
            continue
        found.count[split] += count
        for name in kind_of(asked).labels_in(carried):
            found.labels[name] += count
    found.left_out = fitting.left_out
    return found


@dataclass(frozen=True)
class Week:
    """The decisions of experts in a week that begins at `begins`; `share`: of the busiest week, in percent."""

    begins: date
    decisions: int
    corrected: int
    share: int


def pace_of(project: Project) -> list[Week]:
    """The last `WEEKS` weeks, the oldest first; empty where nothing was decided in them."""
    monday = timezone.localdate() - timedelta(days=timezone.localdate().weekday())
    first = monday - timedelta(weeks=WEEKS - 1)
    rows = Review.objects.filter(sample__project=project, undone_by=None, action__in=_DECISIONS)
    rows = rows.filter(created_at__date__gte=first).order_by()
    found: dict[date, Counter[str]] = {}
    grouped = rows.annotate(week=TruncWeek("created_at")).values_list("week", "action").annotate(Count("pk"))
    for week, action, count in grouped:
        found.setdefault(week.date(), Counter())[action] += count
    most = max((counts.total() for counts in found.values()), default=0)
    if not most:
        return []
    mondays = [first + timedelta(weeks=number) for number in range(WEEKS)]
    counted = [(day, found.get(day, Counter[str]())) for day in mondays]
    return [
        Week(day, counts.total(), counts[Review.Action.CORRECT], round(100 * counts.total() / most))
        for day, counts in counted
    ]
