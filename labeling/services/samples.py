"""Add texts, and approve answers: the one place where golden samples are made and retired."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from labeling import signals, splits
from labeling.access import Right, require
from labeling.kinds import Answer, AnswerError, canonical, storable
from labeling.models import GoldenSample, ImportBatch, Project, Review, Sample, SampleState, Split, TaskSpec, User
from labeling.problems import ConflictError, ProblemError
from labeling.services.fitting import carried
from labeling.ways import DRAWN, Given, WayIn


@dataclass(frozen=True)
class NewText:
    """A text to add: `text` is storable; `answer`, where known, is in stored form."""

    text: str
    external_id: str = ""
    answer: Answer | None = None


def add_sample(
    project: Project, text: str, *, way_in: str, external_id: str = "", batch: ImportBatch | None = None
) -> tuple[Sample, bool]:
    """The sample of `text`, and whether it is new; an equal text (case and spaces apart) is the same sample.

    `way_in` is kept of a new one only. Raises `ProblemError` on an empty text.
    """
    text = storable(text).strip()
    if not text:
        raise ProblemError("The text is empty.")
    added = add_samples(project, [NewText(text, external_id)], way_in=way_in, batch=batch)
    sample = Sample.objects.get(project=project, content_hash=splits.content_hash(text))
    return sample, bool(added)


@transaction.atomic
def add_samples(
    project: Project, texts: Iterable[NewText], *, way_in: str, batch: ImportBatch | None = None
) -> list[Sample]:
    """Insert those texts that the project does not have; the new rows come back, with ids, in order.

    Equal texts, within the call or in the project, become one sample. Near-duplicates share the split of the
    first of their group, whatever the shares are today. A text that a person chose (by `way_in`) enters the test split
    only behind its group. A thousand texts at a time is a good size.
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
            rank=_shuffled(content_hash),
            way_in=way_in,
        )
        for content_hash, text in by_hash.items()
    ]
    split_of = splits_of(project, {row.group_hash for row in rows}, drawn=way_in in DRAWN)
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
    """The rank of a new text: chance decides which is reviewed first, whenever and however it came in.

    Files are often sorted, and traffic that always came first would leave the test texts of an import for never.
    """
    return int(content_hash[:8], 16)


def splits_of(project: Project, groups: set[str], *, drawn: bool = True) -> dict[str, str]:
    """The split of each group: the one its first sample got, else by hash and today's shares.

    What chance did not draw opens no group of the test split; it is trained on instead.
    """
    # Oldest last, so that it wins in the dictionary.
    known = Sample.objects.filter(project=project, group_hash__in=groups).order_by("-id")
    fresh = {group: splits.split_for(group, project.shares, project.key) for group in groups}
    if not drawn:
        fresh = {group: Split.TRAIN if split == Split.TEST else split for group, split in fresh.items()}
    return fresh | dict(known.values_list("group_hash", "split"))


@transaction.atomic
def approve_known_answer(
    sample: Sample, spec: TaskSpec, answer: Answer, source: str = GoldenSample.Source.IMPORT
) -> GoldenSample:
    """Make `answer` the golden answer of `sample`, on the word of a file or of a person's feedback.

    A file never overrules what was decided before: the golden sample in force comes back unchanged.
    Raises `ProblemError` where it is no answer to `spec`, `ConflictError` where the sample is withdrawn.
    """
    sample = Sample.objects.select_for_update().get(pk=sample.pk)
    if sample.state == SampleState.WITHDRAWN:
        raise ConflictError("This text is withdrawn. A manager of the project can bring it back.")
    current = GoldenSample.objects.current().select_related("spec").filter(sample=sample).first()
    stored = stored_answer(spec, answer)
    if current is not None:
        said_already = carried(current.spec, current.answer, spec.to_spec()) == stored
        if source == GoldenSample.Source.IMPORT or said_already:
            return current
    # Feedback is said of a prediction, so whoever gives it has seen one.
    given = Given.IMPORTED if source == GoldenSample.Source.IMPORT else Given.SEEN
    return make_golden(sample, spec, stored, source=source, given=given)


def stored_answer(spec: TaskSpec, answer: Answer) -> Answer:
    """`answer` in its stored form; raises `ProblemError` with what is wrong with it."""
    try:
        return canonical(spec.to_spec(), answer)
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


def make_golden_many(samples: Iterable[tuple[Sample, Answer]], spec: TaskSpec) -> int:
    """Approve the imported answers of samples made in this very transaction; announces nothing."""
    pairs = list(samples)
    GoldenSample.objects.bulk_create(
        GoldenSample(
            project_id=sample.project_id,
            sample=sample,
            spec=spec,
            answer=answer,
            source=GoldenSample.Source.IMPORT,
            given=Given.IMPORTED,
        )
        for sample, answer in pairs
    )
    Sample.objects.filter(pk__in=[sample.pk for sample, _ in pairs]).update(state=SampleState.GOLDEN)
    return len(pairs)


def retire_golden(sample: Sample) -> bool:
    """Take the golden answer in force back, keeping its row; whether there was one."""
    return bool(GoldenSample.objects.filter(sample=sample, retired_at=None).update(retired_at=timezone.now()))


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
    added = {row.content_hash for row in add_samples(project, texts, way_in=WayIn.API)}
    hashes = [splits.content_hash(text.text) for text in texts]
    samples = {row.content_hash: row for row in Sample.objects.filter(project=project, content_hash__in=hashes)}
    spec = project.spec
    for text, content_hash in zip(texts, hashes, strict=True):
        if text.answer is not None and samples[content_hash].state == SampleState.PENDING:
            approve_known_answer(samples[content_hash], spec, text.answer)
            samples[content_hash].state = SampleState.GOLDEN
    return [(samples[content_hash], content_hash in added) for content_hash in hashes]
