"""What stands beside a version on the same cases: the simple methods of its own snapshot, and the bare base."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from evaluation import gate
from evaluation.models import BaselineResult, Benchmark
from evaluation.scorers import Scored, scorer_of
from evaluation.services.scoring import scored_cases

# The bare base among the simple methods, which have names of their own.
BASE = "base"


@dataclass(frozen=True)
class Neighbour:
    """One of them: the method's name or `base`, the uid of its row, and its answers, tagged with its title."""

    name: str
    uid: str
    evidence: gate.Evidence

    @property
    def as_told(self) -> dict[str, str]:
        """As a report keeps it, so that its answers can be found again."""
        return {"name": self.name, "title": self.evidence.tag, "uid": self.uid}


def neighbours_of(
    candidate: Benchmark, held_against: Sequence[Benchmark], simple: Iterable[BaselineResult]
) -> list[Neighbour]:
    """What the candidate stands beside, by name: what kept its answers to the same cases.

    Not what it is held against anyhow.
    """
    scorer = scorer_of(candidate.version.spec)
    cases = list(candidate.suite.cases.order_by("position").values_list("pk", "expected")[: candidate.cases])
    found = [
        Neighbour(row.name, str(row.uid), gate.Evidence(scorer.baselines[row.name].title, _answered(cases, row)))
        for row in simple
        if row.answers is not None and row.metrics.get("main_metric") == scorer.main and row.name in scorer.baselines
    ]
    base = _bare_base(candidate)
    if base is not None and all(row.version_id != base.version_id for row in held_against):
        title = f"{base.version.tag}, the bare base"
        found.append(Neighbour(BASE, str(base.uid), gate.Evidence(title, scored_cases(base))))
    return sorted(found, key=lambda each: each.name)


def _answered(cases: list[tuple[int, Any]], row: BaselineResult) -> dict[int, Scored]:
    pairs = zip(cases, row.answers or [], strict=False)
    return {case: Scored(expected, answer) for (case, expected), answer in pairs}


def _bare_base(candidate: Benchmark) -> Benchmark | None:
    rows = Benchmark.objects.filter(
        suite=candidate.suite,
        version__number=0,
        decoding=Benchmark.Decoding.SERVED,
        state=Benchmark.State.SUCCEEDED,
        cases=candidate.cases,
    )
    return rows.select_related("version__project").order_by("-pk").first()
