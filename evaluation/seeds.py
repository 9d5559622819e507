"""How far one recipe spreads: versions that differ in the seed of their training alone, on the same cases."""

from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from evaluation.models import Benchmark
from evaluation.scorers import scorer_of
from training.models import TrainingRun

# So many versions are named in a sentence.
SHOWN = 12


@dataclass(frozen=True)
class Seeded:
    """One of them: the version's number, its seed, its judged figure."""

    version: int
    seed: int | None
    main: float


@dataclass(frozen=True)
class Spread:
    """All of them by number, with the mean and the standard deviation (of a sample, n - 1) of the judged figure.

    `title`: what the figure is called.
    """

    title: str
    rows: tuple[Seeded, ...]

    @property
    def newest(self) -> tuple[Seeded, ...]:
        """The newest versions, as many as a sentence holds, by number."""
        return self.rows[-SHOWN:]

    @property
    def older(self) -> int:
        """How many there are beside them."""
        return max(0, len(self.rows) - SHOWN)

    @property
    def mean(self) -> float:
        """Of the judged figure."""
        return fmean(row.main for row in self.rows)

    @property
    def sd(self) -> float:
        """Of the judged figure."""
        return stdev(row.main for row in self.rows)


def spread_of(benchmark: Benchmark) -> Spread | None:
    """The recipe of the benchmarked version over its seeds; None where it has no run of its own, or but one seed.

    One recipe: the same data by their digest, base and configuration but for the seed. Two runs of one seed are the
    same model twice: this one counts, else the newer. An edited version has none: it is asked otherwise than its run's.
    """
    run = benchmark.version.run
    if run is None or "main" not in benchmark.metrics:
        return None
    alike = TrainingRun.objects.filter(
        project=run.project_id, snapshot__digest=run.snapshot.digest, base=run.base_id, version__isnull=False
    )
    runs = [each for each in alike if _recipe(each) == _recipe(run)]
    benchmarks = Benchmark.objects.filter(
        suite=benchmark.suite_id,
        decoding=benchmark.decoding,
        cases=benchmark.cases,
        state=Benchmark.State.SUCCEEDED,
        version__run__in=runs,
        metrics__main_metric=benchmark.metrics["main_metric"],
    )
    found: dict[Any, Seeded] = {}
    for row in (*benchmarks.select_related("version__run").order_by("version__number", "pk"), benchmark):
        assert row.version.run is not None
        seed = row.version.run.config.get("seed")
        found[seed] = Seeded(row.version.number, seed, float(row.metrics["main"]))
    if len(found) < 2:
        return None
    rows = sorted(found.values(), key=lambda each: each.version)
    return Spread(scorer_of(benchmark.version.spec).title, tuple(rows))


def _recipe(run: TrainingRun) -> dict[str, Any]:
    return {name: value for name, value in run.config.items() if name != "seed"}
