"""Make the vectors of a project's samples: in rounds of a minute under a lease, thousands of texts a statement.

Whatever stops a worker, the next one goes on with the texts that have no vector.
"""

import logging
import time
import uuid
from dataclasses import dataclass, replace

from django.conf import settings
from django.db import transaction
from django.db.models import Count, F, Q
from django.utils import timezone

from common import leases
from common.encoder import Encoder, EncoderError, open_encoder, read_record
from common.nearest import NearestError
from labeling.models import Project, Sample, TextVector, VectorSet
from labeling.services.vectors import alike, due, index, store

logger = logging.getLogger(__name__)
State = VectorSet.State
BATCH = 2_000
# Then the next project has its turn.
ROUND_SECONDS = 60.0


@dataclass(frozen=True)
class Round:
    """One worker's turn with one project: `revision` is the encoder's key, `until` a time of `time.monotonic`."""

    vectors: VectorSet
    token: uuid.UUID
    revision: str
    until: float

    @property
    def is_over(self) -> bool:
        return time.monotonic() > self.until

    def progress(self, **values: object) -> None:
        """Keep the lease and say how far it is. Raises `LeaseLostError`."""
        leases.renew(VectorSet, self.vectors.pk, self.token, **values)


def make_vectors(project_id: int, seconds: float = ROUND_SECONDS) -> None:
    """One round for a project; asks for the next where one is not enough.

    Does nothing where nothing is to be done, where another worker has it, and for an archived project.
    """
    if not Project.objects.filter(pk=project_id, archived_at=None).exists():
        return
    vectors, _ = VectorSet.objects.select_related("project").get_or_create(project_id=project_id)
    if not _is_due(vectors):
        return
    token = leases.claim(VectorSet, vectors.pk, waiting=_FREE, working=State.WORKING, error="")
    if token is None:
        return
    vectors.refresh_from_db(fields=["revision", "making", "generation", "building"])
    state, error = State.WAITING, ""
    try:
        with leases.heartbeat(VectorSet, vectors.pk, token):
            if _round(vectors, token, time.monotonic() + seconds):
                state = State.WHOLE
    except leases.LeaseLostError as lost:
        logger.warning("vectors of %s: %s", vectors.project.key, lost)
        return
    except EncoderError as wrong:
        logger.warning("vectors of %s: %s", vectors.project.key, wrong)
        error = str(wrong)
    except (OSError, NearestError) as wrong:
        logger.warning("vectors of %s: %s", vectors.project.key, wrong)
        state, error = State.FAILED, f"The index of nearest neighbours cannot be written: {wrong}"
    leases.finish(VectorSet, vectors.pk, token, state=state, error=error, attempts=0, ended_at=timezone.now())
    if state == State.WAITING and not error:
        due.ask(project_id)


_FREE = (State.WAITING, State.WHOLE, State.FAILED)


def _is_due(vectors: VectorSet) -> bool:
    try:
        return due.is_due(vectors, read_record(settings.ENCODER_DIR))
    except EncoderError:
        return True  # so that its row says what to do


def _round(vectors: VectorSet, token: uuid.UUID, until: float) -> bool:
    """Whether all is done: every text with its vector, every vector in the index, older ones gone."""
    encoder = open_encoder(settings.ENCODER_DIR, threads=settings.ENCODER_THREADS)
    turn = Round(vectors, token, encoder.record.key, until)
    other = "" if vectors.revision in ("", turn.revision) else turn.revision
    if other != vectors.making:
        vectors.building = alike.only_shown(vectors)
    counts = counted(vectors.project, turn.revision)
    turn.progress(
        encoder=encoder.record.name, revision=vectors.revision or turn.revision, making=other,
        building=vectors.building, **counts,
    )  # fmt: skip
    whole, made = _encode(turn, encoder)
    # With time of its own, so that it grows as vectors come.
    indexed = index.bring_up_to_date(replace(turn, until=time.monotonic() + ROUND_SECONDS))
    if made:
        # What came in meanwhile counts as well, and is for the next round.
        counts = counted(vectors.project, turn.revision)
        turn.progress(**counts)
    if not (whole and indexed and counts["done"] >= counts["total"]):
        return False
    turn.progress(revision=turn.revision, making="", generation=vectors.building)
    vectors.generation = vectors.building
    alike.only_shown(vectors)
    index.forget_others(vectors.project, turn.revision)
    _forget_other_vectors(turn.revision)
    return True


def _encode(turn: Round, encoder: Encoder) -> tuple[bool, int]:
    """Whether each text has its vector now, and how many got it."""
    rows = store.without_vector(Sample.objects.filter(project=turn.vectors.project), turn.revision).order_by("pk")
    after = made = 0
    while batch := list(rows.filter(pk__gt=after).values_list("pk", "text", "text_digest")[:BATCH]):
        if turn.is_over:
            return False, made
        encoded = encoder.encode([text for _, text, _ in batch])
        with transaction.atomic():
            store.keep([(pk, digest) for pk, _, digest in batch], encoded, turn.revision)
            # Inside the transaction: a worker that lost its lease takes its batch back.
            more = {"done": len(batch), "cut": encoded.cut, "unknown": encoded.unknown}
            turn.progress(attempts=0, **{name: F(name) + count for name, count in more.items()})
        after, made = batch[-1][0], made + len(batch)
    return True, made


def counted(project: Project, revision: str) -> dict[str, int]:
    """`total`, `last_sample`, and of the samples with a vector `done`, `cut` and `unknown`."""
    samples = Sample.objects.filter(project=project)
    newest = samples.order_by("-pk").values_list("pk", flat=True).first()
    mine = TextVector.objects.filter(revision=revision, digest__in=samples.values("text_digest"))
    told = mine.aggregate(
        cut=Count("pk", filter=Q(is_cut=True)), unknown=Count("pk", filter=Q(is_unknown=True)), done=Count("pk")
    )
    return {"total": samples.count(), "last_sample": newest or 0, **told}


def _forget_other_vectors(revision: str) -> None:
    """Remove those of older encoders once no project in use waits for its new ones; archived ones begin anew."""
    in_use = VectorSet.objects.filter(project__archived_at=None)
    if in_use.exclude(revision=revision, making="").exists():
        return
    # Both sides of the index: "not equal" reads the whole table.
    others = TextVector.objects.filter(Q(revision__lt=revision) | Q(revision__gt=revision))
    if not others.exists():
        return
    nothing = {"done": 0, "cut": 0, "unknown": 0, "indexed": 0}
    archived = VectorSet.objects.exclude(project__archived_at=None).exclude(state=State.WORKING)
    with transaction.atomic():
        archived.exclude(revision=revision).update(state=State.WAITING, revision="", making="", **nothing)
        others.delete()
