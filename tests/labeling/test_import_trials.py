"""Trials of a file end, whatever becomes of their worker, and their files are not kept for ever."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from labeling import services, tasks
from labeling.models import ImportBatch, Sample
from labeling.services import imports
from tests.factories import acting, make_manager, make_operator, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


def test_a_file_that_was_only_tried_is_removed_and_one_that_is_at_it_stays(project, settings, sent):
    otto = acting(make_operator(project))
    tried, waiting, asked = (
        services.keep_upload(otto, project, SimpleUploadedFile("a.csv", b"text\na\n"), {}) for _ in range(3)
    )
    for batch in (tried, waiting, asked):
        services.queue_import(otto, batch, {}, is_trial=batch != asked)
    tasks.run_import(tried.pk)
    tasks.run_import(asked.pk)
    settings.EXPORT_DAYS = 0
    services.remove_old_drafts()
    for batch, state in ((tried, "cancelled"), (waiting, "queued"), (asked, "succeeded")):
        batch.refresh_from_db()
        assert (batch.state, bool(batch.file)) == (state, state != "cancelled")


def test_a_trial_whose_worker_is_lost_begins_anew_and_is_given_up_in_the_end(project, sent, monkeypatch):
    monkeypatch.setattr(imports, "CHUNK", 1)
    otto = acting(make_manager(project, "otto"))
    content = SimpleUploadedFile("a.csv", b"text,label\none,billing\ntwo,praise\n")
    batch = services.keep_upload(otto, project, content, {})
    services.queue_import(otto, batch, {"answer": "label", "answers": "all"}, is_trial=True)

    def die(row: ImportBatch) -> None:
        raise KeyboardInterrupt

    for tries in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            services.run_import(batch.pk, on_progress=die)
        batch.refresh_from_db()
        assert (batch.state, batch.rows_read, batch.attempts) == ("running", 1, tries)
        ImportBatch.objects.update(lease_until=timezone.now() - timedelta(days=1))
        assert services.restart_lost_imports() == [batch.pk]
    services.run_import(batch.pk)
    batch.refresh_from_db()
    counts = (batch.rows_read, batch.imported, batch.golden, batch.duplicates, batch.bad_rows)
    assert (batch.state, counts) == ("succeeded", (2, 2, 2, 0, 0))
    assert not Sample.objects.exists()
    ImportBatch.objects.update(state="running", lease_until=timezone.now() - timedelta(days=1))
    assert services.restart_lost_imports() == []
