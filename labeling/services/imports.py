"""Import files of any length: streamed in chunks, fenced by a lease, resumed where a lost worker stopped."""

import logging
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from labeling import leases, splits
from labeling.access import Right, projects_for, require
from labeling.importers import ImportFormatError, Row, read_rows
from labeling.models import ImportBatch, Project, User
from labeling.services.import_job import BadRows, ImportJob, check_options
from labeling.services.samples import NewText, add_samples, announce_golden, make_golden_many
from labeling.ways import WayIn

logger = logging.getLogger(__name__)

CHUNK = 1000
_MAX_ATTEMPTS = 3
_MESSAGE_LOST_AFTER = timedelta(minutes=1)
State = ImportBatch.State
OnProgress = Callable[[ImportBatch], None]


def start_import(user: User, project: Project, upload: "UploadedFile[bytes]", options: dict[str, Any]) -> ImportBatch:
    """Keep an uploaded file and queue its import. Raises `ProblemError` on options that mean nothing.

    Known answers become training data, so they may be imported only by those who may also review.
    """
    from labeling.tasks import run_import as task  # the task calls this module

    require(user, project, Right.IMPORT)
    check_options(options)
    reviewer = projects_for(user, Right.REVIEW).filter(pk=project.pk).exists()
    if options.get("answers", "none") != "none" and not reviewer:
        raise PermissionDenied(f"{user} may not import known answers: only those who review may approve answers.")
    with transaction.atomic():
        batch = ImportBatch.objects.create(
            project=project,
            name=Path(upload.name or "upload").name[:255],
            file=upload,
            options=options,
            bytes_total=upload.size or 0,
            created_by=user,
        )
        task.delay_on_commit(batch.pk)  # type: ignore[attr-defined]  # the stubs do not know DjangoTask
    return batch


def import_file(
    project: Project, path: Path, options: dict[str, Any], on_progress: OnProgress | None = None
) -> ImportBatch:
    """Import a file of this machine now, in this process. Raises `ProblemError`, `OSError`."""
    check_options(options)
    with path.open("rb") as stream:
        batch = ImportBatch.objects.create(
            project=project, name=path.name[:255], options=options, bytes_total=path.stat().st_size
        )
        run_import(batch.pk, stream=stream, on_progress=on_progress)
    batch.refresh_from_db()
    return batch


def run_import(batch_id: int, *, stream: BinaryIO | None = None, on_progress: OnProgress | None = None) -> None:
    """Import a waiting or abandoned batch; does nothing where another worker has it. Running it twice is harmless."""
    token = leases.claim(ImportBatch, batch_id, waiting=[State.QUEUED], working=State.RUNNING)
    if token is None:
        return
    batch = ImportBatch.objects.select_related("project").get(pk=batch_id)
    try:
        with leases.heartbeat(ImportBatch, batch_id, token), _opened(batch, stream) as source, BadRows() as report:
            import_rows(batch, token, source, report, on_progress)
            name = report.save(batch)
            leases.finish(ImportBatch, batch_id, token, state=State.SUCCEEDED, report=name, finished_at=timezone.now())
    except leases.LeaseLostError as error:
        logger.warning("import %s: %s", batch_id, error)
        return
    except (ImportFormatError, OSError) as error:
        logger.warning("import %s failed: %s", batch_id, error)
        leases.finish(ImportBatch, batch_id, token, state=State.FAILED, error=str(error), finished_at=timezone.now())
    if ImportBatch.objects.filter(pk=batch_id, golden__gt=0).exists():
        announce_golden(batch.project_id, None)


def import_rows(
    batch: ImportBatch, token: uuid.UUID, source: BinaryIO, report: BadRows, on_progress: OnProgress | None = None
) -> None:
    """Import the rows of `source` chunk by chunk; counts and rows of a chunk are one transaction.

    Rows that an earlier attempt counted are only checked again, so that the report is whole.
    """
    job = ImportJob.of(batch)
    done, position = batch.rows_read, 0
    with closing(cast("Generator[Row, None, None]", read_rows(source, job.format, job.mapping))) as rows:
        while chunk := list(islice(rows, CHUNK)):
            position += len(chunk)
            with transaction.atomic():
                good = list(job.check(chunk, report))
                counts: dict[str, Any] = {"bad_rows": report.count, "bytes_read": source.tell()}
                if position > done:
                    counts |= {"rows_read": position, **_store(batch, job, good)}
                # Inside the transaction: a worker that lost its lease takes its chunk back.
                leases.renew(ImportBatch, batch.pk, token, **counts)
            if on_progress:
                batch.refresh_from_db()
                on_progress(batch)


def _store(batch: ImportBatch, job: ImportJob, texts: list[NewText]) -> dict[str, Any]:
    """Add the texts, approve their known answers; what to add to the batch's counts."""
    added = add_samples(batch.project, texts, way_in=WayIn.IMPORT, batch=batch)
    # Of equal texts the first one counts, as in `add_samples`.
    answers = {splits.content_hash(text.text): text.answer for text in reversed(texts)}
    known = [(row, answer) for row in added if (answer := answers[row.content_hash]) is not None]
    return {
        "imported": F("imported") + len(added),
        "golden": F("golden") + make_golden_many(known, job.task),
        "duplicates": F("duplicates") + len(texts) - len(added),
    }


@contextmanager
def _opened(batch: ImportBatch, stream: BinaryIO | None) -> Iterator[BinaryIO]:
    if stream is not None:
        yield stream
        return
    with batch.file.open("rb") as upload:
        yield upload.file


def restart_lost_imports() -> list[int]:
    """Batches to run again: their worker fell silent, or their message got lost. Hopeless ones are failed here."""
    lost = leases.silent(ImportBatch, State.RUNNING)
    waiting = ImportBatch.objects.filter(state=State.QUEUED, created_at__lt=timezone.now() - _MESSAGE_LOST_AFTER)
    failed = {"state": State.FAILED, "lease_token": None, "lease_until": None, "finished_at": timezone.now()}
    (lost | waiting).filter(file="").update(
        **failed, error="The command was stopped. Run it again: nothing is imported twice."
    )
    lost.filter(attempts__gte=_MAX_ATTEMPTS).update(
        **failed, error=f"The worker was lost {_MAX_ATTEMPTS} times. Look at its log, then upload the file again."
    )
    return [*lost.values_list("pk", flat=True), *waiting.values_list("pk", flat=True)]
