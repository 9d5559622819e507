"""Whether a run that is stopped before its end has something worth a version."""

from training.models import RunEvent, TrainingRun


def nothing_to_keep(run: TrainingRun) -> str:
    """Why there is no best yet, or none before the end, and what to do, in a sentence; empty where there is one."""
    way = run.way
    if not way.keeps_best:
        return (
            f"{way.title} ({run.method}) is fitted as a whole: there is no best to keep before its end. Let it end, or "
            "cancel it."
        )
    if not run.step:
        return "This run has not made a step yet: there is nothing to keep. Cancel it instead."
    if run.snapshot.validation_rows < way.keeps_best_from:
        return (
            f"There is no best to keep before the end of this run: it has {run.snapshot.validation_rows} validation "
            f"rows, and fewer than {way.keeps_best_from} choose none. Parts of the training rows choose instead, and "
            "its last training makes what is kept. Let it end, or cancel it."
        )
    if way.keeps_best_from and not RunEvent.objects.filter(run=run, kind="evaluation").exists():
        return (
            "No pass over the rows has been judged by the validation rows yet: there is nothing to keep. Let the first "
            "one end, or cancel the run."
        )
    return ""
