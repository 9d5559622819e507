"""The one place where golden samples are made and retired, and the one validator of their answers."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from common.problems import ProblemError
from labeling import signals
from labeling.kinds import Answer, AnswerError, Input, canonical
from labeling.models import GoldenSample, Review, Sample, SampleState, TaskSpec
from labeling.services.fitting import carried
from labeling.ways import Given


def stored_answer(spec: TaskSpec, answer: Any, input: Input | None) -> Answer:
    """An answer to `input` in its stored form; raises `ProblemError` with what is wrong with it."""
    try:
        return canonical(spec.to_spec(), answer, input)
    except AnswerError as error:
        raise ProblemError(str(error)) from error


def make_golden(
    sample: Sample, spec: TaskSpec, answer: Answer, *, source: str, given: str, review: Review | None = None
) -> GoldenSample:
    """Put a golden sample in force and retire the one before it. Call it with the sample's row locked."""
    retire_golden(sample)
    golden = GoldenSample.objects.create(
        project_id=sample.project_id,
        sample=sample,
        spec=spec,
        answer=answer,
        source=source,
        given=given,
        review=review,
    )
    Sample.objects.filter(pk=sample.pk).update(state=SampleState.GOLDEN, lease_user=None, lease_until=None)
    announce_golden(sample.project_id, golden.pk)
    return golden


def retire_golden(sample: Sample) -> bool:
    """Take the golden answer in force back, keeping its row; whether there was one."""
    return bool(GoldenSample.objects.filter(sample=sample, retired_at=None).update(retired_at=timezone.now()))


def announce_golden(project_id: int, golden_id: int | None) -> None:
    """Say after commit that golden samples landed. A listener that fails must not undo an expert's work."""
    transaction.on_commit(
        lambda: signals.golden_sample_added.send_robust(sender=GoldenSample, project_id=project_id, golden_id=golden_id)
    )


def settle(known: Iterable[tuple[Sample, Answer]], spec: TaskSpec, *, seen: Collection[int] = ()) -> int:
    """Approve the answers, in stored form, that a file or a program knows of these texts; how many were taken.

    `seen` are the samples (by key) whose answer was given beside a proposal: it judges no version here either. The
    rule is one for all doors: a text that waits takes its answer, what was decided before stays. The rows are locked
    here. It announces nothing; who calls it does, writes the event, and says what was not taken (`refusals`).
    """
    answers = {sample.pk: answer for sample, answer in known}
    rows = (
        Sample.objects.select_for_update(no_key=True).filter(pk__in=answers, state=SampleState.PENDING).order_by("pk")
    )
    waiting = list(rows.values_list("pk", flat=True))
    GoldenSample.objects.bulk_create(
        GoldenSample(
            project_id=spec.project_id,
            sample_id=pk,
            spec=spec,
            answer=answers[pk],
            source=GoldenSample.Source.IMPORT,
            given=Given.SEEN if pk in seen else Given.IMPORTED,
        )
        for pk in waiting
    )
    Sample.objects.filter(pk__in=waiting).update(state=SampleState.GOLDEN, lease_user=None, lease_until=None)
    return len(waiting)


def refusals(known: Sequence[tuple[Sample, Answer]], spec: TaskSpec) -> list[str]:
    """Why each of these answers, in stored form, is not the one in force; empty where it is, or the text waits."""
    ids = {sample.pk for sample, _ in known}
    states = dict(Sample.objects.filter(pk__in=ids).values_list("pk", "state"))
    current = GoldenSample.objects.current().select_related("spec").filter(sample__in=ids)
    asked = spec.to_spec()
    decided = {golden.sample_id: carried(golden.spec, golden.answer, asked) for golden in current}
    return [_refusal(states[sample.pk], decided.get(sample.pk), answer) for sample, answer in known]


def _refusal(state: str, decided: Answer | None, answer: Answer) -> str:
    if state == SampleState.WITHDRAWN:
        return "This text is withdrawn. A manager of the project can bring it back."
    if state == SampleState.REJECTED:
        return "This text was rejected in review."
    if state == SampleState.PENDING or decided == answer:
        return ""
    return "This text has another answer already, which is not overruled."
