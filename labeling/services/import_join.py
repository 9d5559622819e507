"""Equal texts of one file with different answers, put together into one: long tables have a row for each label."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from labeling import splits
from labeling.kinds import Answer, AnswerError, kind_of
from labeling.models import GoldenSample, Sample, SampleState, TaskSpec
from labeling.services.fitting import carried
from labeling.services.golden import make_golden
from labeling.services.import_job import BadRows, ImportJob
from labeling.services.samples import NewText, samples_of
from labeling.ways import Given

Rows = list[tuple[int, NewText]]


def joined(job: ImportJob, rows: Rows, report: BadRows) -> Rows:
    """The rows by line, each with all answers to its text in this chunk, and in earlier ones, as one.

    What cannot be put together (more labels than are allowed, say) is listed, and its rows are left out.
    """
    given: dict[str, list[Answer]] = defaultdict(list)
    seen: set[str] = set()
    for _, text in rows:
        if text.answer is not None:
            given[splits.content_hash(text.text)].append(text.answer)
            seen |= {splits.content_hash(text.text)} if text.given == Given.SEEN else set()
    known = samples_of(job.project, (text for _, text in rows if text.answer is not None))
    before = _imported(known.values(), job.since)
    for content_hash, sample in known.items():
        earlier = before.get(sample.pk)
        answer = carried(earlier.spec, earlier.answer, job.task.to_spec()) if earlier else None
        given[content_hash] += [answer] if answer is not None else []
        seen |= {content_hash} if answer is not None and earlier and earlier.given == Given.SEEN else set()
    kept = []
    for line, text in rows:
        key = splits.content_hash(text.text)
        try:
            one = _one(job.task, given[key])
            kept.append((line, replace(text, answer=one, given=Given.SEEN if key in seen else text.given)))
        except AnswerError as error:
            report.add(line, f"The answers to this text cannot be put together. {error}")
    return kept


def _one(task: TaskSpec, answers: list[Answer]) -> Answer | None:
    return kind_of(task).joined(task.to_spec(), answers) if answers else None


def extend(job: ImportJob, known: Iterable[tuple[Sample, Answer]], seen: Collection[int]) -> None:
    """Give samples that an earlier chunk of this import approved the answer that holds this chunk's, too.

    `seen` as in `golden.settle`. What was decided since the chunk was put together stays.
    """
    pairs = sorted(known, key=lambda pair: pair[0].pk)
    before = _imported((sample for sample, _ in pairs), job.since)
    for sample, answer in pairs:
        earlier = before.get(sample.pk)
        if earlier is None or earlier.answer == answer:
            continue
        row = Sample.objects.select_for_update(no_key=True).get(pk=sample.pk)
        now = _imported([row], job.since).get(row.pk)
        if row.state == SampleState.GOLDEN and now is not None and now.pk == earlier.pk:
            given = Given.SEEN if row.pk in seen else Given.IMPORTED
            make_golden(row, job.task, answer, source=GoldenSample.Source.IMPORT, given=given)


def _imported(samples: Iterable[Sample], since: datetime) -> dict[int, GoldenSample]:
    """The answers in force that came with an import after `since`, by the sample's key."""
    rows = GoldenSample.objects.current().select_related("spec").filter(sample__in=[each.pk for each in samples])
    rows = rows.filter(source=GoldenSample.Source.IMPORT, created_at__gte=since)
    return {golden.sample_id: golden for golden in rows}
