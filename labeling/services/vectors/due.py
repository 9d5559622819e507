"""What the sweep of the vectors worker finds: projects whose texts, encoder or index changed, and lost workers."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone

from common import leases
from common.encoder import EncoderError, EncoderRecord, read_record
from labeling.models import Project, Sample, VectorSet
from labeling.services.vectors import index

State = VectorSet.State
MAX_ATTEMPTS = 5
LOST = f"The worker was lost {MAX_ATTEMPTS} times at the same texts. Look at its log; it is tried again in an hour."
_TRY_AGAIN = timedelta(hours=1)


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
    return [each.project_id for each in ordered if _is_due(each, record)]


def _add_rows() -> None:
    """A row for each project with samples."""
    samples = Exists(Sample.objects.filter(project=OuterRef("pk")))
    new = Project.objects.filter(samples, archived_at=None, vectors=None)
    VectorSet.objects.bulk_create([VectorSet(project=each) for each in new], ignore_conflicts=True)


def _is_due(vectors: VectorSet, record: EncoderRecord) -> bool:
    if vectors.state == State.FAILED:
        return vectors.ended_at is None or vectors.ended_at < timezone.now() - _TRY_AGAIN
    if vectors.state != State.WHOLE or vectors.revision != record.revision:
        return True
    samples = Sample.objects.filter(project=vectors.project)
    newest = samples.order_by("-pk").values_list("pk", flat=True).first() or 0
    if (newest, samples.count()) != (vectors.last_sample, vectors.total):
        return True
    folder = index.folder_of(vectors.project, vectors.revision)
    return index.misses(folder, vectors.revision, vectors.done)


def lost() -> list[int]:
    """Projects whose worker fell silent; those that lose every worker are failed here, for an hour."""
    silent = leases.silent(VectorSet, State.WORKING)
    silent.filter(attempts__gte=MAX_ATTEMPTS).update(
        state=State.FAILED, error=LOST, attempts=0, ended_at=timezone.now(), **leases.RELEASED
    )
    return list(silent.values_list("project_id", flat=True))
