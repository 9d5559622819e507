"""Test texts that a version had wrong which was rolled back."""

from django.db.models import OuterRef, Subquery

from deployment.models import Deployment
from evaluation.models import Benchmark, CaseResult, Suite
from labeling.models import Project


def wrong_when_rolled_back(project: Project) -> set[int]:
    """The samples that versions rolled back from had wrong in their newest benchmark of drawn cases.

    By what was taken back alone, not by what the version before had right: that one would have all of them right by
    how they were chosen, and whatever is as good would look worse beside it.
    """
    rollbacks = Deployment.objects.filter(
        project=project, action=Deployment.Action.ROLLBACK, live_at__isnull=False, previous__isnull=False
    )
    newest = (
        Benchmark.objects.filter(
            version=OuterRef("previous"),
            decoding=Benchmark.Decoding.SERVED,
            state=Benchmark.State.SUCCEEDED,
            suite__role=Suite.Role.GATE,
        )
        .order_by("-pk")
        .values("pk")[:1]
    )
    benchmarks = rollbacks.order_by().annotate(newest=Subquery(newest)).values_list("newest", flat=True)
    wrong = CaseResult.objects.filter(benchmark__in=set(filter(None, benchmarks)), exact=False)
    return set(wrong.exclude(case__sample=None).values_list("case__sample", flat=True))
