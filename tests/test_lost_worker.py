"""A worker that is lost: within half a minute another goes on. And what is urgent waits behind no import."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from celery import current_app
from django.core.files.uploadedfile import SimpleUploadedFile

from common import jsonl
from labeling.models import Export, ImportBatch, Project, Sample
from labeling.services import start_export, start_import
from tests.factories import SYSTEM, make_project
from tests.workers import PACE, Worker, beat, eventually

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = 20_000
LOST_SECONDS = 30.0
# Of a text whose export takes a while.
LONG = "It was promised for Monday. " * 200


@pytest.fixture
def env(process_env: dict[str, str], tmp_path: Path, settings: Any) -> dict[str, str]:
    """Of all processes, at the pace of production; uploads lie where the workers find them."""
    settings.LEASE_SECONDS = float(PACE["LEASE_SECONDS"])
    process_env |= PACE
    return process_env


def upload(project: Project, folder: Path, name: str) -> ImportBatch:
    path = folder / f"{name}.jsonl"
    jsonl.write(path, [{"text": f"{name} asks where parcel {number} is, and why"} for number in range(ROWS)])
    return start_import(SYSTEM, project, SimpleUploadedFile(path.name, path.read_bytes()), {})


def test_another_worker_goes_on_with_an_import(env, start_workers: Callable[..., Worker], tmp_path):
    both = [start_workers("bulk", pool="threads") for _ in range(2)]
    start_workers("urgent", pool="threads")
    with beat(env, tmp_path):
        batch = upload(make_project("shop"), tmp_path, "ana")
        eventually(lambda: ImportBatch.objects.get(pk=batch.pk).rows_read > 0, 60, "the import never began")
        (at_work,) = (each for each in both if b"labeling.run_import" in each.log.read_bytes().partition(b"ready.")[2])
        at_work.kill()
        lost, read = time.monotonic(), ImportBatch.objects.get(pk=batch.pk).rows_read
        assert 0 < read < ROWS, "killed in the middle"
        eventually(lambda: ImportBatch.objects.get(pk=batch.pk).rows_read > read, 60, "nobody went on")
        took = time.monotonic() - lost
        print(f"lost after {read} of {ROWS} rows; another worker went on after {took:.1f} s")
        assert took < LOST_SECONDS
        eventually(lambda: ImportBatch.objects.get(pk=batch.pk).state == "succeeded", 120, "the import never ended")
    assert Sample.objects.count() == ImportBatch.objects.get(pk=batch.pk).imported


def test_another_worker_goes_on_with_an_export(env, start_workers: Callable[..., Worker], tmp_path):
    project = make_project("shop")
    samples = [
        Sample(
            project=project,
            text=f"Where is parcel {number}? {LONG}",
            content_hash=f"{number:064}",
            group_hash=f"{number:064}",
            split="train",
            way_in="import",
        )
        for number in range(2 * ROWS)
    ]
    Sample.objects.bulk_create(samples, batch_size=5_000)
    both = [start_workers("bulk", pool="threads") for _ in range(2)]
    start_workers("urgent", pool="threads")
    with beat(env, tmp_path):
        export = start_export(SYSTEM, project, "touchstone")
        # The first note is before the first page; a second one says that it is at work.
        eventually(lambda: 0 < Export.objects.get(pk=export.pk).done < 2 * ROWS, 60, "the export never began")
        (at_work,) = (each for each in both if b"labeling.run_export" in each.log.read_bytes().partition(b"ready.")[2])
        at_work.kill()
        lost, done = time.monotonic(), Export.objects.get(pk=export.pk).done
        assert 0 < done < 2 * ROWS, "killed in the middle"
        eventually(lambda: Export.objects.get(pk=export.pk).done > done, 60, "nobody went on")
        took = time.monotonic() - lost
        print(f"lost after {done} of {2 * ROWS} texts; another worker went on after {took:.1f} s")
        assert took < LOST_SECONDS
        eventually(lambda: Export.objects.get(pk=export.pk).state == "succeeded", 120, "the export never ended")
    with Export.objects.get(pk=export.pk).file.open("rb") as content:
        uids = [line.split(b'"')[3].decode() for line in content]
    assert uids == [str(sample.uid) for sample in samples], "none twice, none missing, in order"


def test_watchdogs_wait_behind_no_import(env, start_workers: Callable[..., Worker], tmp_path):
    project = make_project("shop")
    start_workers("bulk", pool="threads")
    start_workers("default", pool="threads")
    urgent = start_workers("urgent", pool="threads")
    batches = [upload(project, tmp_path, name) for name in ("ana", "ben")]
    eventually(lambda: ImportBatch.objects.filter(state="running").exists(), 60, "no import began")
    waits = []
    for _ in range(5):
        said, sent = len(urgent.log.read_bytes()), time.monotonic()
        current_app.send_task("deployment.watch")
        eventually(lambda: b"succeeded" in urgent.log.read_bytes()[said:], 30, "the watchdog never ran")  # noqa: B023
        waits.append(time.monotonic() - sent)
    print(f"a watchdog's round ended {max(waits):.2f} s after it was sent, at most, beside two imports")
    unfinished = ImportBatch.objects.filter(pk__in=[each.pk for each in batches], state__in=["queued", "running"])
    assert unfinished.exists(), "the imports are still at work"
    assert max(waits) < 5
