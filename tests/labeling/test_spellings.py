"""Equal texts differ in case and white space: places are brought to the spelling that is kept."""

import pytest

from common import jsonl
from labeling import services
from labeling.answers import parse
from labeling.kinds import KINDS, AnswerError
from labeling.models import GoldenSample, Prediction
from labeling.services.predictions import Answered
from labeling.services.samples import NewText, create_samples
from tests.factories import SYSTEM, make_project, make_sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("names", "spans", labels=("person", "place"))


def imported(project, path, *rows, **options):
    jsonl.write(path / "rows.jsonl", rows)
    return services.import_file(SYSTEM, project, path / "rows.jsonl", {"answer": "answer", "answers": "all", **options})


def golden():
    (answer,) = GoldenSample.objects.current().values_list("answer", flat=True)
    return [(each["label"], each["start"], each["text"]) for each in answer["spans"]]


def test_an_imported_answer_follows_the_spelling_of_the_sample(project, tmp_path):
    make_sample(project, "ANA  met Bo,\nthen ana")
    batch = imported(
        project, tmp_path, {"text": "Ana met Bo, then Ana", "answer": [[17, 20, "person"], [8, 10, "person"]]}
    )
    assert (batch.golden, batch.bad_rows) == (1, 0)
    assert golden() == [("person", 9, "Bo"), ("person", 18, "ana")]


def test_of_two_spellings_in_one_file_the_first_is_kept_and_answers_are_joined_in_it(project, tmp_path):
    rows = [
        {"text": "Ana in  Rome", "answer": [[0, 3, "person"]]},
        {"text": "ana in rome", "answer": [[7, 11, "place"]]},
    ]
    batch = imported(project, tmp_path, *rows, join=True)
    assert (batch.golden, batch.bad_rows) == (1, 0)
    assert golden() == [("person", 0, "Ana"), ("place", 8, "Rome")]


def test_an_accent_may_be_a_character_of_its_own(project):
    make_sample(project, "Cafe\u0301  Ana")
    answer = {
        "spans": [
            {"label": "place", "start": 0, "end": 4, "text": "Café"},
            {"label": "person", "start": 5, "end": 8, "text": "Ana"},
        ]
    }
    create_samples(SYSTEM, project, [NewText("Café Ana", answer=answer)], may_approve=True)
    assert golden() == [("place", 0, "Cafe\u0301"), ("person", 7, "Ana")]


def test_the_api_does_the_same(project):
    make_sample(project, "ana  met Bo")
    answer = {"spans": [{"label": "person", "start": 8, "end": 10, "text": "Bo"}]}
    create_samples(SYSTEM, project, [NewText("Ana met Bo", answer=answer)], may_approve=True)
    assert golden() == [("person", 9, "Bo")]


def test_a_text_that_is_not_the_same_has_no_such_places():
    spec = make_project("other", "spans", labels=("person",)).spec.to_spec()
    answer = {"spans": [{"label": "person", "start": 0, "end": 3, "text": "Ana"}]}
    assert KINDS["spans"].respelled(spec, answer, "Ana", "Ana") == answer
    with pytest.raises(AnswerError, match="another spelling"):
        KINDS["spans"].respelled(spec, answer, "Ana", "Ana!")


def test_what_a_model_said_is_found_in_the_spelling_that_is_kept(project, tmp_path):
    make_sample(project, "ana  met Bo")
    task = {
        "data": {"text": "Ana met Bo"},
        "annotations": [],
        "predictions": [
            {"model_version": "m", "result": [{"value": {"start": 8, "end": 10, "text": "Bo", "labels": ["person"]}}]}
        ],
    }
    jsonl.write(tmp_path / "tasks.jsonl", [task])
    services.import_file(SYSTEM, project, tmp_path / "tasks.jsonl", {"told": True})
    (prediction,) = Prediction.objects.all()
    assert prediction.answer == {"spans": [{"label": "person", "start": 9, "end": 11, "text": "Bo"}]}


def test_what_is_asked_in_another_spelling_is_answered_in_it_and_kept_in_that_of_the_sample(project):
    make_sample(project, "ana  met Bo")
    answer = {"spans": [{"label": "person", "start": 8, "end": 10, "text": "Bo"}]}
    parsed = parse('{"spans": [{"label": "person", "text": "Bo"}]}', project.spec.to_spec(), "Ana met Bo")
    given = Answered(project.spec, "m", "raw", parsed, input="Ana met Bo")
    one = services.record_prediction(SYSTEM, project, **vars(given), source="api")
    (other,) = services.record_predictions(SYSTEM, project, [given], source="api")
    assert one.answer == other.answer == answer
    kept = [row.answer["spans"][0]["start"] for row in Prediction.objects.exclude(sample=None)]
    assert kept == [9, 9]


def test_pieces_are_refused_in_a_project_of_labels_and_their_text_is_not(tmp_path):
    tags = make_project("tags")
    row = {"text": "Ana met Bo", "label": [[0, 3, "person"]]}
    jsonl.write(tmp_path / "rows.jsonl", [row])
    batch = services.import_file(SYSTEM, tags, tmp_path / "rows.jsonl", {"format": "doccano", "answers": "all"})
    assert (batch.imported, batch.bad_rows) == (0, 1)
    assert "marks spans" in batch.report.read().decode()
    batch = services.import_file(SYSTEM, tags, tmp_path / "rows.jsonl", {"format": "doccano"})
    assert (batch.imported, batch.bad_rows) == (1, 0)
