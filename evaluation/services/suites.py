"""Freeze test texts into suites of cases: those that chance drew, and the hard ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from common.actor import system
from evaluation.groups import joined
from evaluation.models import Suite, SuiteCase
from evaluation.services.makeup import Makeup, makeup_of
from evaluation.services.rolled_back import wrong_when_rolled_back
from evaluation.suite_digest import digest_of
from labeling.kinds import kind_of
from labeling.models import AlikeText, GoldenSample, Hard, Project, Sample, TaskSpec, VectorSet
from labeling.querysets import GoldenQuerySet
from labeling.services import cases_left_out, events
from labeling.services.fitting import Fitting
from labeling.services.hard import Reasons, hard_texts
from labeling.splits import group_key

_GATE = system("gate")
Role = Suite.Role


@dataclass(frozen=True)
class _Case:
    """A case to be: a text, its right answer in today's labels, and why it is a hard one."""

    sample: Sample
    answer: dict[str, Any]
    given: str
    reasons: list[str]


def freeze_suite(project: Project) -> Suite | None:
    """The suite of the golden answers in the test split that may judge; None where there are none.

    Golden answers that may not judge, or do not fit the project's newest spec, are counted by reason in `left_out`. The
    same cases give the same digest and row, whatever their labels are called: a suite keeps the names of its own spec.
    Once a label was removed or merged they are another suite, on which everything is asked and scored anew.
    """
    golden = GoldenSample.objects.judging().filter(project=project)
    return _frozen(project, Role.GATE, golden, {}, cases_left_out(project))


def freeze_hard_suite(project: Project) -> Suite | None:
    """The suite of the hard cases, as `hard_reasons` has them; None where there are none."""
    reasons = hard_reasons(project)
    golden = GoldenSample.objects.hard().filter(project=project, sample__in=list(reasons))
    return _frozen(project, Role.HARD, golden, reasons, {}) if reasons else None


def hard_reasons(project: Project) -> Reasons:
    """The project's hard test texts by their id, answered or not, each with why it is one."""
    reasons = hard_texts(project)
    for sample in wrong_when_rolled_back(project):
        reasons.setdefault(sample, set()).add(Hard.ROLLED_BACK)
    return reasons


def _frozen(
    project: Project, role: Role, golden: GoldenQuerySet, reasons: Reasons, left_out: Mapping[str, int]
) -> Suite | None:
    spec = project.spec
    fitting, kind = Fitting(spec.to_spec()), kind_of(spec)
    cases = []
    for row in golden.select_related("sample").order_by("sample__content_hash").iterator():
        answer = fitting.read(row.spec_id, row.answer)
        if answer is not None:
            why = sorted(map(str, reasons.get(row.sample_id, ())))
            cases.append(_Case(row.sample, answer, row.given, why))
    if not cases:
        return None
    gone = gone_labels(project, spec)
    told = [
        (case.sample.whole_input, kind.identities(fitting.asked, case.answer), *([case.reasons] if reasons else []))
        for case in cases
    ]
    digest = digest_of(told, gone)
    there = Suite.objects.filter(project=project, role=role, digest=digest).first()
    about = makeup_of(project, Makeup([(case.sample, case.given) for case in cases], there, role))
    values = {"left_out": dict(left_out) | dict(fitting.left_out), "about": about}
    return _kept(Suite(project=project, role=role, digest=digest, spec=spec, size=len(cases), gone=gone), values, cases)


@transaction.atomic
def _kept(new: Suite, values: dict[str, Any], cases: list[_Case]) -> Suite:
    """The row of these cases, made where it is new; what is counted beside them is as it is today."""
    fixed = {"spec": new.spec, "size": new.size, "gone": new.gone}
    suite, created = Suite.objects.get_or_create(
        project=new.project, role=new.role, digest=new.digest, defaults=fixed | values
    )
    if any(getattr(suite, name) != value for name, value in values.items()):
        for name, value in values.items():
            setattr(suite, name, value)
        suite.save(update_fields=list(values))
        events.record(_GATE, "suite.recounted", suite, after={"left_out": sum(suite.left_out.values())})
    if created:
        after = {"digest": suite.digest, "cases": len(cases), "role": suite.role}
        events.record(_GATE, "suite.frozen", suite, after=after)
        SuiteCase.objects.bulk_create(_rows(suite, cases), batch_size=500)
    return suite


def gone_labels(project: Project, spec: TaskSpec) -> list[str]:
    """The ids of labels that the project asked about once and does not any more: removed, or merged into others."""
    today = {row.get("id") for row in spec.labels}
    earlier = project.specs.filter(number__lt=spec.number).values_list("labels", flat=True)
    return sorted({row["id"] for labels in earlier.iterator() for row in labels if row.get("id")} - today)


def _rows(suite: Suite, cases: list[_Case]) -> list[SuiteCase]:
    groups = _groups(suite.project, [case.sample for case in cases])
    return [
        SuiteCase(
            suite=suite,
            position=position,
            group=groups[position],
            sample=case.sample,
            text=case.sample.text,
            input=case.sample.input,
            expected=case.answer,
            reasons=case.reasons,
        )
        for position, case in enumerate(cases)
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
