"""Exports: asked for, written by a worker, cancelled, kept for some days.

An export holds every text of a project, so it takes the right to operate, as the files of snapshots do. Answers of the
test split take the right to manage: whoever trains on them elsewhere leaves nothing to judge a version by.
"""

import logging
import shutil
import uuid
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from common import actor as actors
from common import files, leases
from common.actor import Actor
from common.problems import ConflictError, ProblemError
from common.queue import enqueue
from labeling.access import Right, require
from labeling.formats import WRITERS
from labeling.models import Export, Project, SampleState
from labeling.services import events, export_file
from labeling.services.export_filters import Filters, check_filters
from labeling.services.export_job import ExportJob, OnProgress

logger = logging.getLogger(__name__)
_MAX_ATTEMPTS = 3
_MESSAGE_LOST_AFTER = timedelta(minutes=1)
State = Export.State
_WORKER, _SWEEP = actors.system("export"), actors.system("beat")


def start_export(
    actor: Actor,
    project: Project,
    format: str,
    filters: Filters | None = None,
    *,
    as_of: datetime | None = None,
    test_answers: bool = False,
) -> Export:
    """Queue an export of the project's texts as they were at `as_of`, now where it is None.

    Raises `PermissionDenied`, and `ProblemError` on what means nothing.
    """
    with transaction.atomic():
        export = _asked(actor, project, format, filters or Filters(), as_of, test_answers)
        enqueue("labeling.run_export", export.pk)
    return export


def right_to(export: Export) -> Right:
    """The right that its file takes."""
    return _right(Filters.of(export.filters), export.test_answers)


def _right(filters: Filters, test_answers: bool) -> Right:
    return Right.MANAGE if test_answers or filters.state == SampleState.WITHDRAWN else Right.OPERATE


def _asked(
    actor: Actor, project: Project, format: str, filters: Filters, as_of: datetime | None, test_answers: bool
) -> Export:
    require(actor, project, _right(filters, test_answers))
    if format not in WRITERS:
        raise ProblemError(f"Unknown format {format!r}; choose one of {', '.join(WRITERS)}.")
    check_filters(project, filters)
    now = timezone.now()
    if as_of is not None and as_of > now:
        raise ProblemError("That time has not come yet; choose one that is past.")
    export = Export.objects.create(
        project=project,
        spec=project.spec,
        format=format,
        filters=filters.kept,
        as_of=as_of or now,
        test_answers=test_answers,
        created_by_id=actor.user_id,
    )
    asked = {"format": format, "as_of": export.as_of.isoformat(), "test_answers": test_answers}
    events.record(actor, "export.queued", export, after=asked | {"filters": list(filters.kept)})
    return export


def export_to(
    path: Path,
    actor: Actor,
    project: Project,
    format: str,
    filters: Filters,
    *,
    as_of: datetime | None = None,
    test_answers: bool = False,
    on_progress: OnProgress | None = None,
) -> Export:
    """Write an export into a file of this machine now, in this process; one that is there is replaced.

    Raises as `start_export`, and `OSError`.
    """
    with transaction.atomic():
        export = _asked(actor, project, format, filters, as_of, test_answers)
    run_export(export.pk, on_progress=on_progress)
    export.refresh_from_db()
    if export.state == State.SUCCEEDED:
        with files.replaced(path) as aside:
            shutil.copyfile(default_storage.path(str(export.file.name)), aside)
    return export


def run_export(export_id: int, *, on_progress: OnProgress | None = None) -> None:
    """Write a waiting or abandoned export; does nothing where another worker has it. Running it twice is harmless."""
    token = leases.claim(Export, export_id, waiting=[State.QUEUED], working=State.RUNNING)
    if token is None:
        return
    export = Export.objects.select_related("project", "spec__project").get(pk=export_id)
    try:
        with leases.heartbeat(Export, export_id, token):
            ExportJob(export, token).write(on_progress)
        _finish(export, token, State.SUCCEEDED)
    except leases.LeaseLostError as error:
        logger.warning("export %s: %s", export_id, error)
    except OSError as error:
        logger.warning("export %s failed: %s", export_id, error)
        _finish(export, token, State.FAILED, file="", error=f"The file cannot be written: {error.strerror or error}.")
        export_file.remove(export.file.name)


def _finish(export: Export, token: uuid.UUID, state: str, **values: Any) -> None:
    with transaction.atomic():
        leases.finish(Export, export.pk, token, state=state, finished_at=timezone.now(), **values)
        after = {"rows": export.rows, "left_out": sum(export.left_out.values()), "bytes": export.bytes}
        events.record(_WORKER, "export.finished" if state == State.SUCCEEDED else "export.failed", export, after=after)


def cancel_export(actor: Actor, export: Export) -> None:
    """End an export that waits or is being written; its worker notices within about a second."""
    require(actor, export.project, Right.OPERATE)
    with transaction.atomic():
        row = Export.objects.select_for_update().get(pk=export.pk)
        if not row.is_open:
            raise ConflictError("This export has ended already.")
        _let_go(row, State.CANCELLED)
        events.record(actor, "export.cancelled", export, before={"state": row.state}, after={"rows": row.rows})


def _let_go(export: Export, state: str, **values: Any) -> None:
    """Leave the export in an end state without its file."""
    finished = {"file": "", "finished_at": export.finished_at or timezone.now()}
    Export.objects.filter(pk=export.pk).update(state=state, **finished, **leases.RELEASED, **values)
    transaction.on_commit(lambda: export_file.remove(export.file.name))


def restart_lost_exports() -> list[int]:
    """Exports to go on with: their worker fell silent, or their message got lost. Hopeless ones are failed here."""
    lost = leases.silent(Export, State.RUNNING)
    waiting = Export.objects.filter(state=State.QUEUED, created_at__lt=timezone.now() - _MESSAGE_LOST_AFTER)
    _each(
        lost.filter(attempts__gte=_MAX_ATTEMPTS),
        State.FAILED,
        "export.failed",
        error=f"The worker was lost {_MAX_ATTEMPTS} times at the same place. Look at its log, then ask again.",
    )
    return [*lost.values_list("pk", flat=True), *waiting.values_list("pk", flat=True)]


def remove_old_exports() -> None:
    """Remove the files of exports that are over for `EXPORT_DAYS` days; their rows stay."""
    old = timezone.now() - timedelta(days=settings.EXPORT_DAYS)
    _each(Export.objects.filter(state=State.SUCCEEDED, finished_at__lt=old), State.REMOVED, "export.removed")


@transaction.atomic
def _each(exports: QuerySet[Export], state: str, verb: str, **values: Any) -> None:
    for export in exports.select_related("project").select_for_update(of=("self",), skip_locked=True):
        _let_go(export, state, **values)
        events.record(_SWEEP, verb, export, after={"rows": export.rows, "attempts": export.attempts})
