"""Hold a staged version against the live one: benchmarks, baselines, gate, verdict."""

import logging

from django.db import transaction

from common.actor import Actor
from common.problems import ProblemError
from common.queue import enqueue
from deployment.live import live_version
from deployment.models import StagedVersion
from evaluation import gate
from evaluation.models import BaselineResult, Benchmark, GatePolicy, GateReport, Suite
from evaluation.scorers import scorer_of
from evaluation.services.baselines import baseline_results
from evaluation.services.benchmarks import requeue_failed, run_benchmark, start_benchmark
from evaluation.services.calibrating import calibrate
from evaluation.services.hard import hard_benchmarks, hard_checks
from evaluation.services.looks import spend
from evaluation.services.neighbours import neighbours_of
from evaluation.services.references import is_coming, nowhere_beside, reference_version, staged_beside
from evaluation.services.reports import gate_policy, judged_by_look, policy_of, promote_if_due, write_report
from evaluation.services.scoring import scored_again, scored_cases, timing_of
from evaluation.services.suites import freeze_suite, groups_of
from labeling.access import Right, require
from labeling.services import events
from training.models import ModelVersion

logger = logging.getLogger(__name__)
Decoding, State = Benchmark.Decoding, Benchmark.State
NO_SUITE = "the test split has no golden samples. Review or import some that fall into it, then judge again"


def advance(staged_id: int) -> GateReport | None:
    """Do what is due for a staged version: benchmarks, verdict, promotion where the project promotes by itself.

    Every step looks at the rows first, so calling it again goes on where it stopped, and does nothing twice. None
    while something is unfinished: another worker has it, the server does not answer, the reference is on its way.
    """
    rows = StagedVersion.objects.select_related("version__spec", "version__project", "version__run__snapshot", "server")
    staged = rows.filter(pk=staged_id).first()
    if staged is None or staged.state != StagedVersion.State.STAGED:
        return None
    report = judge(staged)
    if report is not None:
        if report.candidate is not None:
            calibrate(staged.version)  # what goes live says from its first answer on how sure it is
        staged.refresh_from_db()
        promote_if_due(staged, report)
    return report


def resume(benchmark_id: int) -> None:
    """Finish a benchmark that lost its worker, then the judgments that waited for it."""
    benchmark = run_benchmark(benchmark_id)
    if benchmark.state != State.SUCCEEDED:
        return
    beside = Benchmark.objects.filter(
        suite=benchmark.suite,
        staged__server=benchmark.staged.server,
        decoding=Decoding.SERVED,
        version__number__gt=0,
        gate_reports=None,
        hard_reports=None,
    )
    # The live version stands there as the one to beat.
    live = live_version(benchmark.version.project)
    for staged_id in beside.exclude(version=live).values_list("staged_id", flat=True):
        advance(staged_id)


def judge(staged: StagedVersion) -> GateReport | None:
    """Benchmark the version and its reference on the newest suite, and write the gate's report and verdict."""
    version = staged.version
    if version.number == 0:
        evidence = gate.Evidence(tag=version.tag, cases={}, is_base=True)
        found = gate.decide(gate.Policy(), scorer_of(version.spec), evidence, None)
        return write_report(staged, found, policy_of(version.project))
    # Asked once, at the beginning: what goes live meanwhile is not what the figures below are compared with.
    reference = reference_version(version)
    if reference is None and (before := _judged_against_others(staged)) is not None:
        return before
    suite, policy = freeze_suite(version.project), policy_of(version.project)
    if suite is None:
        return _cannot(staged, NO_SUITE, reference, policy)
    beside = staged_beside(staged, reference) if reference else None
    if reference is not None and beside is None:
        if is_coming(staged, reference):
            return None
        return _cannot(staged, nowhere_beside(staged, reference), reference, policy)
    rows = [staged, beside] if beside else [staged]
    benchmarks = _benchmark(suite, policy, rows)
    hard = None if benchmarks is None else hard_benchmarks(version.project, rows)
    if benchmarks is None or hard is None:
        return None
    simple = [] if version.trained_by is None else baseline_results(suite, version.trained_by.snapshot)
    candidate, *held_against = benchmarks
    for benchmark in held_against:
        _measure_again(suite, benchmark.version)
    evidences = [_evidence(benchmark) for benchmark in benchmarks]
    live = evidences[1] if held_against else None
    look = spend(version, suite, reference, _units(evidences), policy)
    others, by = neighbours_of(candidate, held_against, simple), gate_policy(policy)
    found = gate.decide(
        by,
        scorer_of(version.spec),
        evidences[0],
        live,
        beside=hard_checks(by, hard),
        neighbours=[each.evidence for each in others],
    )
    judged = judged_by_look(found, look, candidate, by)
    against = held_against[0] if held_against else None
    return write_report(staged, found, policy, reference, candidate, against, judged, hard=hard, beside=others)


