"""What beat does on this floor: verdicts and promotions that are due, benchmarks whose worker was lost."""

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from common import leases
from deployment.models import Deployment, StagedVersion
from evaluation.models import Benchmark
from evaluation.services.promotable import promotable


def due() -> list[int]:
    """Ids of staged versions that `advance` has something to do for, and that no living worker is benchmarking."""
    staged = StagedVersion.objects.staged().filter(version__project__archived_at=None)
    own = Benchmark.objects.filter(staged=OuterRef("pk"))
    working = own.filter(state=Benchmark.State.RUNNING, lease_until__gte=Now())
    # A benchmark that failed for good waits for a person: `rejudge` queues it again.
    failed = own.filter(state=Benchmark.State.FAILED, decoding=Benchmark.Decoding.SERVED)
    untried = ~Exists(Deployment.objects.filter(version=OuterRef("version")))
    rows = staged.filter(Q(verdict="") | (promotable() & Q(untried))).exclude(Exists(working)).exclude(Exists(failed))
    return list(rows.order_by("pk").values_list("pk", flat=True))


def interrupted() -> list[int]:
    """Ids of benchmarks of judged versions (judged again, or held against) that wait or whose worker fell silent."""
    silent = Q(state=Benchmark.State.RUNNING) & leases.expired()
    rows = Benchmark.objects.filter(Q(state=Benchmark.State.QUEUED) | silent).exclude(staged__verdict="")
    rows = rows.filter(staged__state=StagedVersion.State.STAGED, suite__project__archived_at=None)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def lost() -> list[tuple[str, int]]:
    """For each benchmark at work whose worker fell silent, the task that goes on with it, and its argument."""
    rows = leases.silent(Benchmark, Benchmark.State.RUNNING).filter(
        staged__state=StagedVersion.State.STAGED, suite__project__archived_at=None
    )
    return [
        ("evaluation.benchmark", pk) if verdict else ("evaluation.advance", staged)
        for pk, staged, verdict in rows.order_by("pk").values_list("pk", "staged", "staged__verdict")
    ]
