"""How fast the versions of a method answer, as benchmarks measured it through the servers that serve them."""

from collections.abc import Iterable

from evaluation.models import Benchmark
from training.models import TrainingRun

# Newest first; older ones say little of how the servers are today.
_MOST = 200


def benchmark_pace(runs: Iterable[TrainingRun]) -> dict[int, float]:
    """The median milliseconds of an answer by the key of the run, as far as there is a benchmark.

    That of its own version, else of the newest of the same method and base in its project.
    """
    runs = list(runs)
    rows = Benchmark.objects.filter(
        version__project__in={run.project_id for run in runs},
        version__base__in={run.base_id for run in runs},
        state=Benchmark.State.SUCCEEDED,
        decoding=Benchmark.Decoding.SERVED,
        metrics__latency_ms__p50__isnull=False,
    ).order_by("-pk")
    names = ("version__project", "version__method", "version__base", "version__run", "metrics__latency_ms__p50")
    alike, own = dict[tuple[int, str, int], float](), dict[int, float]()
    for project, method, base, run, ms in rows.values_list(*names)[:_MOST]:
        alike.setdefault((project, method, base), float(ms))
        own.setdefault(run, float(ms))
    found = {run.pk: own.get(run.pk) or alike.get((run.project_id, run.method, run.base_id)) for run in runs}
    return {key: ms for key, ms in found.items() if ms is not None}
