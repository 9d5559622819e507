"""What a suite's cases are made of: answered blind or imported, skipped, and how near training texts are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef

from evaluation.models import Suite
from labeling.models import GoldenSample, Project, Review, Sample, Split, VectorSet
from labeling.services.vectors import store
from labeling.ways import DRAWN, Given

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# The cosine from which a case counts as near a training text: it says much the same in other words.
NEAR = 0.9
# So many cases are compared (in the order of their hash, which is chance's), with so many of the newest training texts.
CASES, TRAINING = 1_000, 100_000
_CHUNK = 5_000


@dataclass(frozen=True)
class Makeup:
    """Cases with how each was answered, of a suite that is `there` already or not."""

    cases: Sequence[tuple[Sample, str]]
    there: Suite | None
    role: str


def makeup_of(project: Project, of: Makeup) -> dict[str, Any]:
    """`blind` and `imported` cases; `skipped` test texts beside them, for drawn ones; `near`, None if not known.

    Nearness is worked out once for a suite: each case against what versions learn from now.
    """
    given = [given for _, given in of.cases]
    found: dict[str, Any] = {"blind": given.count(Given.BLIND), "imported": given.count(Given.IMPORTED)}
    if of.role == Suite.Role.GATE:
        found["skipped"] = skipped(project)
    known = of.there.about.get("near") if of.there else None
    return found | {"near": known or nearness(project, [sample for sample, _ in of.cases[:CASES]])}


def skipped(project: Project) -> int:
    """Test texts that would judge and have no answer, as whoever saw them passed them on."""
    passed = Review.objects.filter(sample=OuterRef("pk"), action=Review.Action.SKIP, undone_by=None)
    waiting = Sample.objects.pending().filter(project=project, split=Split.TEST, way_in__in=DRAWN)
    return waiting.filter(Exists(passed)).count()


def nearness(project: Project, cases: Sequence[Sample]) -> dict[str, Any] | None:
    """How many of `cases` have a training text with a cosine of `at` or more; None without vectors of both.

    `of`: cases that have a vector; `beside`: training texts that were compared.
    """
    vectors = VectorSet.objects.filter(project=project).exclude(revision="").first()
    if vectors is None:
        return None
    import numpy as np

    ids, rows = store.vectors_of(Sample.objects.filter(pk__in=[case.pk for case in cases]), vectors.revision)
    best, beside = np.full(len(ids), -1.0, dtype=np.float32), 0
    for table in _training(project, vectors.revision) if ids else ():
        best = np.maximum(best, (rows @ table.T).max(axis=1))
        beside += len(table)
    if not beside:
        return None
    near = int((best >= NEAR).sum())
    return {"near": near, "of": len(ids), "at": NEAR, "beside": beside, "encoder": vectors.encoder}


def _training(project: Project, revision: str) -> Iterator["NDArray[np.float32]"]:
    """The vectors of the newest training texts, a chunk at a time."""
    golden = GoldenSample.objects.trainable().filter(project=project).order_by("-pk")
    newest = list(golden.values_list("sample", flat=True)[:TRAINING])
    for start in range(0, len(newest), _CHUNK):
        found, table = store.vectors_of(Sample.objects.filter(pk__in=newest[start : start + _CHUNK]), revision)
        if found:
            yield table
