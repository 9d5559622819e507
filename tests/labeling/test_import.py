"""Importing files: counts, bad rows, known answers, and what a lost worker leaves behind."""

import csv
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.utils import timezone

from common import jsonl, leases
from common.problems import ProblemError
from labeling import services, signals, tasks
from labeling.models import GoldenSample, ImportBatch, Sample
from labeling.services import imports
from tests.factories import SYSTEM, acting, make_expert, make_manager, make_operator, make_project, make_sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("shop", train_share=60, validation_share=15, test_share=25)


def write(path: Path, rows: list[dict]) -> Path:
    jsonl.write(path, rows)
    return path


def letters(number: int) -> str:
    """A word of letters alone: numbers do not make texts differ in their group."""
    return "".join(chr(97 + int(digit)) for digit in str(number))


def bad_rows(batch: ImportBatch) -> list[list[str]]:
    with batch.report.open("rb") as content:
        return list(csv.reader(content.read().decode().splitlines()))[1:]


def test_duplicates_and_bad_rows_are_counted_and_the_rest_comes_in(project, tmp_path):
    make_sample(project, "Where is my parcel?")
    path = tmp_path / "rows.jsonl"
    lines = ['{"text": "Thanks!"}', '{"text": "thanks!  "}', '{"text": "where IS my parcel?"}', "{oops", '{"txt": 1}']
    path.write_text("\n".join(lines))
    batch = services.import_file(SYSTEM, project, path, {})
    assert (batch.state, batch.rows_read, batch.imported, batch.duplicates, batch.bad_rows) == ("succeeded", 5, 1, 2, 2)
    assert [row[0] for row in bad_rows(batch)] == ["4", "5"]
    assert "text" in bad_rows(batch)[1][1]


def test_a_sorted_file_is_reviewed_in_no_order_and_always_the_same(project, tmp_path):
    path = write(tmp_path / "rows.jsonl", [{"text": f"{word} {letters(n)}"} for word in "ab" for n in range(20)])
    services.import_file(SYSTEM, project, path, {})
    queue = list(Sample.objects.filter(project=project).awaiting_review(make_expert(project)).values_list("text"))
    assert {text[0] for (text,) in queue[:12]} == {"a", "b"}
    second = make_project("second")
    services.import_file(SYSTEM, second, path, {})
    again = Sample.objects.filter(project=second).awaiting_review(make_expert(second, "eve")).values_list("text")
    assert list(again) == queue


def test_importing_twice_adds_nothing(project, tmp_path):
    path = write(tmp_path / "rows.jsonl", [{"text": "One"}, {"text": "Two"}])
    services.import_file(SYSTEM, project, path, {})
    assert services.import_file(SYSTEM, project, path, {}).duplicates == 2
    assert Sample.objects.count() == 2


def test_known_answers_become_golden_and_are_announced_once(project, tmp_path, django_capture_on_commit_callbacks):
    heard = []

    def listen(**news):
        heard.append(news["golden_id"])

    path = write(tmp_path / "rows.jsonl", [{"text": f"Text {letters(n)}", "tags": ["billing"]} for n in range(5)])
    signals.golden_sample_added.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            batch = services.import_file(SYSTEM, project, path, {"answer": "tags", "answers": "all"})
    finally:
        signals.golden_sample_added.disconnect(listen)
    assert batch.golden == GoldenSample.objects.current().filter(source="import").count() == 5
    assert set(Sample.objects.values_list("state", flat=True)) == {"golden"}
    assert heard == [None]


def test_an_unknown_label_makes_the_row_bad_and_is_named(project, tmp_path):
    path = write(tmp_path / "rows.jsonl", [{"text": "Hail", "tags": "weather"}, {"text": "Fine", "tags": "praise"}])
    batch = services.import_file(SYSTEM, project, path, {"answer": "tags", "answers": "all"})
    assert (batch.imported, batch.bad_rows) == (1, 1)
    assert "weather" in bad_rows(batch)[0][1]


def test_only_the_test_split_keeps_its_known_answers_where_asked(project, tmp_path):
    rows = [{"text": f"Text {letters(n)}", "tags": "billing"} for n in range(60)]
    batch = services.import_file(
        SYSTEM, project, write(tmp_path / "r.jsonl", rows), {"answer": "tags", "answers": "test"}
    )
    assert 0 < batch.golden < 60
    assert set(Sample.objects.filter(state="golden").values_list("split", flat=True)) == {"test"}
    assert not Sample.objects.filter(state="pending", split="test").exists()


def test_near_duplicates_share_a_split_even_after_the_shares_change(project):
    sample, _ = services.add_sample(SYSTEM, project, "Order 12 is late", way_in="api")
    shares = {"train": (0, 0, 100), "validation": (0, 0, 100), "test": (100, 0, 0)}[sample.split]
    project.train_share, project.validation_share, project.test_share = shares
    assert services.add_sample(SYSTEM, project, "Order 34 is late!", way_in="api")[0].split == sample.split


@pytest.mark.usefixtures("small_chunks")
def test_a_lost_import_goes_on_where_it_stopped(project, tmp_path):
    rows = [{"text": "bad"} if n == 1 else {"text": f"Text {letters(n)}"} for n in range(10)]
    path = write(tmp_path / "rows.jsonl", [*rows[:1], {"nothing": 1}, *rows[2:]])

    def die(batch):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        services.import_file(SYSTEM, project, path, {}, on_progress=die)
    batch = ImportBatch.objects.get()
    assert (batch.state, batch.rows_read, batch.imported) == ("running", 4, 3)
    ImportBatch.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    with path.open("rb") as stream:
        services.run_import(batch.pk, stream=stream)
    batch.refresh_from_db()
    assert (batch.state, batch.rows_read, batch.imported, batch.duplicates, batch.bad_rows) == (
        "succeeded",
        10,
        9,
        0,
        1,
    )
    assert len(bad_rows(batch)) == 1


