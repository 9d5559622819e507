"""What a lost worker leaves of an export, how one is cancelled, and how long its file stays."""

from datetime import timedelta

import pytest
from django.utils import timezone

from common.problems import ConflictError
from labeling import services
from labeling.export_doors import file_of
from labeling.models import Export
from labeling.services import export_job, export_rows
from tests.factories import SYSTEM, acting, make_expert, make_manager, make_project, make_sample
from tests.labeling.exporting import exported, lines

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture
def small_steps(monkeypatch):
    monkeypatch.setattr(export_rows, "PAGE", 3)
    monkeypatch.setattr(export_job, "NOTED_EVERY", 0.0)


@pytest.mark.usefixtures("small_steps")
@pytest.mark.parametrize("format", ["touchstone", "label_studio"])
def test_a_lost_export_goes_on_and_neither_doubles_nor_drops(project, format):
    ana = make_expert(project)
    for number in range(10):
        services.decide(acting(ana), make_sample(project, f"text {number}"), ["billing"])
    export = services.start_export(SYSTEM, project, format)
    whole = exported(project, format, as_of=export.as_of)

    def die(row):
        raise KeyboardInterrupt

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            services.run_export(export.pk, on_progress=die)
        Export.objects.filter(pk=export.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
        row = Export.objects.get(pk=export.pk)
        with open(row.file.path, "ab") as file:  # what was written and not noted
            file.write(b'{"text": "half a li')
    assert (row.done, row.state) == (6, "running")
    assert services.restart_lost_exports() == [export.pk]
    services.run_export(export.pk)
    export.refresh_from_db()
    assert export.file.read() == whole.file.read()
    assert (export.rows, export.attempts) == (10, 0), "tries that got on do not count"


@pytest.mark.usefixtures("small_steps")
def test_a_file_that_is_gone_is_written_anew(project):
    for number in range(7):
        make_sample(project, f"text {number}")
    export = services.start_export(SYSTEM, project, "jsonl")

    def die(row):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        services.run_export(export.pk, on_progress=die)
    row = Export.objects.get()
    row.file.storage.delete(row.file.name)
    Export.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    services.run_export(export.pk)
    export.refresh_from_db()
    assert (export.rows, len(lines(export))) == (7, 7)


@pytest.mark.usefixtures("small_steps")
def test_a_cancelled_export_ends_and_leaves_no_file(project, django_capture_on_commit_callbacks, settings):
    mia = acting(make_manager(project))
    for number in range(7):
        make_sample(project, f"text {number}")
    export = services.start_export(SYSTEM, project, "jsonl")

    def cancel(row):
        with django_capture_on_commit_callbacks(execute=True):
            services.cancel_export(mia, row)

    services.run_export(export.pk, on_progress=cancel)
    export.refresh_from_db()
    assert (export.state, export.file.name) == ("cancelled", "")
    assert list((settings.MEDIA_ROOT / "exports").iterdir()) == []
    with pytest.raises(ConflictError, match="ended already"):
        services.cancel_export(mia, export)


def test_the_sweep_removes_old_files_and_gives_up_after_three(project, django_capture_on_commit_callbacks, settings):
    old, young = exported(project, "jsonl"), exported(project, "jsonl")
    Export.objects.filter(pk=old.pk).update(finished_at=timezone.now() - timedelta(days=settings.EXPORT_DAYS, hours=1))
    gone = timezone.now() - timedelta(minutes=5)
    lost = {
        "project": project,
        "spec": project.spec,
        "format": "jsonl",
        "as_of": gone,
        "state": "running",
        "lease_until": gone,
    }
    hopeless = Export.objects.create(attempts=3, **lost)
    with django_capture_on_commit_callbacks(execute=True):
        services.remove_old_exports()
        assert services.restart_lost_exports() == []
    states = {export: Export.objects.get(pk=export.pk).state for export in (old, young, hopeless)}
    assert list(states.values()) == ["removed", "succeeded", "failed"]
    with pytest.raises(ConflictError, match="was removed after 7 days"):
        file_of(Export.objects.get(pk=old.pk))
    assert not (settings.MEDIA_ROOT / old.file.name).exists()
    assert (settings.MEDIA_ROOT / young.file.name).exists()
