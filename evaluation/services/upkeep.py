"""What beat does on this floor: verdicts that are due, benchmarks whose worker was lost."""

from django.db.models import Q
from django.utils import timezone

from deployment.models import StagedVersion
from evaluation.models import Benchmark


def due() -> list[int]:
    """Ids of staged versions without a verdict that no living worker is benchmarking."""
    waiting = StagedVersion.objects.filter(
        state=StagedVersion.State.STAGED, verdict="", version__project__archived_at=None
    ).order_by("pk")
    working = Benchmark.objects.filter(state=Benchmark.State.RUNNING, lease_until__gte=timezone.now())
    failed = Benchmark.objects.filter(state=Benchmark.State.FAILED)
    stuck = Q(pk__in=working.values("staged_id")) | Q(pk__in=failed.values("staged_id"))
    return list(waiting.exclude(stuck).values_list("pk", flat=True))
