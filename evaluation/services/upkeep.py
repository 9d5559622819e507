"""What beat does on this floor: verdicts and promotions that are due, benchmarks whose worker was lost."""

from collections import Counter

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from common import leases
from deployment.models import Deployment, StagedVersion, Verdict
from evaluation.budget import is_due_again
from evaluation.models import Benchmark, GateReport, Look, Suite
from evaluation.promise import Promise
from evaluation.services.benchmarks import start_benchmark
from evaluation.services.promotable import promotable
from evaluation.services.suites import freeze_suite, gone_labels
from labeling.models import GoldenSample, Project
from labeling.services.fitting import misfits
from training.models import ModelVersion

# So many of a project's undecided versions are looked at again, the newest.
LOOKED_AT_AGAIN = 3


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


def grown() -> list[int]:
    """Ids of staged versions that the automatic gate looks at again: undecided, on a suite that has grown since.

    Of a project the newest few that are newer than what is live. Each such look spends of the error budget.
    """
    live = Deployment.objects.serving().filter(project=OuterRef("version__project"))
    undecided = StagedVersion.objects.staged().filter(
        ~Exists(live.filter(version__number__gte=OuterRef("version__number"))),
        ~Exists(Deployment.objects.filter(version=OuterRef("version"))),
        Exists(GateReport.objects.filter(uid=OuterRef("gate_report"), look__isnull=False, clears=False)),
        verdict__in=[Verdict.INSUFFICIENT, Verdict.PASSED],
        version__project__archived_at=None,
        version__project__serving_policy__auto_promote=True,
    )
    found, taken = [], Counter[int]()
    for staged in undecided.select_related("version__project").order_by("-version__number", "pk"):
        project = staged.version.project
        if taken[project.pk] < LOOKED_AT_AGAIN and _has_grown(staged):
            taken[project.pk] += 1
            found.append(staged.pk)
    return found


def ask_live_again() -> list[int]:
    """Queue a benchmark of each live version whose cases are a fifth more by now: it says more of its confidence.

    The same where the task is another one by now, and its cases, too: answers under an earlier one certify nothing.
    Once there are enough cases to certify anything, and where the version stands. Ids of the benchmarks.
    """
    found = []
    for deployment in Deployment.objects.serving().filter(project__archived_at=None).select_related("version__project"):
        project, version = deployment.project, deployment.version
        last = _newest_suite_of(version)
        count = GoldenSample.objects.judging().filter(project=project).count()
        if count <= Promise().needed() or not (is_due_again(count, _size(last)) or _may_be_renewed(project, last)):
            continue
        staged = StagedVersion.objects.serving_ready(version).to_ask().exclude(verdict="").order_by("pk").first()
        suite = freeze_suite(project) if staged else None
        if staged and suite and (is_due_again(suite.size, _size(last)) or _renews(suite, last)):
            found.append(start_benchmark(staged, suite).pk)
    return found


def _newest_suite_of(version: ModelVersion) -> Suite | None:
    """The newest suite that the version was asked about, or is to be; hard suites measure no confidence."""
    rows = Suite.objects.filter(
        benchmarks__version=version, benchmarks__decoding=Benchmark.Decoding.SERVED, role=Suite.Role.GATE
    )
    return rows.order_by("-pk").first()


def _size(suite: Suite | None) -> int:
    return suite.size if suite else 0


def _may_be_renewed(project: Project, last: Suite | None) -> bool:
    """The task is another one than that of the suite, and so may be its cases: a few rows say so."""
    if last is None or last.spec_id == project.spec.pk:
        return False
    later = GoldenSample.objects.judging().filter(project=project, created_at__gt=last.created_at)
    return later.exists() or gone_labels(project, project.spec) != last.gone


def _renews(suite: Suite, last: Suite | None) -> bool:
    """It is of today's task, and the one before is not."""
    return last is not None and suite.spec_id == suite.project.spec.pk != last.spec_id


def _has_grown(staged: StagedVersion) -> bool:
    """Whether there are enough cases more than at its newest look."""
    look = Look.objects.filter(version=staged.version).select_related("suite").last()
    project = staged.version.project
    judging = GoldenSample.objects.judging().filter(project=project)
    if look is None or not is_due_again(judging.count(), look.suite.size):
        return False
    fit = judging.count() - misfits(judging, project.spec.to_spec()).total()
    return is_due_again(fit, look.suite.size)


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