@pytest.mark.usefixtures("small_chunks")
def test_an_import_that_moves_is_never_given_up(project, tmp_path):
    path = write(tmp_path / "rows.jsonl", [{"text": f"Text {letters(n)}"} for n in range(30)])

    def die(batch):
        if batch.rows_read > before:
            raise KeyboardInterrupt

    before = 0
    with pytest.raises(KeyboardInterrupt):
        services.import_file(SYSTEM, project, path, {}, on_progress=die)
    ImportBatch.objects.update(file="imports/rows.jsonl")
    for _ in range(5):
        ImportBatch.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        (pk,) = services.restart_lost_imports()
        before = ImportBatch.objects.get().rows_read
        with path.open("rb") as stream, pytest.raises(KeyboardInterrupt):
            services.run_import(pk, stream=stream, on_progress=die)
    assert ImportBatch.objects.get().rows_read == 24
    with path.open("rb") as stream:
        ImportBatch.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        services.run_import(pk, stream=stream)
    batch = ImportBatch.objects.get()
    assert (batch.state, batch.imported) == ("succeeded", 30)


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr(imports, "CHUNK", 4)


def test_a_worker_that_lost_its_lease_takes_its_chunk_back(project, tmp_path, monkeypatch):
    path = write(tmp_path / "rows.jsonl", [{"text": "One"}])
    real = leases.renew

    def taken_over(model, pk, token, **values):
        ImportBatch.objects.filter(pk=pk).update(lease_token=None)
        real(model, pk, token, **values)

    monkeypatch.setattr(leases, "renew", taken_over)
    services.import_file(SYSTEM, project, path, {})
    assert not Sample.objects.exists()


def test_the_sweep_runs_lost_uploads_again_and_gives_up_after_three(project):
    old = timezone.now() - timedelta(minutes=5)
    lost = {"project": project, "state": "running", "lease_until": old, "file": "imports/x.csv"}
    again = ImportBatch.objects.create(name="again", attempts=1, **lost)
    hopeless = ImportBatch.objects.create(name="hopeless", attempts=3, **lost)
    command = ImportBatch.objects.create(name="command", **{**lost, "file": ""})
    assert services.restart_lost_imports() == [again.pk]
    assert set(ImportBatch.objects.filter(state="failed")) == {hopeless, command}


def test_an_upload_is_queued_and_imported_by_its_task(project, sent):
    upload = SimpleUploadedFile("mails.csv", b"text,id\nHello,7\n")
    batch = services.start_import(acting(make_operator(project)), project, upload, {"external_id": "id"})
    assert sent == [("labeling.run_import", batch.pk)]
    tasks.run_import(batch.pk)
    assert Sample.objects.get().external_id == "7"
    tasks.run_import(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, batch.imported, batch.duplicates) == ("succeeded", 1, 0)


def test_a_file_that_cannot_be_read_as_asked_fails_with_the_reason(project, tmp_path):
    path = tmp_path / "mails.csv"
    path.write_text("body\nHello\n")
    batch = services.import_file(SYSTEM, project, path, {})
    assert batch.state == "failed"
    assert "body" in batch.error


def test_expert_cannot_import(project):
    with pytest.raises(PermissionDenied):
        services.start_import(acting(make_expert(project)), project, SimpleUploadedFile("a.csv", b"text\n"), {})


def test_operator_cannot_import_known_answers_but_a_manager_can(project):
    options = {"answer": "tags", "answers": "all"}
    upload = SimpleUploadedFile("a.csv", b"text,tags\nHi,praise\n")
    with pytest.raises(PermissionDenied, match="review"):
        services.start_import(acting(make_operator(project)), project, upload, options)
    assert services.start_import(acting(make_manager(project)), project, upload, options).state == "queued"


def test_unknown_options_are_refused(project, tmp_path):
    with pytest.raises(ProblemError, match="colour"):
        services.import_file(SYSTEM, project, write(tmp_path / "rows.jsonl", []), {"colour": "red"})


def test_the_command_says_what_came_in_and_what_did_not(project, tmp_path, capsys):
    path = tmp_path / "rows.tsv"
    path.write_text("Where is it\t1\tt1\nI paid twice\t0,2\tt2\nWhat\t9\tt3\n")
    call_command(
        "import_samples", str(path), "--project", "shop", "--no-header", "--text-column", "0", "--labels-column", "1",
        "--id-column", "2", "--labels-by-number", "--separator", ",", "--answers", "all",
    )  # fmt: skip
    said = capsys.readouterr().out
    assert "2 new samples, 2 known answers approved, 0 duplicates skipped, 1 rows not taken." in said
    assert "line 3:" in said
    golden = GoldenSample.objects.get(sample__external_id="t2")
    assert golden.answer == {"labels": ["billing", "praise"]}


def test_the_command_names_the_projects_there_are(project, tmp_path):
    with pytest.raises(CommandError, match="shop"):
        call_command("import_samples", str(tmp_path / "x.csv"), "--project", "nope")


@pytest.mark.parametrize(
    ("kind", "cell", "stored"), [("single_label", "praise", {"label": "praise"}), ("text", "[x]", {"text": "[x]"})]
)
def test_known_answers_of_the_other_kinds(kind, cell, stored, tmp_path):
    project = make_project(kind=kind, labels=() if kind == "text" else ("billing", "praise"))
    path = write(tmp_path / "rows.jsonl", [{"text": "Hi", "a": cell}])
    services.import_file(SYSTEM, project, path, {"answer": "a", "answers": "all"})
    assert GoldenSample.objects.get().answer == stored
