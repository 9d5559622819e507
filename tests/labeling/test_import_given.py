"""Answers of a file are no more independent than they were, and join with those of this import alone."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from labeling import services, tasks
from labeling.models import GoldenSample, ImportBatch, Sample
from labeling.services import import_join, imports
from labeling.services.import_job import ImportJob
from tests.factories import SYSTEM, acting, make_manager, make_project
from tests.labeling.test_import_cases import answers, run

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


def complete(given: str | None, answer: str = "billing") -> str:
    row = {"text": f"given {given}", "answer": {"labels": [answer]}, "approved": {"given": given}}
    return json.dumps(row | {"proposals": [], "decisions": []}) + "\n"


@pytest.mark.parametrize("options", [{}, {"text": "text", "answer": "answer"}], ids=["recognised", "by columns"])
def test_an_answer_comes_back_no_more_independent_than_it_was(project, tmp_path, options):
    content = "".join(map(complete, ("blind", "imported", "seen", "certified", "guessed", None)))
    batch = run(project, tmp_path, "a.jsonl", content, format="touchstone" if not options else "jsonl",
                answers="all", **options)  # fmt: skip
    given = dict(GoldenSample.objects.values_list("sample__text", "given"))
    assert given == {"given blind": "imported", "given imported": "imported", "given None": "imported",
                     "given seen": "seen", "given guessed": "seen"}  # fmt: skip
    assert (batch.imported, batch.golden, batch.bad_rows) == (6, 5, 1)
    assert '4,"The answer is not taken: a model gave it' in batch.report.read().decode()


def test_what_is_put_together_is_as_independent_as_its_least(project, tmp_path, monkeypatch):
    monkeypatch.setattr(imports, "CHUNK", 2)  # the last row comes in another chunk
    rows = [complete("blind", answer) for answer in ("billing", "delivery", "praise")]
    content = rows[0] + rows[1].replace('"given": "blind"', '"given": "seen"') + rows[2]
    run(project, tmp_path, "a.jsonl", content, format="touchstone", answers="all", join=True)
    golden = GoldenSample.objects.current().get()
    assert (golden.answer, golden.given) == ({"labels": ["billing", "delivery", "praise"]}, "seen")


def test_putting_together_leaves_what_other_imports_brought_before_it_was_asked_for(project, sent, tmp_path):
    otto = acting(make_manager(project, "otto"))
    kept = services.keep_upload(otto, project, SimpleUploadedFile("a.csv", b"text,label\nbill,delivery\n"), {})
    run(project, tmp_path, "b.csv", "text,label\nbill,billing\n", answer="label", answers="all")
    services.queue_import(otto, kept, {"answer": "label", "answers": "all", "join": True})
    tasks.run_import(kept.pk)
    kept.refresh_from_db()
    assert answers() == {"bill": ["billing"]}
    assert (kept.state, kept.bad_rows) == ("succeeded", 1)


def test_what_is_decided_while_a_chunk_is_put_together_stays(project, tmp_path, monkeypatch):
    run(project, tmp_path, "a.csv", "text,label\nbill,billing\n", answer="label", answers="all", join=True)
    sample = Sample.objects.get()
    with (tmp_path / "a.csv").open("rb") as source:
        job = ImportJob.of(ImportBatch.objects.get(), source)
    read = import_join._imported

    def meanwhile(*args):
        found = read(*args)
        monkeypatch.setattr(import_join, "_imported", read)
        services.withdraw_sample(SYSTEM, sample, "a private letter")
        return found

    monkeypatch.setattr(import_join, "_imported", meanwhile)
    import_join.extend(job, [(sample, {"labels": ["billing", "praise"]})], ())
    assert Sample.objects.get().state == "withdrawn"
    assert GoldenSample.objects.get().answer == {"labels": ["billing"]}
