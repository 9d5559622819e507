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
from django.db.models import F, QuerySet
from django.utils import timezone

from common import actor as actors
from common import leases
from common.actor import Actor
from common.queue import enqueue
from labeling import splits
from labeling.access import Right, may, require
from labeling.importers import ImportFormatError, Row, read_rows
from labeling.models import ImportBatch, Project
from labeling.services import events
from labeling.services.golden import announce_golden, settle
from labeling.services.import_job import BadRows, ImportJob, check_options
from labeling.services.samples import NewText, add_samples, samples_of
from labeling.services.vectors import due
from labeling.ways import WayIn

logger = logging.getLogger(__name__)

CHUNK = 1000
_MAX_ATTEMPTS = 3
_MESSAGE_LOST_AFTER = timedelta(minutes=1)
State = ImportBatch.State
OnProgress = Callable[[ImportBatch], None]
_WORKER, _SWEEP = actors.system("import"), actors.system("beat")


def start_import(actor: Actor, project: Project, upload: "UploadedFile[bytes]", options: dict[str, Any]) -> ImportBatch:
    """Keep an uploaded file and queue its import. Raises `ProblemError` on options that mean nothing.

    Known answers become training data, so they may be imported only by those who may also review.
    """
    _check(actor, project, options)
    with transaction.atomic():
        batch = ImportBatch.objects.create(
            project=project,
            name=Path(upload.name or "upload").name[:255],
            file=upload,
            options=options,
            bytes_total=upload.size or 0,
            created_by_id=actor.user_id,
        )
        events.record(actor, "import.queued", batch, after={"bytes": batch.bytes_total})
        enqueue("labeling.run_import", batch.pk)
    return batch


def _check(actor: Actor, project: Project, options: dict[str, Any]) -> None:
    require(actor, project, Right.IMPORT)
    check_options(options)
    if options.get("answers", "none") != "none" and not may(actor, project, Right.REVIEW):
        raise PermissionDenied(f"{actor} may not import known answers: only those who review may approve answers.")


def import_file(
    actor: Actor, project: Project, path: Path, options: dict[str, Any], on_progress: OnProgress | None = None
) -> ImportBatch:
    """Import a file of this machine now, in this process. Raises as `start_import`, and `OSError`."""
    _check(actor, project, options)
    with path.open("rb") as stream:
        with transaction.atomic():
            batch = ImportBatch.objects.create(
                project=project,
                name=path.name[:255],
                options=options,
                bytes_total=path.stat().st_size,
                created_by_id=actor.user_id,
            )
            events.record(actor, "import.queued", batch, after={"bytes": batch.bytes_total})
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
            _finish(batch, token, State.SUCCEEDED, report=name)
    except leases.LeaseLostError as error:
        logger.warning("import %s: %s", batch_id, error)
        return
    except (ImportFormatError, OSError) as error:
        logger.warning("import %s failed: %s", batch_id, error)
        _finish(batch, token, State.FAILED, error=str(error))
    due.ask(batch.project_id)
    if ImportBatch.objects.filter(pk=batch_id, golden__gt=0).exists():
        announce_golden(batch.project_id, None)


def _finish(batch: ImportBatch, token: uuid.UUID, state: str, **values: Any) -> None:
    """The end of an import, and the one event of all its rows."""
    with transaction.atomic():
        leases.finish(ImportBatch, batch.pk, token, state=state, finished_at=timezone.now(), **values)
        batch.refresh_from_db()
        counts = {name: getattr(batch, name) for name in ("rows_read", "imported", "golden", "duplicates", "bad_rows")}
        verb = "import.finished" if state == State.SUCCEEDED else "import.failed"
        events.record(_WORKER, verb, batch, after=counts)


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
                counts: dict[str, Any] = {"bytes_read": source.tell()}
                stored = _store(batch, job, [text for _, text in good]) if position > done else {}
                untaken = job.list_untaken(good, report)
                if stored:
                    there = len(good) - stored["imported"] - untaken
                    counts |= {name: F(name) + count for name, count in stored.items()}
                    # Rows that are in stay in: the tries before them do not count any more.
                    counts |= {"rows_read": position, "attempts": 0, "duplicates": F("duplicates") + there}
                counts["bad_rows"] = report.count
                # Inside the transaction: a worker that lost its lease takes its chunk back.
                leases.renew(ImportBatch, batch.pk, token, **counts)
            if on_progress:
                batch.refresh_from_db()
                on_progress(batch)


def _store(batch: ImportBatch, job: ImportJob, texts: list[NewText]) -> dict[str, int]:
    """Add the texts, approve their known answers, those of texts that were there and wait as well; how many each."""
    added = add_samples(batch.project, texts, way_in=WayIn.IMPORT, batch=batch)
    # Of equal texts the first one that has an answer counts.
    answers = {splits.content_hash(text.text): text.answer for text in reversed(texts) if text.answer is not None}
    samples = samples_of(batch.project, (text for text in texts if text.answer is not None))
    known = [(row, answers[content_hash]) for content_hash, row in samples.items()]
    return {"imported": len(added), "golden": settle(known, job.task)}


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
    _give_up((lost | waiting).filter(file=""), "The command was stopped. Run it again: nothing is imported twice.")
    _give_up(
        lost.filter(attempts__gte=_MAX_ATTEMPTS),
        f"The worker was lost {_MAX_ATTEMPTS} times at the same rows. Look at its log, then upload the file again.",
    )
    return [*lost.values_list("pk", flat=True), *waiting.values_list("pk", flat=True)]


@transaction.atomic
def _give_up(batches: QuerySet[ImportBatch], error: str) -> None:
    for batch in batches.select_related("project").select_for_update(of=("self",)):
        failed = {"state": State.FAILED, "finished_at": timezone.now(), **leases.RELEASED}
        ImportBatch.objects.filter(pk=batch.pk).update(error=error, **failed)
        events.record(_SWEEP, "import.failed", batch, after={"imported": batch.imported, "attempts": batch.attempts})
