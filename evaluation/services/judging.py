"""Hold a staged version against the live one: benchmarks, baselines, gate, verdict."""

import json
import logging

from django.db import transaction

from deployment.models import ServingPolicy, StagedVersion, Verdict
from deployment.services import live_version, promote, record_verdict
from evaluation import gate
from evaluation.models import Benchmark, GatePolicy, GateReport, Suite
from evaluation.services.baselines import baseline_results
from evaluation.services.benchmarks import run_benchmark, scored_cases, start_benchmark
from evaluation.services.suites import freeze_suite
from labeling.access import Right, require
from labeling.models import Project, User
from labeling.problems import ProblemError

logger = logging.getLogger(__name__)
Decoding = Benchmark.Decoding


def policy_of(project: Project) -> GatePolicy:
    """The project's gate policy, made with its defaults where there is none."""
    return GatePolicy.objects.get_or_create(project=project)[0]


def advance(staged_id: int) -> GateReport | None:
    """Do what is due for a staged version: benchmarks, verdict, promotion where the project promotes by itself.

    Every step looks at the rows first, so calling it again goes on where it stopped. None while a benchmark is
    unfinished (another worker has it, or the server does not answer).
    """
    staged = StagedVersion.objects.select_related("version__spec", "version__project", "version__run", "server").get(
        pk=staged_id
    )
    if staged.state != StagedVersion.State.STAGED:
        return None
    report: GateReport | None
    if staged.version.number == 0:
        report = staged.gate_reports.first() or _write(staged, _unjudged(staged))
    else:
        report = judge(staged)
    if report is not None:
        _promote_if_due(staged, report)
    return report


def judge(staged: StagedVersion) -> GateReport | None:
    """Benchmark the version and its reference on the newest suite, and write the gate's report and verdict."""
    project = staged.version.project
    suite, policy = freeze_suite(project), policy_of(project)
    if suite is None:
        sentence = (
            f"{staged.version} cannot be judged: the test split has no golden samples. "
            "Review or import some that fall into it."
        )
        return _write(staged, gate.GateReport(gate.Verdict.INSUFFICIENT, sentence, candidate=staged.version.tag))
    reference = reference_of(staged)
    served = _finished(staged, suite, Decoding.SERVED, suite.size)
    held_against = _finished(reference, suite, Decoding.SERVED, suite.size) if reference else None
    if served is None or (reference is not None and held_against is None):
        return None
    if policy.free_cases:
        for row in filter(None, (staged, reference)):
            _finished(row, suite, Decoding.FREE, policy.free_cases)
    if staged.version.run is not None:
        baseline_results(suite, staged.version.run.snapshot)
    found = gate.decide(
        gate_policy(policy),
        staged.version.spec.kind,
        _evidence(served),
        _evidence(held_against) if held_against else None,
    )
    return _write(staged, found, served, held_against)


def reference_of(staged: StagedVersion) -> StagedVersion | None:
    """What the version is held against, on the same server: the live version, else version 0."""
    project = staged.version.project
    there = StagedVersion.objects.filter(
        server=staged.server, version__project=project, state=StagedVersion.State.STAGED
    ).select_related("version__spec", "version__project", "server")
    live = live_version(project)
    if live is not None and live.pk != staged.version_id:
        return there.filter(version=live).first()
    return there.filter(version__number=0).exclude(pk=staged.pk).first()


def gate_policy(policy: GatePolicy) -> gate.Policy:
    """The row as the pure gate takes it."""
    return gate.Policy(
        minimum=policy.minimum,
        margin=policy.margin,
        accept_tie=policy.accept_tie,
        psr_tolerance=policy.psr_tolerance,
        min_cases=policy.min_cases,
        confidence=policy.confidence,
    )


def _finished(staged: StagedVersion, suite: Suite, decoding: str, cases: int) -> Benchmark | None:
    benchmark = start_benchmark(staged, suite, decoding, cases)
    if benchmark.state != Benchmark.State.SUCCEEDED:
        benchmark = run_benchmark(benchmark.pk)
    return benchmark if benchmark.state == Benchmark.State.SUCCEEDED else None


def _evidence(benchmark: Benchmark) -> gate.Evidence:
    version = benchmark.version
    return gate.Evidence(tag=version.tag, cases=scored_cases(benchmark), is_base=version.number == 0)


def _unjudged(staged: StagedVersion) -> gate.GateReport:
    evidence = gate.Evidence(tag=staged.version.tag, cases={}, is_base=True)
    return gate.decide(gate.Policy(), staged.version.spec.kind, evidence, None)


def _write(
    staged: StagedVersion,
    found: gate.GateReport,
    candidate: Benchmark | None = None,
    reference: Benchmark | None = None,
) -> GateReport:
    report = json.loads(json.dumps(found.as_dict()))
    policy = policy_of(staged.version.project)
    figures = {
        name: candidate.metrics[name]
        for name in ("cases", "psr", "fcr", "f1_micro", "f1_macro", "exact", "token_f1")
        if candidate is not None and name in candidate.metrics
    }
    with transaction.atomic():
        row = GateReport.objects.create(
            project=staged.version.project,
            staged=staged,
            candidate=candidate,
            reference=reference,
            verdict=found.verdict,
            sentence=found.sentence,
            checks=report["checks"],
            policy={name: getattr(policy, name) for name in gate.Policy.__dataclass_fields__ if hasattr(policy, name)},
        )
        record_verdict(staged, verdict=found.verdict, sentence=found.sentence, report={**report, **figures})
    logger.info("gate: %s", found.sentence)
    return row


def _promote_if_due(staged: StagedVersion, report: GateReport) -> None:
    """The gate alone promotes, where the project's serving policy says so: what passed, or the first baseline."""
    project = staged.version.project
    policy = ServingPolicy.objects.filter(project=project).first()
    live = live_version(project)
    due = report.verdict == Verdict.PASSED or (report.verdict == Verdict.BASELINE and live is None)
    if policy is None or not policy.auto_promote or not due or (live and live.pk == staged.version_id):
        return
    if live is not None and live.number > staged.version.number:
        return
    try:
        promote(None, staged.version, reason=report.sentence, automatic=True)
    except ProblemError as problem:
        logger.warning("%s passed but could not be promoted: %s", staged.version, problem)


def rejudge(user: User | None, staged: StagedVersion) -> None:
    """Have a version judged again, against what is live now; the work goes to a worker."""
    from evaluation.tasks import advance as advance_task

    require(user, staged.version.project, Right.OPERATE)
    if staged.state != StagedVersion.State.STAGED:
        raise ProblemError(f"{staged} is not staged; there is nothing to benchmark.")
    advance_task.delay_on_commit(staged.pk)
