"""A project whose live version has answered test cases with a confidence, as benchmarks leave it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from evaluation.models import AcceptPolicy, Benchmark, CaseResult, Suite, SuiteCase
from evaluation.services.calibrating import calibrate
from labeling.models import Prediction, Project, Sample
from tests.evaluation.worlds import make_live, make_standing, make_world, text_of, truth_of
from tests.factories import make_sample
from tests.labeling.proposing import propose
from training.models import ModelVersion


def even(count: int) -> list[float]:
    """Confidences from next to 0 to next to 1."""
    return [(place + 0.5) / count for place in range(count)]


def make_shop(number: int = 1) -> tuple[Project, ModelVersion]:
    """The project, and its live version."""
    project = make_world(cases=0)
    version = make_standing(project, number).version
    make_live(version.staged.get())
    return project, version


def answer_cases(
    version: ModelVersion, confidences: Sequence[float | None], right: Sequence[bool], groups: Sequence[int] = ()
) -> Benchmark:
    """A finished benchmark on a suite of its own."""
    project, spec = version.project, version.project.spec
    told = json.dumps([list(confidences), list(right), Suite.objects.count()])
    digest = hashlib.sha256(told.encode()).hexdigest()
    suite = Suite.objects.create(project=project, spec=spec, digest=digest, size=len(right))
    numbers = groups or range(len(right))
    cases = SuiteCase.objects.bulk_create(
        SuiteCase(suite=suite, position=place, group=group, text=text_of(place), expected=truth_of(text_of(place)))
        for place, group in enumerate(numbers)
    )
    benchmark = Benchmark.objects.create(
        suite=suite,
        version=version,
        staged=version.staged.get(),
        cases=len(right),
        done=len(right),
        state="succeeded",
        finished_at=timezone.now(),
    )
    CaseResult.objects.bulk_create(
        CaseResult(
            benchmark=benchmark,
            case=case,
            messages=[],
            raw="",
            status="strict",
            answer=case.expected,
            exact=is_right,
            latency_ms=1.0,
            confidence=confidence,
        )
        for case, confidence, is_right in zip(cases, confidences, right, strict=True)
    )
    return benchmark


def make_certified(cases: int = 200, **policy: Any) -> Project:
    """Automatic acceptance is on, and answers surer than about .3 are always right."""
    project, version = make_shop()
    confidences = even(cases)
    answer_cases(version, confidences, [each >= 0.3 for each in confidences])
    calibrate(version)
    AcceptPolicy.objects.create(project=project, enabled=True, **policy)
    return project


def proposed(project: Project, confidence: float, sample: Mapping[str, Any] | None = None, **said: Any) -> Prediction:
    """The live version's proposal to a new text."""
    number = Sample.objects.count()
    found: Sample = make_sample(project, f"{text_of(number)} to review", **(sample or {}))
    return propose(found, confidence=confidence, **said)
