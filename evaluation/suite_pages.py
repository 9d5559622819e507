"""What pages say of suites: what the cases are made of, the hard cases of a project, and which a version lost."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from evaluation.models import CaseResult, GateReport, Suite
from evaluation.services.hard import lost_to
from evaluation.services.suites import hard_reasons
from labeling.models import GoldenSample, Hard, MustPass, Project, Sample, SampleState

# Of marked texts that a page lists.
LISTED = 50


@dataclass(frozen=True)
class HardCases:
    """A project's hard cases: how many with an answer that may judge, by reason, and what is marked as must-pass.

    `waiting`: hard test texts that wait for their answer.
    """

    count: int
    waiting: int
    reasons: list[tuple[str, int]]
    marks: list[MustPass]


def hard_cases(project: Project) -> HardCases:
    """As the next hard suite would have them."""
    reasons = hard_reasons(project)
    golden = GoldenSample.objects.hard().filter(project=project, sample__in=list(reasons))
    answered = set(golden.values_list("sample", flat=True))
    counts = Counter(reason for sample in answered for reason in reasons[sample])
    marks = MustPass.objects.in_force().filter(sample__project=project).exclude(sample__state=SampleState.WITHDRAWN)
    return HardCases(
        len(answered),
        Sample.objects.pending().filter(pk__in=list(reasons)).count(),
        [(str(reason.label), counts[reason]) for reason in Hard if counts[reason]],
        list(marks.select_related("sample").order_by("-pk")[:LISTED]),
    )


def made_of(suite: Suite | None) -> list[str]:
    """What is said beside the figures of a suite, a sentence each."""
    about: dict[str, Any] = suite.about if suite else {}
    if suite is None or "blind" not in about:
        return []
    said = [f"Of {suite.size} cases {about['blind']} were answered blind, and {about['imported']} were imported."]
    if about.get("skipped"):
        share = about["skipped"] / (suite.size + about["skipped"])
        said.append(
            f"{about['skipped']} test texts beside them ({share:.0%}) were skipped and have no answer: where these are "
            "the harder ones, the figures are too good."
        )
    return [*said, _near(about.get("near"))]


def _near(near: dict[str, Any] | None) -> str:
    if not near:
        return "How near the cases are to training texts is not known: for that the texts need vectors."
    return (
        f"{near['near']} of {near['of']} cases ({near['near'] / near['of']:.0%}) are near a training text: a cosine of "
        f"{near['at']:g} or more by {near['encoder']}, beside {near['beside']:,} training texts."
    )


def lost_must_pass(report: GateReport | None) -> list[CaseResult]:
    """The must-pass cases that the report's version has wrong and its reference right."""
    if report is None or report.hard is None or report.hard_reference is None:
        return []
    return lost_to(report.hard_reference, report.hard)
