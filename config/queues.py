"""Which queue takes which task, and what beat sends, and how often.

Queues by urgency, each with workers of its own: watchdogs and moves wait behind nothing, imports, exports, vectors,
fits of heads and other long work hold up only each other; every other task is short and goes to `default`.
"""

from typing import Any

_QUEUES = {
    "urgent": [
        "deployment.look_again",
        "deployment.reap",
        "deployment.resume",
        "deployment.watch",
        "evaluation.reap",
        "labeling.reap",
        "training.reap",
    ],
    "bulk": ["labeling.run_export", "labeling.run_import", "evaluation.accept", "evaluation.reopen"],
    "vectors": ["labeling.make_vectors", "labeling.sweep_vectors"],
    "heads": [
        "training.fit_head",
        "training.fit_draft",
        "training.propose_draft",
        "training.rank_texts",
        "evaluation.compare_orders",
        "deployment.build_head",
    ],
    "build": [
        "training.look",
        "deployment.build",
        "deployment.stage",
        "deployment.prove_again",
        "deployment.pull",
        "evaluation.advance",
        "evaluation.benchmark",
    ],
    "gpu": ["training.train_run"],
}
ROUTES = {task: {"queue": queue} for queue, tasks in _QUEUES.items() for task in tasks}


def schedule(sweep: float, watch: float, reap: float) -> dict[str, dict[str, Any]]:
    """Celery's beat schedule, for rounds of so many seconds."""
    rounds = {
        "labeling.sweep": sweep,
        "labeling.sweep_vectors": sweep,
        "training.check_triggers": sweep,
        "deployment.sweep": sweep,
        "evaluation.sweep": sweep,
        "deployment.catch_up": watch,
        "deployment.watch": watch,
        "deployment.reap": reap,
        "evaluation.reap": reap,
        "labeling.reap": reap,
        "labeling.tell": reap,
        "training.reap": reap,
    }
    return {task.replace(".", "-").replace("_", "-"): _round(task, every) for task, every in rounds.items()}


def _round(task: str, every: float) -> dict[str, Any]:
    # A round that no worker took in time is past: the next is sent already, and none of them shall pile up.
    return {"task": task, "schedule": every, "options": {"expires": _PATIENT.get(task, 2 * every)}}


# Seconds for what waits behind long work of its own queue, and would never have its turn.
_PATIENT = {"labeling.sweep_vectors": 3_600.0}
