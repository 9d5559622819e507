"""What a version's confidence is worth: a map to shares, and what held-out answers say of it."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Subquery

from common.actor import system
from common.calibrating import ENOUGH, Calibrated, fit
from evaluation.models import Benchmark, Calibration, CaseResult, Suite
from evaluation.reliability import held_out, reliability
from evaluation.services.suites import groups_of
from labeling.models import ParseStatus
from labeling.services import events
from training.methods import HEADS
from training.models import ModelVersion

_CALIBRATION = system("calibration")
Source = Calibration.Source


@dataclass(frozen=True)
class Answers:
    """A version's answers to held-out cases, one of each group of near-duplicates, in the order of their texts' hashes.

    Those that could not be read, and those without a confidence, are only counted.
    """

    confidences: list[float] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    unread: int = 0
    silent: int = 0

    @property
    def asked(self) -> int:
        """All of them."""
        return len(self.right) + self.unread + self.silent


def newest_benchmark(version: ModelVersion) -> Benchmark | None:
    """The finished one on the newest cases, asked as it is served."""
    found: Benchmark | None = _served().filter(version=version).select_related("suite").first()
    return found


def answers_of(benchmark: Benchmark | None) -> Answers:
    """What the version answered there."""
    if benchmark is None:
        return Answers()
    groups, seen = groups_of(benchmark.suite), set[int]()
    rows = CaseResult.objects.filter(benchmark=benchmark).order_by("case__position")
    found, unread, silent = [], 0, 0
    for case, status, confidence, exact in rows.values_list("case_id", "status", "confidence", "exact").iterator():
        if groups[case] in seen:
            continue
        seen.add(groups[case])
        if status == ParseStatus.FAILED:
            unread += 1
        elif confidence is None:
            silent += 1
        else:
            found.append((confidence, exact))
    return Answers([each for each, _ in found], [each for _, each in found], unread, silent)


def calibrate(version: ModelVersion) -> Calibration:
    """The calibration of a version by what is there now; the same answers give the same row.

    A head's map was fitted on training rows left out, and test cases judge it. Another version's is fitted on its test
    cases, and each of them is judged by a map that was fitted without it and its fifth.
    """
    benchmark = newest_benchmark(version)
    answers, by_folds = answers_of(benchmark), _by_folds(version)
    values = _values(answers, by_folds)
    told = [str(benchmark.uid) if benchmark else "", values["map"], answers.confidences, answers.right]
    digest = hashlib.sha256(json.dumps(told).encode()).hexdigest()
    with transaction.atomic():
        row, created = Calibration.objects.get_or_create(
            version=version, digest=digest, defaults={"benchmark": benchmark, **values}
        )
        if created:
            after = {"source": row.source, "cases": row.cases, "error": row.figures.get("error")}
            events.record(_CALIBRATION, "version.calibrated", version, after=after)
    return row


def _values(answers: Answers, by_folds: tuple[Calibrated, int] | None) -> dict[str, Any]:
    shares: Sequence[float] | None
    if by_folds is not None:
        source, (found, fitted_on) = Source.FOLDS, by_folds
        enough = len(answers.right) >= ENOUGH
        shares = [found.share(each) for each in answers.confidences] if enough else None
    else:
        shares = held_out(answers.confidences, answers.right)
        fitted = fit(answers.confidences, answers.right) if shares is not None else None
        if fitted is None:
            return _counted(answers) | {"source": Source.NONE, "map": None, "fitted_on": 0, "figures": {}}
        source, found, fitted_on = Source.CASES, fitted, len(answers.right)
    figures = reliability(shares, answers.right, answers.confidences).kept() if shares is not None else {}
    return _counted(answers) | {"source": source, "map": found.kept(), "fitted_on": fitted_on, "figures": figures}


def _counted(answers: Answers) -> dict[str, int]:
    return {"cases": len(answers.right), "unread": answers.unread, "silent": answers.silent}


def _by_folds(version: ModelVersion) -> tuple[Calibrated, int] | None:
    """The map that a head's fit left, and of how many rows it is; None where it left none."""
    told = version.head_told.get("whole_answer")
    return (Calibrated.read(told), int(told["rows"])) if told else None


def due() -> list[int]:
    """Ids of versions whose newest benchmark, or whose fit, no calibration knows yet."""
    own = _served().filter(version=OuterRef("pk")).values("pk")[:1]
    versions = ModelVersion.objects.filter(project__archived_at=None).annotate(newest=Subquery(own))
    known = Calibration.objects.filter(version=OuterRef("pk"))
    judged = versions.exclude(newest=None).exclude(Exists(known.filter(benchmark=OuterRef("newest"))))
    fitted = versions.filter(newest=None, method__in=HEADS, run__metrics__head__has_key="whole_answer")
    return [*judged.values_list("pk", flat=True), *fitted.exclude(Exists(known)).values_list("pk", flat=True)]


def newest_map() -> Subquery:
    """The newest map of the outer row's version, as `Calibrated.kept` has it."""
    rows = Calibration.objects.filter(version=OuterRef("version")).order_by("-pk")
    return Subquery(rows.values("map")[:1])


def _served() -> Any:
    """Finished benchmarks on what chance drew: hard cases are chosen, and say nothing of other texts."""
    rows = Benchmark.objects.filter(
        decoding=Benchmark.Decoding.SERVED, state=Benchmark.State.SUCCEEDED, suite__role=Suite.Role.GATE
    )
    return rows.order_by("-suite_id", "-pk")
