"""What the automatic gate spends of a project's error budget, look by look."""

from django.db import transaction

from common.actor import system
from deployment.live import live_version
from deployment.models import Deployment, ServingPolicy
from evaluation import budget, gate
from evaluation.models import Benchmark, CaseResult, GatePolicy, Look, Suite
from evaluation.scorers import Scored
from labeling.models import Project
from labeling.services import events
from training.models import ModelVersion

_GATE = system("gate")
# Of the versions that were live once, so many are held against: the best by their newest benchmark.
_EVER_LIVE = 3


@transaction.atomic
def spend(
    version: ModelVersion, suite: Suite, held_against: ModelVersion | None, units: int, policy: GatePolicy
) -> Look | None:
    """The look at a version on these cases, paid for before its outcome is known; the same one costs once.

    None, and nothing spent, where there are too few units for any judgment, or the gate may not promote the version
    by itself whatever comes of it.
    """
    project, same = version.project, Look.objects.filter(version=version, suite=suite, held_against=held_against)
    there = same.first()
    if there is not None or units < max(1, policy.min_cases) or not _may_go_live(version):
        return there
    GatePolicy.objects.select_for_update(no_key=True).get(pk=policy.pk)  # looks are paid for one after the other
    there = same.first()
    if there is not None:
        return there
    is_first = not Look.objects.filter(version=version).exists()
    look = budget.grant(
        looks_of(project), policy.error_budget, policy.budget_rounds, is_first=is_first, most=1 - policy.confidence
    )
    row = Look.objects.create(
        project=project,
        version=version,
        suite=suite,
        held_against=held_against,
        level=look.level,
        is_first=is_first,
        units=units,
    )
    events.record(_GATE, "budget.spent", version, after={"level": look.level, "first": is_first, "units": units})
    return row


def _may_go_live(version: ModelVersion) -> bool:
    """Whether the project promotes by itself, and the version is newer than what is live and its round's candidate."""
    if not ServingPolicy.objects.filter(project=version.project, auto_promote=True).exists():
        return False
    live, run = live_version(version.project), version.run
    chosen = run is None or run.round is None or run.round.candidate_id == run.pk
    return chosen and (live is None or live.number < version.number)


def looks_of(project: Project, until: int | None = None) -> list[budget.Look]:
    """The looks of a project in their order, as the budget takes them; up to the one of that primary key."""
    rows = Look.objects.filter(project=project, **({} if until is None else {"pk__lte": until}))
    return [budget.Look(level, is_first) for level, is_first in rows.order_by("pk").values_list("level", "is_first")]


def gauge_of(project: Project, policy: GatePolicy) -> budget.Gauge:
    """Where a project's error budget stands."""
    return budget.gauge(looks_of(project), policy.error_budget, policy.budget_rounds)


def gauge_at(look: Look) -> budget.Gauge:
    """Where it stood once `look` was paid for, by today's policy."""
    policy = GatePolicy.objects.get(project=look.project_id)
    return budget.gauge(looks_of(look.project, look.pk), policy.error_budget, policy.budget_rounds)


def by_sample(benchmark: Benchmark) -> gate.Evidence:
    """A benchmark by its samples, so that benchmarks on other suites share cases with it."""
    rows = CaseResult.objects.filter(benchmark=benchmark).exclude(case__sample=None)
    names = ("case__sample", "case__expected", "answer", "status", "case__group")
    cases, groups = {}, {}
    for sample, expected, answer, status, group in rows.values_list(*names).iterator():
        cases[sample] = Scored(expected, answer, status)
        if group is not None:
            groups[sample] = group
    return gate.Evidence(benchmark.version.tag, cases, benchmark.version.number == 0, groups)


def best_ever_live(version: ModelVersion) -> list[Benchmark]:
    """The newest benchmarks of the best versions that were ever live beside `version`, the best first."""
    lived = Deployment.objects.filter(project=version.project, live_at__isnull=False).exclude(version=version)
    rows = Benchmark.objects.filter(
        version__in=lived.values("version"),
        suite__role=Suite.Role.GATE,
        state=Benchmark.State.SUCCEEDED,
        decoding=Benchmark.Decoding.SERVED,
    )
    newest: dict[int, Benchmark] = {}
    for row in rows.select_related("version__project").order_by("pk"):
        newest[row.version_id] = row
    return sorted(newest.values(), key=lambda row: -float(row.metrics.get("main") or 0.0))[:_EVER_LIVE]


def beside_candidate(benchmark: Benchmark, candidate: gate.Evidence) -> gate.Evidence:
    """A benchmark of a version that was live, on the cases whose right answer is still the same."""
    return _same_answers(by_sample(benchmark), candidate)


def _same_answers(evidence: gate.Evidence, other: gate.Evidence) -> gate.Evidence:
    same = {
        case: scored
        for case, scored in evidence.cases.items()
        if case in other.cases and other.cases[case].expected == scored.expected
    }
    return gate.Evidence(evidence.tag, same, evidence.is_base, evidence.groups)
