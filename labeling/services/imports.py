"""Import files of any length: streamed in chunks, fenced by a lease, resumed where a lost worker stopped."""

import logging
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, cast

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from common import actor as actors
from common import leases
from common.actor import Actor
from labeling import splits
from labeling.importers import ImportFormatError, Row, read_rows
from labeling.models import ImportBatch, Project
from labeling.services import events
from labeling.services.golden import announce_golden, settle
from labeling.services.import_job import BadRows, ImportJob
from labeling.services.import_join import extend, joined
from labeling.services.import_notes import notes_of
from labeling.services.import_queue import check_asked
from labeling.services.import_told import record_told
from labeling.services.samples import NewText, add_samples, samples_of
from labeling.services.vectors import due
from labeling.ways import Given, WayIn

logger = logging.getLogger(__name__)

CHUNK = 1000
State = ImportBatch.State
OnProgress = Callable[[ImportBatch], None]
_WORKER = actors.system("import")
_TOLD = ("rows_read", "imported", "golden", "predictions", "duplicates", "bad_rows")


def import_file(
    actor: Actor, project: Project, path: Path, options: dict[str, Any], on_progress: OnProgress | None = None
) -> ImportBatch:
    """Import a file of this machine now, in this process. Raises as `import_queue.start_import`, and `OSError`."""
    check_asked(actor, project, options)
    with path.open("rb") as stream:
        with transaction.atomic():
            batch = ImportBatch.objects.create(
                project=project,
                name=path.name[:255],
                options=options,
                bytes_total=path.stat().st_size,
                asked_at=timezone.now(),
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
            batch.refresh_from_db(fields=["imported"])
            notes = [] if batch.is_trial else notes_of(batch)
            _finish(batch, token, State.SUCCEEDED, report=name, notes=notes)
    except leases.LeaseLostError as error:
        logger.warning("import %s: %s", batch_id, error)
        return
    except (ImportFormatError, OSError) as error:
        logger.warning("import %s failed: %s", batch_id, error)
        _finish(batch, token, State.FAILED, error=str(error))
    due.ask(batch.project_id)
    if ImportBatch.objects.filter(pk=batch_id, golden__gt=0, is_trial=False).exists():
        announce_golden(batch.project_id, None)


def _finish(batch: ImportBatch, token: uuid.UUID, state: str, **values: Any) -> None:
    """The end of an import, and the one event of all its rows."""
    with transaction.atomic():
        leases.finish(ImportBatch, batch.pk, token, state=state, finished_at=timezone.now(), **values)
        batch.refresh_from_db()
        counts = {name: getattr(batch, name) for name in _TOLD}
        verb = "import.finished" if state == State.SUCCEEDED else "import.failed"
        events.record(_WORKER, verb, batch, after=counts | {"trial": batch.is_trial})


def import_rows(
    batch: ImportBatch, token: uuid.UUID, source: BinaryIO, report: BadRows, on_progress: OnProgress | None = None
) -> None:
    """Import the rows of `source` chunk by chunk; counts and rows of a chunk are one transaction.

    Rows that an earlier attempt counted are only checked again, so that the report is whole. A trial has none that are
    in: another attempt begins anew, and its tries count to the end.
    """
    job = ImportJob.of(batch, source)
    if batch.is_trial:
        batch.rows_read = 0
        leases.renew(ImportBatch, batch.pk, token, **dict.fromkeys(_TOLD, 0))
    done, position, seen = batch.rows_read, 0, set[str]()
    with closing(cast("Generator[Row, None, None]", read_rows(source, job.format, job.mapping))) as rows:
        while chunk := list(islice(rows, CHUNK)):
            position += len(chunk)
            with transaction.atomic():
                counts: dict[str, Any] = {"bytes_read": source.tell()}
                stored = _chunk(batch, job, chunk, report, seen, is_new=position > done)
                if position > done:
                    counts |= {name: F(name) + count for name, count in stored.items()}
                    # Rows that are in stay in: the tries before them do not count any more.
                    counts |= {"rows_read": position} if batch.is_trial else {"rows_read": position, "attempts": 0}
                counts["bad_rows"] = report.count
                # Inside the transaction: a worker that lost its lease takes its chunk back.
                leases.renew(ImportBatch, batch.pk, token, **counts)
            if on_progress:
                batch.refresh_from_db()
                on_progress(batch)
    if position == 0:
        raise ImportFormatError("The file holds no rows.")


def _chunk(
    batch: ImportBatch, job: ImportJob, chunk: list[Row], report: BadRows, seen: set[str], *, is_new: bool
) -> dict[str, int]:
    """Add the rows of a chunk, unless an earlier try did; how many came in and how many were there.

    A trial takes back what it has added; `seen` are the texts that it has counted before.
    """
    with transaction.atomic():
        good = list(job.check(chunk, report))
        good = joined(job, good, report) if job.join else good
        fresh = [row for row in good if splits.content_hash(row[1].text) not in seen] if seen else good
        stored = {"imported": 0, "golden": 0, "predictions": 0}
        if is_new:
            stored = _store(batch, job, [text for _, text in fresh])
        untaken = job.list_untaken(fresh, report)
        if batch.is_trial:
            seen.update(splits.content_hash(text.text) for _, text in good)
            transaction.set_rollback(True)
    return stored | {"duplicates": len(good) - stored["imported"] - untaken}


def _store(batch: ImportBatch, job: ImportJob, texts: list[NewText]) -> dict[str, int]:
    """Add the texts, approve their known answers, those of texts that were there and wait as well; how many each."""
    added = add_samples(batch.project, texts, way_in=WayIn.IMPORT, batch=batch)
    # Of equal texts the first one that has an answer counts.
    answered = {splits.content_hash(text.text): text for text in reversed(texts) if text.answer is not None}
    samples = samples_of(batch.project, answered.values())
    known = [(row, answer) for name, row in samples.items() if (answer := answered[name].answer) is not None]
    seen = {row.pk for content_hash, row in samples.items() if answered[content_hash].given == Given.SEEN}
    if job.join:
        extend(job, known, seen)
    told = record_told(job.task, texts) if job.told else 0
    return {"imported": len(added), "golden": settle(known, job.task, seen=seen), "predictions": told}


@contextmanager
def _opened(batch: ImportBatch, stream: BinaryIO | None) -> Iterator[BinaryIO]:
    if stream is not None:
        yield stream
        return
    with batch.file.open("rb") as upload:
        yield upload.file
