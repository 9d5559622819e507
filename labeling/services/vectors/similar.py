"""The golden samples whose texts are most like a text: what others decided of the like."""

from dataclasses import dataclass, field

from django.db.models import QuerySet

from common.actor import Actor
from common.nearest import NearestError
from common.problems import ConflictError
from labeling.access import Right, require
from labeling.kinds import Answer
from labeling.models import GoldenSample, Project, Sample, TextVector, VectorSet
from labeling.querysets import capped_count
from labeling.services.fitting import Fitting
from labeling.services.vectors import index, store

SHOWN = 5
# So many golden samples are compared one by one, in some 20 ms and 12 MB; more are looked for in the project's index.
FEW = 5_000
BLIND = "This is a test text: what is like it is shown when it has its own answer."
NOT_YET = "This text has no vector yet: they are made in the background, which the project's page tells of."
NOBODY = "No text that was decided is anything like this one."
NO_INDEX = f"The index is not there now: looked for among the newest {FEW:,} golden samples alone."


@dataclass(frozen=True)
class Similar:
    """One golden sample. `answer`: under today's task, None where it does not fit; `likeness`: the cosine, -1 to 1."""

    golden: GoldenSample
    answer: Answer | None
    likeness: float


@dataclass(frozen=True)
class Likes:
    """The most alike first. `note`: in a sentence, why there are none, or what was not looked at."""

    found: list[Similar] = field(default_factory=list)
    note: str = ""


def similar(actor: Actor, sample: Sample, k: int = SHOWN) -> Likes:
    """The `k` golden samples of the project that are most like a sample, by the vectors that are kept.

    Raises `PermissionDenied`, and `ConflictError` for a test text that waits for its blind answer.
    """
    require(actor, sample.project, Right.VIEW)
    if sample.is_blind:
        raise ConflictError(BLIND)
    revision = VectorSet.objects.filter(project=sample.project).values_list("revision", flat=True).first()
    mine = TextVector.objects.filter(digest=store.digest_of(sample.text), revision=revision or "").first()
    if mine is None or revision is None:
        return Likes(note=NOT_YET)
    golden = GoldenSample.objects.current().filter(project=sample.project).exclude(sample=sample)
    nearest, note = _nearest(golden, sample.project, revision, store.row_of(mine.vector), k)
    fitting = Fitting(sample.project.spec.to_spec())
    rows = golden.filter(sample__in=dict(nearest)).select_related("sample", "spec")
    by_sample = {row.sample_id: row for row in rows}
    found = [
        Similar(row, fitting.read(row.spec_id, row.answer), likeness)
        for pk, likeness in nearest
        if (row := by_sample.get(pk)) is not None
    ]
    return Likes(found, note or ("" if found else NOBODY))


def _nearest(
    golden: QuerySet[GoldenSample], project: Project, revision: str, row: "store.Row", k: int
) -> tuple[list[tuple[int, float]], str]:
    """(sample, likeness) of the nearest golden ones, and what is to be said of it."""
    if capped_count(golden, FEW) <= FEW:
        return _one_by_one(golden, revision, row, k), ""
    try:
        view = index.view(project, revision)
    except NearestError:
        newest = golden.order_by("-pk")[:FEW]
        return _one_by_one(newest, revision, row, k), NO_INDEX
    count, share = 8 * k, golden.count() / max(1, view.record.count)
    while True:
        # Among all samples so many must be looked at for some golden ones to be there.
        asked = int(count / min(1.0, share))
        near = view.search(row, asked)
        kept = set(golden.filter(sample__in=[pk for pk, _ in near]).values_list("sample_id", flat=True))
        found = [each for each in near if each[0] in kept][:k]
        if len(found) == k or len(near) < asked:
            return found, ""
        count *= 4


def _one_by_one(golden: QuerySet[GoldenSample], revision: str, row: "store.Row", k: int) -> list[tuple[int, float]]:
    import numpy as np

    samples = Sample.objects.filter(pk__in=golden.values("sample"))
    ids, rows = store.vectors_of(samples, revision)
    if not ids:
        return []
    likeness = rows @ row
    nearest = np.argsort(-likeness, kind="stable")[:k]
    return [(ids[place], float(likeness[place])) for place in nearest]
