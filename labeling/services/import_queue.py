"""What people do about imports: upload, look, try, start, cancel; and what the sweeps do about lost and old ones."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.files import File
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.fields.files import FieldFile
from django.utils import timezone

from common import actor as actors
from common import leases
from common.actor import Actor
from common.problems import ConflictError
from common.queue import enqueue
from labeling.access import Right, may, require
from labeling.models import ImportBatch, Project
from labeling.services import events
from labeling.services.import_job import check_options

_MAX_ATTEMPTS = 3
_MESSAGE_LOST_AFTER = timedelta(minutes=1)
State = ImportBatch.State
_SWEEP = actors.system("beat")
_COUNTS = ("bytes_read", "rows_read", "imported", "golden", "predictions", "duplicates", "bad_rows", "attempts")


def start_import(actor: Actor, project: Project, upload: "File[bytes]", options: dict[str, Any]) -> ImportBatch:
    """Keep an uploaded file and queue its import. Raises `ProblemError` on options that mean nothing.

    Known answers become training data, so they may be imported only by those who may also review.
    """
    check_asked(actor, project, options)
    with transaction.atomic():
        batch = _kept(actor, project, upload, options, State.QUEUED)
        events.record(actor, "import.queued", batch, after={"bytes": batch.bytes_total})
        enqueue("labeling.run_import", batch.pk)
    return batch


def keep_upload(actor: Actor, project: Project, upload: "File[bytes]", options: dict[str, Any]) -> ImportBatch:
    """Keep an uploaded file, to be looked at before it is imported; `options` are where the look begins.

    One that is never started is removed after `EXPORT_DAYS` days. Raises as `start_import`.
    """
    require(actor, project, Right.IMPORT)
    with transaction.atomic():
        batch = _kept(actor, project, upload, options, State.DRAFT)
        events.record(actor, "import.kept", batch, after={"bytes": batch.bytes_total})
    return batch


def _kept(actor: Actor, project: Project, upload: "File[bytes]", options: dict[str, Any], state: str) -> ImportBatch:
    return ImportBatch.objects.create(
        project=project,
        name=Path(upload.name or "upload").name[:255],
        file=upload,
        options=options,
        state=state,
        bytes_total=upload.size or 0,
        asked_at=None if state == State.DRAFT else timezone.now(),
        created_by_id=actor.user_id,
    )


def check_asked(actor: Actor, project: Project, options: dict[str, Any]) -> None:
    """Raise `PermissionDenied`, and `ProblemError` on options that mean nothing."""
    require(actor, project, Right.IMPORT)
    check_options(options)
    if options.get("answers", "none") != "none" and not may(actor, project, Right.REVIEW):
        raise PermissionDenied(f"{actor} may not import known answers: only those who review may approve answers.")


def may_start(batch: ImportBatch) -> bool:
    """Whether its file can be imported: it was not yet, or only for a trial, or not to its end."""
    return bool(batch.file) and not batch.is_open and (batch.is_trial or batch.state != State.SUCCEEDED)


def queue_import(actor: Actor, batch: ImportBatch, options: dict[str, Any], *, is_trial: bool = False) -> None:
    """Import the file of a batch, or try it: then all is counted and listed as it would be, and nothing comes in.

    Raises as `start_import`, and `ConflictError` where it was imported already, or is at it.
    """
    check_asked(actor, batch.project, options)
    with transaction.atomic():
        row = ImportBatch.objects.select_for_update().get(pk=batch.pk)
        if not may_start(row):
            raise ConflictError("This file is being imported, or was already. Upload it again to import it once more.")
        anew: dict[str, Any] = dict.fromkeys(_COUNTS, 0)
        anew |= {"error": "", "report": "", "notes": [], "finished_at": None}
        anew |= {"options": options, "is_trial": is_trial, "state": State.QUEUED}
        if not is_trial:
            anew["asked_at"] = row.asked_at or timezone.now()
        ImportBatch.objects.filter(pk=row.pk).update(**anew)
        _remove(row.report)
        events.record(actor, "import.queued", batch, after={"bytes": row.bytes_total, "trial": is_trial})
        enqueue("labeling.run_import", row.pk)


def cancel_import(actor: Actor, batch: ImportBatch) -> None:
    """End an import that waits or works; what has come in stays, and importing the file again adds the rest."""
    require(actor, batch.project, Right.IMPORT)
    with transaction.atomic():
        row = ImportBatch.objects.select_for_update().get(pk=batch.pk)
        if not row.is_open:
            raise ConflictError("This import has ended already.")
        _end(row, State.CANCELLED, "")
        events.record(actor, "import.cancelled", batch, before={"state": row.state}, after={"imported": row.imported})


def restart_lost_imports() -> list[int]:
    """Batches to run again: their worker fell silent, or their message got lost. Hopeless ones are failed here."""
    lost = leases.silent(ImportBatch, State.RUNNING)
    waiting = ImportBatch.objects.filter(state=State.QUEUED, created_at__lt=timezone.now() - _MESSAGE_LOST_AFTER)
    _give_up((lost | waiting).filter(file=""), "The command was stopped. Run it again: nothing is imported twice.")
    _give_up(
        lost.filter(attempts__gte=_MAX_ATTEMPTS),
        f"The worker was lost {_MAX_ATTEMPTS} times at the same rows. Look at its log, then upload the file again.",
    )
    return [*lost.values_list("pk", flat=True), *waiting.values_list("pk", flat=True)]


@transaction.atomic
def _give_up(batches: QuerySet[ImportBatch], error: str) -> None:
    for batch in batches.select_related("project").select_for_update(of=("self",)):
        _end(batch, State.FAILED, error)
        events.record(_SWEEP, "import.failed", batch, after={"imported": batch.imported, "attempts": batch.attempts})


def _end(batch: ImportBatch, state: str, error: str) -> None:
    ended = {"state": state, "error": error, "finished_at": timezone.now(), **leases.RELEASED}
    ImportBatch.objects.filter(pk=batch.pk).update(**ended)


@transaction.atomic
def remove_old_drafts() -> None:
    """Remove files that were uploaded to be looked at or tried, and never imported."""
    old = timezone.now() - timedelta(days=settings.EXPORT_DAYS)
    tried = Q(is_trial=True, asked_at=None, finished_at__lt=old) & ~Q(file="")
    looked_at = Q(state=State.DRAFT, created_at__lt=old)
    drafts = ImportBatch.objects.filter(looked_at | tried).select_related("project")
    for batch in drafts.select_for_update(of=("self",), skip_locked=True):
        ImportBatch.objects.filter(pk=batch.pk).update(file="")
        _end(batch, State.CANCELLED, "It was never imported, and its file is removed.")
        events.record(_SWEEP, "import.removed", batch, after={"bytes": batch.bytes_total})
        _remove(batch.file)


def _remove(file: FieldFile) -> None:
    """Remove a file once its row no longer names it."""
    storage, name = file.storage, file.name
    if name:
        transaction.on_commit(lambda: storage.delete(name))
