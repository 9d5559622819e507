"""One rule for an answer at all doors, and for the ends of lines that browsers send."""

import pytest
from django.urls import reverse

from common.problems import ProblemError
from labeling import services
from labeling.models import GoldenSample, Review, TaskSpec
from tests.factories import SYSTEM, acting, make_admin, make_expert, make_manager, make_project, make_sample
from tests.labeling.proposing import predict, propose

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("shop")


@pytest.mark.parametrize("page", ["review", "analyze"])
def test_an_empty_answer_that_no_model_proposed_is_asked_for_twice(client, project, page):
    ana = make_expert(project, "ana")
    client.force_login(ana)
    sample = make_sample(project)
    prediction = propose(sample, "I cannot say")
    url = f"/projects/shop/{page}/"
    form = {"action": "save", "sample": sample.uid, "prediction": prediction.uid}
    answer = client.post(url, form)
    assert answer.status_code == 400
    assert "No label is chosen" in answer.text
    assert 'name="none_ok"' in answer.text
    assert not GoldenSample.objects.exists()
    client.post(url, form | {"none_ok": "1"})
    assert GoldenSample.objects.get().answer == {"labels": []}


def test_the_service_asks_the_same(project):
    ana, sample = make_expert(project), make_sample(project)
    with pytest.raises(services.NothingChosenError):
        services.decide(acting(ana), sample, [])
    services.decide(acting(ana), sample, [], prediction=propose(sample, '{"labels": []}'))
    assert Review.objects.get().action == "confirm"


def known(project, tmp_path, door, text, answer):
    """What a file or a program knows, through one door."""
    if door == "rest":
        rows = [services.NewText(text, answer={"labels": [answer]})]
        services.create_samples(acting(make_manager(project)), project, rows, may_approve=True)
        return None
    file = tmp_path / "known.csv"
    file.write_text(f"text,label\n{text},{answer}\n")
    return services.import_file(SYSTEM, project, file, {"answer": "label", "answers": "all"})


@pytest.mark.parametrize("door", ["rest", "file"])
def test_a_text_that_waits_takes_its_known_answer(project, tmp_path, door):
    sample = make_sample(project, "Charged twice")
    batch = known(project, tmp_path, door, "Charged twice", "billing")
    golden = GoldenSample.objects.current().get(sample=sample)
    assert (golden.answer, golden.given) == ({"labels": ["billing"]}, "imported")
    if batch:
        assert (batch.imported, batch.golden, batch.duplicates, batch.bad_rows) == (0, 1, 1, 0)


@pytest.mark.parametrize("door", ["rest", "file"])
def test_what_was_decided_is_not_overruled_and_said(project, tmp_path, door):
    sample = make_sample(project, "Charged twice")
    services.decide(acting(make_expert(project)), sample, ["praise"])
    batch = known(project, tmp_path, door, "Charged twice", "billing")
    assert GoldenSample.objects.current().get(sample=sample).answer == {"labels": ["praise"]}
    if batch:
        assert (batch.imported, batch.golden, batch.duplicates, batch.bad_rows) == (0, 0, 0, 1)
        assert "another answer already" in batch.report.read().decode()


def test_equal_texts_with_unequal_answers_are_listed(project, tmp_path):
    file = tmp_path / "long.csv"
    file.write_text("text,label\nWhere is it,billing\nWhere is it,delivery\nWhere is it,billing\n")
    batch = services.import_file(SYSTEM, project, file, {"answer": "label", "answers": "all"})
    assert (batch.imported, batch.golden, batch.duplicates, batch.bad_rows) == (1, 1, 1, 1)
    assert '3,"The answer is not taken.' in batch.report.read().decode()


def test_saving_a_project_without_a_change_makes_no_new_task(client, project):
    services.update_project(SYSTEM, project, instruction="First line.\nSecond line.")
    client.force_login(make_admin())
    url = reverse("admin:labeling_project_change", args=[project.pk])
    initial = client.get(url).context["adminform"].form.initial
    form = {name: "" if value is None else value for name, value in initial.items()}
    form |= {"decoding": '{"temperature": 0, "seed": 7, "num_predict": 256, "num_ctx": 2048}', "schema": ""}
    form |= {"instruction": "First line.\r\nSecond line.", "labels": "billing\r\ndelivery\r\npraise"}
    form |= {"memberships-INITIAL_FORMS": 0, "memberships-TOTAL_FORMS": 0}
    assert client.post(url, form).status_code == 302
    assert TaskSpec.objects.filter(project=project).count() == 2


def test_an_unchanged_free_text_is_a_confirmation(client):
    project = make_project("notes", "text", labels=())
    make_expert(project, "ana")
    sample = make_sample(project)
    prediction = propose(sample, "One line.\nAnd another.")
    client.login(username="ana", password="pass-word-1")
    form = {"action": "save", "sample": sample.uid, "prediction": prediction.uid}
    client.post("/projects/notes/review/", form | {"text": "One line.\r\nAnd another."})
    assert Review.objects.get().action == "confirm"


BAD = {"comment": "a\x00b", "prediction": "abc", "lease": "9999-12-31T23:59:59+23:59", "shown": "1e999"}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_fact_of_the_card_is_said_and_what_was_entered_stays(client, project, name):
    client.force_login(make_expert(project, "ana"))
    sample = make_sample(project)
    form = {"action": "save", "sample": sample.uid, "labels": ["praise"], "comment": "so kind"} | {name: BAD[name]}
    answer = client.post("/projects/shop/review/", form)
    assert answer.status_code == 400
    assert "Not saved:" in answer.text
    assert 'value="praise" checked' in answer.text
    assert name == "comment" or "so kind" in answer.text
    assert not Review.objects.exists()


def test_feedback_is_held_to_the_same_validator(project):
    prediction = predict(project, "Asked")
    with pytest.raises(ProblemError, match="Unknown label"):
        services.give_feedback(acting(make_expert(project)), prediction, answer=["weather"])
