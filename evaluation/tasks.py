"""Celery tasks of the evaluation floor. Names and queues are contracts."""

from celery import shared_task

from common.queue import enqueue, remind

_UNBOUNDED = 365 * 24 * 3600


@shared_task(name="evaluation.advance", time_limit=_UNBOUNDED, soft_time_limit=_UNBOUNDED)
def advance(staged_id: int) -> None:
    """Benchmark and judge one staged version."""
    from evaluation.services import judging

    judging.advance(staged_id)


@shared_task(name="evaluation.benchmark", time_limit=_UNBOUNDED, soft_time_limit=_UNBOUNDED)
def benchmark(benchmark_id: int) -> None:
    """Go on with one benchmark that lost its worker."""
    from evaluation.services import judging

    judging.resume(benchmark_id)


@shared_task(name="evaluation.calibrate")
def calibrate(version_id: int) -> None:
    """Measure what one version's confidence is worth."""
    from evaluation.services import calibrating
    from training.models import ModelVersion

    version = ModelVersion.objects.select_related("project", "run").filter(pk=version_id).first()
    if version is not None:
        calibrating.calibrate(version)


@shared_task(name="evaluation.accept")
def accept(project_id: int) -> None:
    """Accept what a certificate allows in one project, and look at its audits."""
    from evaluation.services import accepting

    accepting.accept_due(project_id)


@shared_task(name="evaluation.reopen")
def reopen(project_id: int) -> None:
    """Send back to review what was accepted in one project, as a person has decided."""
    from evaluation.services import reopening

    reopening.reopen_due(project_id)


@shared_task(name="evaluation.compare_orders")
def compare_orders(project_id: int) -> None:
    """Hold the order of review of one project against chance."""
    from evaluation.services import order_comparison
    from labeling.models import Project

    project = Project.objects.filter(pk=project_id, archived_at=None).first()
    if project is not None:
        order_comparison.compare_orders(project)


@shared_task(name="evaluation.reap")
def reap() -> None:
    """Beat: benchmarks that lost their worker."""
    from evaluation.services import upkeep

    for task, pk in upkeep.lost():
        remind(task, pk)


@shared_task(name="evaluation.sweep")
def sweep() -> None:
    """Beat: whatever is due."""
    from evaluation.services import accepting, calibrating, order_comparison, reopening, reports, upkeep

    reports.retry_promotions()
    upkeep.ask_live_again()
    for version_id in calibrating.due():
        enqueue("evaluation.calibrate", version_id)
    for project_id in order_comparison.due():
        remind("evaluation.compare_orders", project_id)
    for project_id in accepting.due():
        enqueue("evaluation.accept", project_id)
    for project_id in reopening.due():
        enqueue("evaluation.reopen", project_id)
    for staged_id in (*upkeep.due(), *upkeep.grown()):
        enqueue("evaluation.advance", staged_id)
    for benchmark_id in upkeep.interrupted():
        enqueue("evaluation.benchmark", benchmark_id)
