"""Which projects have texts, an encoder or an index that changed, who asks for their rounds, and lost workers.

One message a project waits at a time: it carries the ticket that its row holds, and only that one begins a round.
"""

import time
import uuid
from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone

from common import leases
from common.encoder import EncoderError, EncoderRecord, read_record
from common.queue import enqueue
from labeling.models import Project, Sample, VectorSet
from labeling.services.vectors import index

State = VectorSet.State
MAX_ATTEMPTS = 5
LOST = f"The worker was lost {MAX_ATTEMPTS} times at the same texts. Look at its log; it is tried again in an hour."
_TRY_AGAIN = timedelta(hours=1)
# A message that was lost, or could not be sent, is sent again after so long.
_LOST_MESSAGE = timedelta(minutes=10)
# Sweeps that waited behind a long round come all at once.
_PAUSE = 20.0
_swept = [-_PAUSE]


def sweep() -> None:
    """Ask for a round for each project that is due; nothing where this worker did so a moment ago."""
    if time.monotonic() - _swept[0] < _PAUSE:
        return
    for project_id in due():
        ask(project_id)
    _swept[0] = time.monotonic()


def ask(project_id: int) -> None:
    """Send the message for a project's next round, where none waits already."""
    VectorSet.objects.get_or_create(project_id=project_id)
    rows, now, ticket = VectorSet.objects.filter(project=project_id), timezone.now(), uuid.uuid4()
    if not rows.filter(ticket=None).update(ticket=ticket, queued_at=now):
        # The same ticket again: behind a long queue a new one would never have its turn.
        waits = rows.exclude(ticket=None).values_list("ticket", flat=True).first()
        if waits is None or not rows.filter(ticket=waits, queued_at__lt=now - _LOST_MESSAGE).update(queued_at=now):
            return
        ticket = waits
    enqueue("labeling.make_vectors", project_id, str(ticket))


def take(project_id: int, ticket: str) -> bool:
    """Whether this message is the one that waits; the next may be sent then. One without a ticket always counts."""
    if not ticket:
        return True
    mine = VectorSet.objects.filter(project=project_id, ticket=uuid.UUID(ticket))
    return bool(mine.update(ticket=None, queued_at=None))


def due() -> list[int]:
    """Projects to make vectors for, those that wait longest first. Run on a host that has the encoder.

    Without an encoder there are none, and their rows say what to do.
    """
    index.forget_projects()
    _add_rows()
    rows = VectorSet.objects.filter(project__archived_at=None).exclude(state=State.WORKING)
    try:
        record = read_record(settings.ENCODER_DIR)
    except EncoderError as error:
        rows.exclude(error=str(error)).update(state=State.WAITING, error=str(error))
        return []
    ordered = rows.select_related("project").order_by("ended_at")
    return [each.project_id for each in ordered if is_due(each, record)]


def _add_rows() -> None:
    """A row for each project with samples."""
    samples = Exists(Sample.objects.filter(project=OuterRef("pk")))
    new = Project.objects.filter(samples, archived_at=None, vectors=None)
    VectorSet.objects.bulk_create([VectorSet(project=each) for each in new], ignore_conflicts=True)


def is_due(vectors: VectorSet, record: EncoderRecord) -> bool:
    """Whether a round would find something to do."""
    if vectors.state == State.FAILED:
        return vectors.ended_at is None or vectors.ended_at < timezone.now() - _TRY_AGAIN
    if vectors.state != State.WHOLE or vectors.revision != record.key or vectors.done < vectors.total:
        return True
    samples = Sample.objects.filter(project=vectors.project)
    newest = samples.order_by("-pk").values_list("pk", flat=True).first() or 0
    if (newest, samples.count()) != (vectors.last_sample, vectors.total):
        return True
    folder = index.folder_of(vectors.project, vectors.revision)
    return index.misses(folder, vectors.revision, vectors.done - vectors.unknown)


def lost() -> list[int]:
    """Projects whose worker fell silent; those that lose every worker are failed here, for an hour."""
    silent = leases.silent(VectorSet, State.WORKING)
    silent.filter(attempts__gte=MAX_ATTEMPTS).update(
        state=State.FAILED, error=LOST, attempts=0, ended_at=timezone.now(), **leases.RELEASED
    )
    return list(silent.values_list("project_id", flat=True))
