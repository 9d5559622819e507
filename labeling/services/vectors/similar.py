"""The golden samples whose texts are most like a text: what others decided of the like."""

from dataclasses import dataclass, field

from django.db.models import QuerySet

from common.actor import Actor
from common.nearest import MOST, NearestError, NearestView
from common.problems import ConflictError
from labeling.access import Right, require
from labeling.kinds import Answer
from labeling.models import GoldenSample, Sample, TextVector, VectorSet
from labeling.querysets import capped_count
from labeling.services.fitting import Fitting
from labeling.services.vectors import index, store

SHOWN = 5
# So many golden samples are compared one by one, in some 20 ms and 12 MB; more are looked for in the project's index.
FEW = 5_000
BLIND = "This is a test text: what is like it is shown when it has its own answer."
AUDITED = "This text is an audit: what is like it is shown when it has its own answer."
NOT_YET = "This text has no vector yet: they are made in the background, which the project's page tells of."
NOBODY = "No text that was decided is anything like this one."
NO_INDEX = f"The index is not there now: looked for among the newest {FEW:,} golden samples alone."
RARE = f"Golden samples are rare among these texts: looked for among the newest {FEW:,} of them and the nearest texts."
UNREADABLE = "This text is mostly in characters that the encoder does not know: its vector says nothing of it."


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

    Raises `PermissionDenied`, and `ConflictError` for a test text, or an audit, that waits for its blind answer.
    """
    require(actor, sample.project, Right.VIEW)
    if sample.is_blind:
        raise ConflictError(AUDITED if sample.is_audit else BLIND)
    vectors = VectorSet.objects.select_related("project").filter(project=sample.project).exclude(revision="").first()
    if vectors is None:
        return Likes(note=_not_yet(sample.project_id))
    digest = store.digest_of(sample.text)
    mine = TextVector.objects.filter(digest=digest, revision=vectors.revision).first()
    if mine is None:
        return Likes(note=_not_yet(sample.project_id))
    if mine.is_unknown:
        return Likes(note=UNREADABLE)
    golden = GoldenSample.objects.current().filter(project=sample.project).exclude(sample=sample)
    nearest, notes = _nearest(golden, vectors, store.row_of(mine.vector), k)
    fitting = Fitting(sample.project.spec.to_spec())
    rows = golden.filter(sample__in=dict(nearest)).select_related("sample", "spec")
    by_sample = {row.sample_id: row for row in rows}
    found = [
        Similar(row, fitting.read(row.spec_id, row.answer), likeness)
        for pk, likeness in nearest
        if (row := by_sample.get(pk)) is not None
    ]
    return Likes(found, " ".join(notes) or ("" if found else NOBODY))


def _not_yet(project_id: int) -> str:
    """Why a text has no vector: what holds them up, an encoder that is missing, say, or that they are being made."""
    error = VectorSet.objects.filter(project=project_id).values_list("error", flat=True).first()
    return f"This text has no vector, by which it could be compared. {error}" if error else NOT_YET


Near = list[tuple[int, float]]


def _nearest(golden: QuerySet[GoldenSample], vectors: VectorSet, row: "store.Row", k: int) -> tuple[Near, list[str]]:
    """(sample, likeness) of the nearest golden ones, and what was not looked at."""
    if capped_count(golden, FEW) <= FEW:
        near, compared = _one_by_one(golden, vectors.revision, row, k)
        return near, _left_out(golden, vectors, compared)
    newest = golden.order_by("-pk")[:FEW]
    try:
        view = index.view(vectors.project, vectors.revision)
        near, is_all = _by_index(view, golden, row, k)
    except NearestError:
        return _one_by_one(newest, vectors.revision, row, k)[0], [NO_INDEX]
    notes = _lacking(vectors, view.record.count)
    if is_all:
        return near, notes
    both = dict(near) | dict(_one_by_one(newest, vectors.revision, row, k)[0])
    return sorted(both.items(), key=lambda each: -each[1])[:k], [*notes, RARE]


def _by_index(view: NearestView, golden: QuerySet[GoldenSample], row: "store.Row", k: int) -> tuple[Near, bool]:
    """The nearest golden ones by the index; whether no others would come before them."""
    count, share = 8 * k, golden.count() / max(1, view.record.count)
    while True:
        # Among all samples so many must be looked at for some golden ones to be there.
        asked = int(count / min(1.0, share))
        near = view.search(row, asked)
        kept = set(golden.filter(sample__in=[pk for pk, _ in near]).values_list("sample_id", flat=True))
        found = [each for each in near if each[0] in kept][:k]
        if len(found) == k or len(near) < asked:
            return found, len(found) == k or len(near) < MOST
        count *= 4


def _one_by_one(golden: QuerySet[GoldenSample], revision: str, row: "store.Row", k: int) -> tuple[Near, int]:
    """The nearest of these, and how many were compared."""
    import numpy as np

    samples = Sample.objects.filter(pk__in=golden.values("sample"))
    ids, rows = store.vectors_of(samples, revision)
    if not ids:
        return [], 0
    likeness = rows @ row
    nearest = np.argsort(-likeness, kind="stable")[:k]
    return [(ids[place], float(likeness[place])) for place in nearest], len(ids)


def _left_out(golden: QuerySet[GoldenSample], vectors: VectorSet, compared: int) -> list[str]:
    """Of golden samples that were to be compared one by one: those that could not be."""
    missing = golden.count() - compared
    if missing <= 0:
        return []
    unknown = store.count_unknown(Sample.objects.filter(pk__in=golden.values("sample")), vectors.revision)
    notes = []
    if unknown:
        notes.append(f"Golden samples left out, as the encoder does not know most of their characters: {unknown:,}.")
    if missing > unknown:
        notes.append(f"Golden samples left out, as they have no vector yet: {missing - unknown:,}.")
    return notes


def _lacking(vectors: VectorSet, count: int) -> list[str]:
    """What an index of so many texts does not have."""
    # While vectors of another encoder are made, `done` counts those.
    done = vectors.total if vectors.making else vectors.done
    notes = []
    if count < done - vectors.unknown:
        notes.append(f"The index has {count:,} of {done - vectors.unknown:,} texts: the others were not looked at.")
    if vectors.unknown:
        notes.append(f"Texts left out, as the encoder does not know most of their characters: {vectors.unknown:,}.")
    return notes
