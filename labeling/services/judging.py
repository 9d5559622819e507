"""How many golden answers of the test split may not judge a version, and why: nothing is left out without a number."""

from django.db.models import Case, Count, Q, TextField, Value, When

from labeling.models import GoldenSample, Project, SampleState, Split
from labeling.querysets import analyzed_before
from labeling.ways import DRAWN, INDEPENDENT

CHOSEN = "the text was typed on the Analyze page: a person chose it"
SEEN = "the answer was given beside a model's proposal"
ANALYZED = "the text was analyzed before its answer was given"
WITHDRAWN = "the text is withdrawn"
_REASONS = (
    (CHOSEN, ~Q(sample__way_in__in=DRAWN)),
    (ANALYZED, Q(analyzed_before())),
    (SEEN, ~Q(given__in=INDEPENDENT)),
)


def cases_left_out(project: Project) -> dict[str, int]:
    """Golden answers of the test split that `judging` leaves out, counted by the first reason that applies.

    The reasons are words for people; those that leave nothing out are absent.
    """
    golden = GoldenSample.objects.filter(project=project)
    first = Case(*(When(applies, then=Value(reason)) for reason, applies in _REASONS), output_field=TextField())
    rows = golden.of_test().annotate(reason=first).exclude(reason=None).order_by()
    counts: dict[str, int] = dict(rows.values_list("reason").annotate(Count("pk")))
    withdrawn = golden.filter(retired_at=None, sample__split=Split.TEST, sample__state=SampleState.WITHDRAWN).count()
    return counts | ({WITHDRAWN: withdrawn} if withdrawn else {})
