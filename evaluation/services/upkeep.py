"""What beat does on this floor: verdicts and promotions that are due, benchmarks whose worker was lost."""

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from deployment.models import Deployment, StagedVersion, Verdict
from deployment.services.live import SERVING
from evaluation.models import Benchmark


def due() -> list[int]:
    """Ids of staged versions that `advance` has something to do for, and that no living worker is benchmarking."""
    staged = StagedVersion.objects.filter(state=StagedVersion.State.STAGED, version__project__archived_at=None)
    own = Benchmark.objects.filter(staged=OuterRef("pk"))
    working = own.filter(state=Benchmark.State.RUNNING, lease_until__gte=timezone.now())
    # A benchmark that failed for good waits for a person: `rejudge` queues it again.
    failed = own.filter(state=Benchmark.State.FAILED, decoding=Benchmark.Decoding.SERVED)
    rows = staged.filter(Q(verdict="") | _promotion()).exclude(Exists(working)).exclude(Exists(failed))
    return list(rows.order_by("pk").values_list("pk", flat=True))


def interrupted() -> list[int]:
    """Ids of benchmarks of judged versions (judged again, or held against) that wait or whose worker fell silent."""
    silent = Q(state=Benchmark.State.RUNNING, lease_until__lt=timezone.now())
    rows = Benchmark.objects.filter(Q(state=Benchmark.State.QUEUED) | silent).exclude(staged__verdict="")
    rows = rows.filter(staged__state=StagedVersion.State.STAGED, suite__project__archived_at=None)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _promotion() -> Q:
    """Passed (or the baseline of a project where nothing is live), not tried yet, newer than what is live."""
    serving = Deployment.objects.filter(project=OuterRef("version__project"), state__in=SERVING)
    newer_is_live = serving.filter(version__number__gte=OuterRef("version__number"))
    tried = Deployment.objects.filter(version=OuterRef("version"))
    wanted = Q(verdict=Verdict.PASSED) | (Q(verdict=Verdict.BASELINE) & ~Exists(serving))
    policy = Q(version__project__serving_policy__auto_promote=True)
    # One server's verdict does not promote over another's.
    elsewhere = StagedVersion.objects.filter(version=OuterRef("version"), state=StagedVersion.State.STAGED)
    against = elsewhere.filter(verdict__in=[Verdict.REFUSED, Verdict.INSUFFICIENT])
    in_the_way = Q(Exists(tried)) | Q(Exists(newer_is_live)) | Q(Exists(against))
    return wanted & policy & ~in_the_way
