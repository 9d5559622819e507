"""Freeze the test split into a suite of cases."""

import hashlib
import json

from django.db import transaction

from evaluation.models import Suite, SuiteCase
from labeling.kinds import AnswerError, validate_answer
from labeling.models import GoldenSample, Project


def freeze_suite(project: Project) -> Suite | None:
    """The suite of the golden answers in the test split that may judge; None where there are none.

    Answers that do not fit the project's newest spec are left out. The same cases give the same digest and row.
    """
    spec = project.spec
    plain = spec.to_spec()
    cases = []
    golden = GoldenSample.objects.judging().filter(project=project)
    for row in golden.select_related("sample").order_by("sample__content_hash").iterator():
        try:
            validate_answer(plain, row.answer)
        except AnswerError:
            continue
        cases.append((row.sample, row.answer))
    if not cases:
        return None
    digest = _digest([(sample.text, answer) for sample, answer in cases])
    with transaction.atomic():
        suite, created = Suite.objects.get_or_create(
            project=project, digest=digest, defaults={"spec": spec, "size": len(cases)}
        )
        if created:
            SuiteCase.objects.bulk_create(
                [
                    SuiteCase(suite=suite, position=position, sample=sample, text=sample.text, expected=answer)
                    for position, (sample, answer) in enumerate(cases)
                ],
                batch_size=500,
            )
    return suite


def _digest(cases: list[tuple[str, dict[str, object]]]) -> str:
    whole = hashlib.sha256()
    for case in cases:
        whole.update(json.dumps(case, ensure_ascii=False, sort_keys=True).encode() + b"\n")
    return whole.hexdigest()