def _judged_against_others(staged: StagedVersion) -> GateReport | None:
    """The newest report of a version that went live on it, where a message for the judgment comes twice: there is
    nothing else left to hold it against, and what it passed stays.
    """
    report = staged.gate_reports.first()
    return report if report is not None and report.held_against_id is not None else None


def rejudge(actor: Actor, staged: StagedVersion) -> None:
    """Have a version judged again, against what is live now; failed benchmarks run again. A worker does it."""
    require(actor, staged.version.project, Right.OPERATE)
    if staged.state != StagedVersion.State.STAGED:
        raise ProblemError(f"{staged} is {staged.get_state_display().lower()}; only a staged version can be judged.")
    reference = reference_version(staged.version)
    beside = staged_beside(staged, reference) if reference else None
    with transaction.atomic():
        for row in filter(None, (staged, beside)):
            requeue_failed(actor, row)
        events.record(actor, "version.judgment_asked", staged.version, after={"server": staged.server.uid})
        enqueue("evaluation.advance", staged.pk)


def _benchmark(suite: Suite, policy: GatePolicy, rows: list[StagedVersion]) -> list[Benchmark] | None:
    """The served benchmarks of `rows`, done, one after the other; None while any is unfinished.

    The free ones are run too. They are no part of the verdict, so one that failed for good does not hold it up.
    """
    served = []
    for row in rows:
        benchmark = _run(row, suite, Decoding.SERVED, suite.size)
        if benchmark.state != State.SUCCEEDED:
            return None
        served.append(benchmark)
    for row in rows if policy.free_cases else ():
        if _run(row, suite, Decoding.FREE, policy.free_cases).state in {State.QUEUED, State.RUNNING}:
            return None
    return served


def _run(staged: StagedVersion, suite: Suite, decoding: str, cases: int) -> Benchmark:
    benchmark = start_benchmark(staged, suite, decoding, cases)
    return scored_again(benchmark) if benchmark.state == State.SUCCEEDED else run_benchmark(benchmark.pk)


def _measure_again(suite: Suite, version: ModelVersion) -> None:
    """The simple methods beside a version whose figures were worked out anew: those that were there, by today's."""
    if version.trained_by is not None:
        snapshot = version.trained_by.snapshot
        if BaselineResult.objects.filter(suite=suite, snapshot=snapshot).exists():
            baseline_results(suite, snapshot)


def _evidence(benchmark: Benchmark) -> gate.Evidence:
    version = benchmark.version
    groups = groups_of(benchmark.suite)
    cases, timing = scored_cases(benchmark), timing_of(benchmark)
    return gate.Evidence(version.tag, cases, is_base=version.number == 0, groups=groups, timing=timing)


def _units(evidences: list[gate.Evidence]) -> int:
    return gate.pair(evidences[0], evidences[1]).units if len(evidences) > 1 else 0


def _cannot(staged: StagedVersion, why: str, reference: ModelVersion | None, policy: GatePolicy) -> GateReport:
    sentence = f"{staged.version} cannot be judged: {why}."
    found = gate.GateReport(gate.Verdict.INSUFFICIENT, sentence, candidate=staged.version.tag)
    return write_report(staged, found, policy, reference)
