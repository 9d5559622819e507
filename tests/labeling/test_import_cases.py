"""Small files that once came in wrong, and what they come in as: recognised, or refused, and never in silence."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from common.problems import ConflictError
from labeling import services, tasks
from labeling.models import GoldenSample, ImportBatch, Prediction, Sample
from labeling.services import imports
from tests.factories import SYSTEM, acting, make_expert, make_manager, make_operator, make_project, make_sample

pytestmark = pytest.mark.django_db
LONG = "text,label\nbill and parcel,billing\nthanks,praise\nbill and parcel,delivery\n"


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


def run(project: Any, folder: Path, name: str, content: str | bytes, **options: Any) -> ImportBatch:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return services.import_file(SYSTEM, project, path, options)


def answers() -> dict[str, list[str]]:
    rows = GoldenSample.objects.current().values_list("sample__text", "answer")
    return {text: answer["labels"] for text, answer in rows}


def test_a_name_that_no_row_has_is_refused_whatever_the_format(project, tmp_path):
    for name, content in (("a.jsonl", '{"text": "a", "label": "billing"}\n'), ("a.csv", "text,label\na,billing\n"),
                          ("a.json", '[{"text": "a", "label": "billing"}]')):  # fmt: skip
        batch = run(project, tmp_path, name, content, answer="lables", answers="all")
        assert batch.state == "failed"
        assert "'lables'" in batch.error
        assert "'label'" in batch.error
    assert not Sample.objects.exists()


def test_a_path_through_a_list_finds_the_answer(project, tmp_path):
    content = '[{"data": {"text": "a"}, "annotations": [{"result": [{"value": {"choices": ["billing"]}}]}]}]'
    path = "annotations.0.result.0.value.choices"
    run(project, tmp_path, "a.json", content, text="data.text", answer=path, answers="all")
    assert answers() == {"a": ["billing"]}


@pytest.mark.parametrize(
    ("name", "content", "new"),
    [
        ("a.csv", "text;label\nWo, bitte?;delivery\nFalsch;billing\n", 2),
        ("a.json", '{"data": [{"text": "one"}, {"text": "two"}]}', 2),
        ("a.csv", "text\nKäse\n".encode("cp1252"), 1),
        ("a", '{"messages": [{"role": "user", "content": "one"}]}\n', 1),
        ("a.txt", "one line, here\nanother\n", 2),
    ],
)
def test_a_file_just_works(project, tmp_path, name, content, new):
    batch = run(project, tmp_path, name, content)
    assert (batch.state, batch.imported, batch.bad_rows) == ("succeeded", new, 0)


def test_digits_name_a_column_when_one_is_called_so(project, tmp_path):
    assert run(project, tmp_path, "a.csv", "0,1\nfrom a data frame,billing\n", text=0).imported == 1


@pytest.mark.parametrize(("content", "says"), [("", "The file is empty"), ("text\n", "no rows"), ("[]", "no rows")])
def test_a_file_without_rows_says_so(project, tmp_path, content, says):
    batch = run(project, tmp_path, "a.csv" if content == "text\n" else "a.json", content)
    assert batch.state == "failed"
    assert says in batch.error


def test_known_answers_are_taken_for_texts_that_are_there(project, tmp_path):
    run(project, tmp_path, "a.csv", "text\none\ntwo\n")
    batch = run(project, tmp_path, "b.csv", "text,label\none,billing\ntwo,delivery\n", answer="label", answers="all")
    assert (batch.imported, batch.golden, batch.duplicates, batch.bad_rows) == (0, 2, 2, 0)


def test_equal_texts_with_different_answers_are_put_together_where_asked(project, tmp_path, monkeypatch):
    monkeypatch.setattr(imports, "CHUNK", 2)  # the two rows come in different chunks
    batch = run(project, tmp_path, "a.csv", LONG, answer="label", answers="all", join=True)
    assert answers() == {"bill and parcel": ["billing", "delivery"], "thanks": ["praise"]}
    assert (batch.imported, batch.bad_rows) == (2, 0)


def test_putting_together_overrules_no_decision_and_no_limit(project, tmp_path):
    services.decide(acting(make_expert(project)), make_sample(project, "bill and parcel"), ["praise"])
    batch = run(project, tmp_path, "a.csv", LONG, answer="label", answers="all", join=True)
    assert answers()["bill and parcel"] == ["praise"]
    assert batch.bad_rows == 2
    narrow = make_project("narrow", max_labels=1)
    batch = run(narrow, tmp_path, "b.csv", LONG, answer="label", answers="all", join=True)
    assert (batch.imported, batch.bad_rows) == (1, 2)
    assert "cannot be put together" in batch.report.read().decode()


def test_a_set_that_falls_into_one_split_says_so(project, tmp_path):
    alike = "".join(f"Your code is {number}\n" for number in range(40))
    (note,) = run(project, tmp_path, "a.csv", f"text\n{alike}").notes
    assert "No text of the project is in the split" in note
    assert "near-duplicates of each other" in note
    words = "".join(f"Ask about {'abcdefghij'[n % 10] * (n // 10 + 1)}\n" for n in range(100))
    other = make_project("other", train_share=34, validation_share=33, test_share=33)
    assert run(other, tmp_path, "b.csv", f"text\n{words}").notes == []


def test_a_trial_counts_and_brings_nothing_in(project, sent, monkeypatch, settings, django_capture_on_commit_callbacks):
    monkeypatch.setattr(imports, "CHUNK", 2)
    make_sample(project, "thanks")
    content = b"text,label\nthanks,praise\nnew,billing\nNEW,billing\nodd,weather\n"
    mia = acting(make_manager(project, "mia"))
    batch = services.keep_upload(mia, project, SimpleUploadedFile("a.csv", content), {})
    options = {"answer": "label", "answers": "all"}
    services.queue_import(mia, batch, options, is_trial=True)
    assert sent == [("labeling.run_import", batch.pk)]
    tasks.run_import(batch.pk)
    batch.refresh_from_db()
    counts = (batch.rows_read, batch.imported, batch.golden, batch.duplicates, batch.bad_rows)
    assert (batch.state, batch.is_trial, counts) == ("succeeded", True, (4, 1, 2, 2, 1))
    assert Sample.objects.count() == 1
    assert not GoldenSample.objects.exists()
    reports = (settings.MEDIA_ROOT / "reports").iterdir
    assert len(list(reports())) == 1
    with django_capture_on_commit_callbacks(execute=True):
        services.queue_import(mia, batch, options)
    assert list(reports()) == [], "the trial's report goes with it"
    tasks.run_import(batch.pk)
    batch.refresh_from_db()
    assert counts == (batch.rows_read, batch.imported, batch.golden, batch.duplicates, batch.bad_rows)
    assert answers() == {"thanks": ["praise"], "new": ["billing"]}
    with pytest.raises(ConflictError, match="already"):
        services.queue_import(mia, batch, options)


def test_a_cancelled_import_keeps_what_has_come_in(project, tmp_path, monkeypatch):
    monkeypatch.setattr(imports, "CHUNK", 2)
    otto = acting(make_operator(project))
    path = tmp_path / "a.txt"
    path.write_text("one here\ntwo here\nthree here\nfour here\nfive here\n")
    batch = services.import_file(SYSTEM, project, path, {}, on_progress=lambda row: services.cancel_import(otto, row))
    assert (batch.state, batch.imported) == ("cancelled", 2)
    assert Sample.objects.count() == 2
    with pytest.raises(ConflictError, match="ended already"):
        services.cancel_import(otto, batch)


def test_a_failed_import_is_tried_again_with_other_columns(project, sent):
    otto = acting(make_operator(project))
    batch = services.start_import(otto, project, SimpleUploadedFile("a.csv", b"body\nHello\n"), {})
    tasks.run_import(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, services.may_start(batch)) == ("failed", True)
    services.queue_import(otto, batch, {"text": "body"})
    tasks.run_import(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, batch.imported, batch.error) == ("succeeded", 1, "")


def test_a_file_that_nobody_starts_is_removed(project, settings, django_capture_on_commit_callbacks):
    batch = services.keep_upload(acting(make_operator(project)), project, SimpleUploadedFile("a.csv", b"text\na\n"), {})
    settings.EXPORT_DAYS = 0
    with django_capture_on_commit_callbacks(execute=True):
        services.remove_old_drafts()
    batch.refresh_from_db()
    assert (batch.state, batch.file.name) == ("cancelled", "")
    assert list((settings.MEDIA_ROOT / "imports").iterdir()) == []


def test_what_models_said_is_recorded_once_where_it_is_asked_for(project, tmp_path):
    choice = [{"type": "choices", "value": {"choices": ["billing"]}}]
    said = {"model_version": "other:v2", "score": 0.75, "result": choice}
    tasks_of = [{"data": {"text": text}, "annotations": [], "predictions": [said]} for text in ("one", "two")]
    content = json.dumps(tasks_of)
    batch = run(project, tmp_path, "a.json", content, told=True)
    assert (batch.imported, batch.predictions) == (2, 2)
    first = Prediction.objects.last()
    assert (first.model_tag, first.answer, first.confidence) == ("other:v2", {"labels": ["billing"]}, 0.75)
    assert (first.source, first.status) == ("outside", "strict")
    assert run(project, tmp_path, "a.json", content, told=True).predictions == 0
    assert run(make_project("other"), tmp_path, "a.json", content).predictions == 0
