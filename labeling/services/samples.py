"""Add texts, and approve answers: the one place where golden samples are made and retired."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from labeling import signals, splits
from labeling.access import Right, require
from labeling.kinds import Answer, AnswerError, canonical, storable
from labeling.models import GoldenSample, ImportBatch, Project, Review, Sample, SampleState, TaskSpec, User
from labeling.problems import ProblemError
from labeling.services.fitting import carried


@dataclass(frozen=True)
class NewText:
    """A text to add: `text` is storable; `answer`, where known, is in stored form."""

    text: str
    external_id: str = ""
    answer: Answer | None = None


def add_sample(
    project: Project, text: str, *, external_id: str = "", batch: ImportBatch | None = None
) -> tuple[Sample, bool]:
    """The sample of `text`, and whether it is new; an equal text (case and spaces apart) is the same sample.

    Raises `ProblemError` on an empty text.
    """
    text = storable(text).strip()
    if not text:
        raise ProblemError("The text is empty.")
    added = add_samples(project, [NewText(text, external_id)], batch=batch)
    sample = Sample.objects.get(project=project, content_hash=splits.content_hash(text))
    return sample, bool(added)


@transaction.atomic
def add_samples(project: Project, texts: Iterable[NewText], *, batch: ImportBatch | None = None) -> list[Sample]:
    """Insert those texts that the project does not have; the new rows come back, with ids, in order.

    Equal texts, within the call or in the project, become one sample. Near-duplicates share the split of the
    first of their group, whatever the shares are today. A thousand texts at a time is a good size.
    """
    by_hash: dict[str, NewText] = {}
    for text in texts:
        by_hash.setdefault(splits.content_hash(text.text), text)
    known = Sample.objects.filter(project=project, content_hash__in=by_hash).values_list("content_hash", flat=True)
    for content_hash in known:
        del by_hash[content_hash]
    rows = [
        Sample(
            project=project,
            batch=batch,
            text=text.text,
            external_id=text.external_id[:200],
            content_hash=content_hash,
            group_hash=splits.group_key(text.text),
            rank=_shuffled(content_hash) if batch else 0,
        )
        for content_hash, text in by_hash.items()
    ]
    split_of = splits_of(project, {row.group_hash for row in rows})
    for row in rows:
        row.split = split_of[row.group_hash]
    Sample.objects.bulk_create(rows, ignore_conflicts=True)
    # An import at the same time may have been first with some of them; our uids tell which rows are ours.
    ids = dict(Sample.objects.filter(uid__in=[row.uid for row in rows]).values_list("uid", "pk"))
    added = [row for row in rows if row.uid in ids]
    for row in added:
        row.pk = ids[row.uid]
    return added


def _shuffled(content_hash: str) -> int:
    """The rank of an imported text: files are often sorted, and experts would see one label after the other."""
    return int(content_hash[:8], 16)


def splits_of(project: Project, groups: set[str]) -> dict[str, str]:
    """The split of each group: the one its first sample got, else by hash and today's shares."""
    # Oldest last, so that it wins in the dictionary.
    known = Sample.objects.filter(project=project, group_hash__in=groups).order_by("-id")
    fresh = {group: splits.split_for(group, project.shares, project.key) for group in groups}
    return fresh | dict(known.values_list("group_hash", "split"))


@transaction.atomic
def approve_known_answer(
    sample: Sample, spec: TaskSpec, answer: Answer, source: str = GoldenSample.Source.IMPORT
) -> GoldenSample:
    """Make `answer` the golden answer of `sample`, on the word of a file or of a person's feedback.

    A file never overrules what was decided before: the golden sample in force comes back unchanged.
    Raises `ProblemError` where it is no answer to `spec`.
    """
    sample = Sample.objects.select_for_update().get(pk=sample.pk)
    current = GoldenSample.objects.current().select_related("spec").filter(sample=sample).first()
    stored = stored_answer(spec, answer)
    if current is not None:
        said_already = carried(current.spec, current.answer, spec.to_spec()) == stored
        if source == GoldenSample.Source.IMPORT or said_already:
            return current
    return make_golden(sample, spec, stored, source=source)


def stored_answer(spec: TaskSpec, answer: Answer) -> Answer:
    """`answer` in its stored form; raises `ProblemError` with what is wrong with it."""
    try:
        return canonical(spec.to_spec(), answer)
    except AnswerError as error:
        raise ProblemError(str(error)) from error


def make_golden(
    sample: Sample, spec: TaskSpec, answer: Answer, *, source: str, review: Review | None = None
) -> GoldenSample:
    """Put a golden sample in force and retire the one before it. Call it with the sample's row locked."""
    retire_golden(sample)
    golden = GoldenSample.objects.create(
        project_id=sample.project_id, sample=sample, spec=spec, answer=answer, source=source, review=review
    )
    Sample.objects.filter(pk=sample.pk).update(state=SampleState.GOLDEN, lease_user=None, lease_until=None)
    announce_golden(sample.project_id, golden.pk)
    return golden


def make_golden_many(samples: Iterable[tuple[Sample, Answer]], spec: TaskSpec) -> int:
    """Approve the imported answers of samples made in this very transaction; announces nothing."""
    pairs = list(samples)
    GoldenSample.objects.bulk_create(
        GoldenSample(
            project_id=sample.project_id, sample=sample, spec=spec, answer=answer, source=GoldenSample.Source.IMPORT
        )
        for sample, answer in pairs
    )
    Sample.objects.filter(pk__in=[sample.pk for sample, _ in pairs]).update(state=SampleState.GOLDEN)
    return len(pairs)


def retire_golden(sample: Sample) -> bool:
    """Take the golden answer in force back, keeping its row; whether there was one."""
    return bool(GoldenSample.objects.current().filter(sample=sample).update(retired_at=timezone.now()))


def announce_golden(project_id: int, golden_id: int | None) -> None:
    """Say after commit that golden samples landed. A listener that fails must not undo an expert's work."""
    transaction.on_commit(
        lambda: signals.golden_sample_added.send_robust(sender=GoldenSample, project_id=project_id, golden_id=golden_id)
    )


@transaction.atomic
def create_samples(
    user: User, project: Project, texts: list[NewText], *, may_approve: bool
) -> list[tuple[Sample, bool]]:
    """Add texts for a caller with the right to import; answers need `may_approve` (the right to review).

    Texts that are there already keep what was decided of them. The samples of all texts come back, in order,
    each with whether it is new.
    """
    require(user, project, Right.IMPORT)
    if not may_approve and any(text.answer is not None for text in texts):
        raise ProblemError("Known answers may be given only by those who may review. Leave the answers out.")
    added = {row.content_hash for row in add_samples(project, texts)}
    hashes = [splits.content_hash(text.text) for text in texts]
    samples = {row.content_hash: row for row in Sample.objects.filter(project=project, content_hash__in=hashes)}
    spec = project.spec
    for text, content_hash in zip(texts, hashes, strict=True):
        if text.answer is not None and samples[content_hash].state == SampleState.PENDING:
            approve_known_answer(samples[content_hash], spec, text.answer)
            samples[content_hash].state = SampleState.GOLDEN
    return [(samples[content_hash], content_hash in added) for content_hash in hashes]
