"""What the orders choose from, read from the rows: a part of the texts that wait, by chance, with their vectors."""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db.models import QuerySet

from common.encoder import read_record
from labeling.models import GoldenSample, Project, Sample, Split
from labeling.prompts import messages
from labeling.services.order.choosing import order_of
from labeling.services.order.drawing import SKIPPED
from labeling.services.vectors.store import CHUNK, vectors_of
from training.heads.answering import Answering
from training.heads.config import HeadTask
from training.heads.rows import described, rows_of, taught, words_of
from training.headtasks import head_task
from training.models import Draft, RetrainPolicy
from training.ordering.candidates import Candidates, Known
from training.services.draft_vectors import draft_vectors
from training.services.drafts import step_of
from training.services.snapshots import SAMPLE, golden_rows

if TYPE_CHECKING:
    from training.heads.linear import Array, Linear

# Texts that are compared: with 384 numbers each, and the chances of a hundred labels, they take some 50 MB.
CANDIDATES = 20_000
# The same where their vectors are none of the samples', but made of what is asked around them.
ASKED_OTHERWISE = 500
# The newest golden samples, which are compared with.
GOLDEN = 5_000
# Texts between two heads, about: more would be chosen by one that is old.
_LEAST_STEP, _MOST_STEP = 10, 50


def waiting(project: Project) -> QuerySet[Sample]:
    """The training texts that the stream may give out, by chance; skipped ones and audits come by themselves."""
    rows = Sample.objects.pending().filter(project=project, split=Split.TRAIN, rank__lt=SKIPPED)
    return rows.filter(is_audit=False, rank__gte=0)


def candidates_of(project: Project, draft: Draft | None) -> Candidates:
    """The texts, and what the draft says of them. Raises `EncoderError`."""
    spec = project.spec.to_spec()
    key = read_record(settings.ENCODER_DIR).key
    ids = list(waiting(project).values_list("pk", flat=True)[:CANDIDATES])
    known = GoldenSample.objects.trainable().filter(project=project).order_by("-pk").values_list("sample", flat=True)
    golden = list(known[:GOLDEN])
    if _is_plain(project, ids):
        ids, vectors = _kept(ids, key)
        _, compared = _kept(golden, key)
    else:
        ids = ids[:ASKED_OTHERWISE]
        vectors, compared = _asked(project, ids), _asked(project, golden[:ASKED_OTHERWISE])
    policy = RetrainPolicy.objects.filter(project=project).first()
    step = step_of(policy, draft) if policy else _LEAST_STEP
    asked: dict[str, Any] = {"exclusive": True}
    if draft is not None:
        head, answering = _head(draft)
        asked = {"chances": head.chances(vectors), "exclusive": head.exclusive, "thresholds": answering.thresholds}
        asked["known"] = cache(lambda: _left_out(project))
    return Candidates(
        ids=ids, vectors=vectors, golden=compared, labels=len(spec.labels),
        step=min(max(step, _LEAST_STEP), _MOST_STEP), seed=order_of(project).seed,
        oldest=lambda most: list(waiting(project).order_by("pk").values_list("pk", flat=True)[:most]),
        newest=lambda most: list(waiting(project).order_by("-pk").values_list("pk", flat=True)[:most]),
        **asked,
    )  # fmt: skip


def _is_plain(project: Project, ids: Sequence[int]) -> bool:
    """A head is asked for the text alone, so the sample's own vector is the one that it learnt from."""
    sample = Sample.objects.filter(pk__in=ids[:1]).first()
    return sample is None or words_of(messages(project.spec.to_spec(), sample.whole_input)) == sample.text


def _kept(ids: Sequence[int], key: str) -> "tuple[list[int], Array]":
    """Those of the samples that have a vector, in their order, with their vectors."""
    import numpy as np

    found: dict[int, Any] = {}
    for start in range(0, len(ids), CHUNK):
        there, rows = vectors_of(Sample.objects.filter(pk__in=ids[start : start + CHUNK]), key)
        found |= dict(zip(there, rows, strict=True))
    kept = [pk for pk in ids if pk in found]
    dimension = read_record(settings.ENCODER_DIR).dimension
    return kept, np.stack([found[pk] for pk in kept]) if kept else np.zeros((0, dimension), dtype=np.float32)


def _asked(project: Project, ids: Sequence[int]) -> "Array":
    """The vectors of what a head is asked about samples, in their order."""
    spec, samples = project.spec.to_spec(), Sample.objects.in_bulk(ids)
    found: Array = draft_vectors()([words_of(messages(spec, samples[pk].whole_input)) for pk in ids])
    return found


def _head(draft: Draft) -> "tuple[Linear, Answering]":
    from training.heads.quick import unpacked

    answering = Answering.model_validate(draft.answering)
    return unpacked(bytes(draft.weights), exclusive=not answering.several), answering


def _left_out(project: Project) -> Known | None:
    """What heads that had not seen them say of the golden samples on the training side; None of too few."""
    from training.heads.choosing import Choice, left_out_scores
    from training.heads.linear import chances_of
    from training.heads.tuning import plan_of

    task = HeadTask.model_validate(head_task(project.spec.to_spec()))
    found, _ = golden_rows(project)
    kept = [*found[Split.TRAIN], *found[Split.VALIDATION]]
    rows, said = rows_of(kept, task, "golden samples"), described(task)
    plan = plan_of(len(kept), len(task.labels), (Choice.c,), 5)
    if not plan.strengths:
        return None
    names = [label.name for label in task.labels]
    targets = taught(rows, list(said), names)
    vectors, exclusive = draft_vectors()([*rows.texts, *said.values()]), not task.several
    c = plan.strengths[0]
    scores = left_out_scores(vectors, targets, len(kept), exclusive=exclusive, c=c, folds=plan.folds)
    uids = [row[SAMPLE] for row in kept]
    by_uid = {str(uid): pk for uid, pk in Sample.objects.filter(uid__in=uids).values_list("uid", "pk")}
    # A sample that was deleted meanwhile has no id, and no place.
    return Known([by_uid.get(uid, 0) for uid in uids], chances_of(scores, exclusive=exclusive), targets[: len(kept)])
