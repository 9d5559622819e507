"""Freeze the test split into a suite of cases."""

from typing import Any

from django.db import transaction

from common.actor import system
from evaluation.groups import joined
from evaluation.models import Suite, SuiteCase
from evaluation.suite_digest import digest_of
from labeling.kinds import kind_of
from labeling.models import AlikeText, GoldenSample, Project, Sample, VectorSet
from labeling.services import cases_left_out, events
from labeling.services.fitting import Fitting
from labeling.splits import group_key

_GATE = system("gate")


def freeze_suite(project: Project) -> Suite | None:
    """The suite of the golden answers in the test split that may judge; None where there are none.

    Golden answers that may not judge, or do not fit the project's newest spec, are counted by reason in `left_out`. The
    same cases give the same digest and row, whatever their labels are called: a suite keeps the names of its own spec.
    """
    spec = project.spec
    fitting, kind = Fitting(spec.to_spec()), kind_of(spec)
    cases = []
    golden = GoldenSample.objects.judging().filter(project=project)
    for row in golden.select_related("sample").order_by("sample__content_hash").iterator():
        answer = fitting.read(row.spec_id, row.answer)
        if answer is not None:
            cases.append((row.sample, answer))
    if not cases:
        return None
    digest = digest_of([(sample.whole_input, kind.identities(fitting.asked, answer)) for sample, answer in cases])
    left_out = cases_left_out(project) | dict(fitting.left_out)
    with transaction.atomic():
        suite, created = Suite.objects.get_or_create(
            project=project, digest=digest, defaults={"spec": spec, "size": len(cases), "left_out": left_out}
        )
        if suite.left_out != left_out:
            suite.left_out = left_out
            suite.save(update_fields=["left_out"])
            events.record(_GATE, "suite.recounted", suite, after={"left_out": sum(left_out.values())})
        if created:
            events.record(_GATE, "suite.frozen", suite, after={"digest": digest, "cases": len(cases)})
            SuiteCase.objects.bulk_create(_rows(suite, cases), batch_size=500)
    return suite


def _rows(suite: Suite, cases: list[tuple[Sample, dict[str, Any]]]) -> list[SuiteCase]:
    groups = _groups(suite.project, [sample for sample, _ in cases])
    return [
        SuiteCase(
            suite=suite,
            position=position,
            group=groups[position],
            sample=sample,
            text=sample.text,
            input=sample.input,
            expected=answer,
        )
        for position, (sample, answer) in enumerate(cases)
    ]


def groups_of(suite: Suite) -> dict[int, int]:
    """The group of each case by its id, as it was when the suite was frozen, or as its text has it in older suites."""
    rows = list(suite.cases.order_by("position").values_list("pk", "group", "sample__group_hash", "text"))
    if any(group is None for _, group, _, _ in rows):
        alike = joined([[known or group_key(text)] for _, _, known, text in rows])
        return {pk: group for (pk, *_), group in zip(rows, alike, strict=True)}
    return {pk: group for pk, group, *_ in rows if group is not None}


def _groups(project: Project, samples: list[Sample]) -> list[int]:
    """One number for texts that are nearly the same: by their letters, or by the project's groups of like texts."""
    shown = VectorSet.objects.filter(project=project).values_list("generation", flat=True).first() or 0
    rows = AlikeText.objects.filter(group__project=project, group__generation=shown, sample__in=samples)
    by_sample: dict[int, list[tuple[str, int | str]]] = {}
    for sample, group in rows.values_list("sample", "group"):
        by_sample.setdefault(sample, []).append(("alike", group))
    return joined([[("letters", row.group_hash), *by_sample.get(row.pk, [])] for row in samples])
