"""REST: projects, samples, predictions, feedback, and who is refused."""

import uuid

import pytest
from rest_framework.test import APIClient

from labeling import services
from labeling.answers import parse
from labeling.models import Feedback, GoldenSample, Sample
from labeling.services import create_token
from tests.factories import SYSTEM, acting, make_expert, make_manager, make_operator, make_project, make_sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("shop")


def client_of(user, *scopes, project=None):
    """A client that is logged in or, with scopes, carries a token."""
    client = APIClient()
    if scopes:
        _, secret = create_token(SYSTEM, user, "test", [project], list(scopes))
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    else:
        client.force_login(user)
    return client


def predict(project, text="Where is it?"):
    raw = '{"labels": ["billing"]}'
    parsed = parse(raw, project.spec.to_spec(), None)
    return services.record_prediction(
        SYSTEM, project, spec=project.spec, model_tag="shop:v1", raw=raw, parsed=parsed, source="api", input=text
    )


def test_a_caller_sees_own_projects_only(project):
    make_project("other")
    answer = client_of(make_expert(project)).get("/api/v1/projects")
    assert [row["key"] for row in answer.json()["results"]] == ["shop"]


def test_a_project_shows_its_labels(project):
    body = client_of(make_expert(project)).get("/api/v1/projects/shop").json()
    assert [label["name"] for label in body["labels"]] == ["billing", "delivery", "praise"]
    assert body["spec_number"] == 1


def test_samples_are_listed_with_their_golden_answer_and_filtered(project):
    ana = make_expert(project)
    services.decide(acting(ana), make_sample(project), ["billing"])
    make_sample(project, external_id="m-2")
    client = client_of(ana, "read", project=project)
    golden = client.get("/api/v1/projects/shop/samples?state=golden").json()["results"]
    assert [row["answer"] for row in golden] == [{"labels": ["billing"]}]
    found = client.get("/api/v1/projects/shop/samples?external_id=m-2").json()["results"]
    assert [row["external_id"] for row in found] == ["m-2"]
    one = client.get(f"/api/v1/projects/shop/samples/{golden[0]['uid']}").json()
    assert one == golden[0]


def test_listing_costs_the_same_number_of_queries_for_many_rows(project, django_assert_max_num_queries):
    for _ in range(20):
        make_sample(project)
    client = client_of(make_expert(project))
    with django_assert_max_num_queries(8):
        client.get("/api/v1/projects/shop/samples")


def test_one_or_many_texts_are_added_once(project):
    client = client_of(make_operator(project), "import", project=project)
    one = client.post("/api/v1/projects/shop/samples", {"text": "Hello"}, format="json")
    assert (one.status_code, one.json()["created"]) == (201, 1)
    texts = [{"text": "hello "}, {"text": "Other", "external_id": "7"}]
    many = client.post("/api/v1/projects/shop/samples", {"samples": texts}, format="json").json()
    assert many["created"] == 1
    assert many["samples"][0]["uid"] == one.json()["samples"][0]["uid"]
    assert Sample.objects.count() == 2


def test_more_than_a_thousand_texts_are_refused_whole(project):
    client = client_of(make_operator(project))
    texts = [{"text": f"text {number}"} for number in range(1001)]
    answer = client.post("/api/v1/projects/shop/samples", {"samples": texts}, format="json")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert not Sample.objects.exists()


def test_a_manager_may_bring_known_answers(project):
    client = client_of(make_manager(project))
    body = {"text": "I paid twice", "answer": {"labels": ["billing"]}}
    answer = client.post("/api/v1/projects/shop/samples", body, format="json").json()
    assert answer["samples"][0]["state"] == "golden"
    assert GoldenSample.objects.get().source == "import"


def test_a_token_may_not_bring_known_answers(project):
    client = client_of(make_manager(project), "import", project=project)
    body = {"text": "I paid twice", "answer": {"labels": ["billing"]}}
    answer = client.post("/api/v1/projects/shop/samples", body, format="json")
    assert answer.status_code == 400
    assert not Sample.objects.exists()


def test_who_may_import_and_not_read_gets_receipts(project):
    """Of a text that is there already the answer tells nothing that takes the right to read."""
    manager = make_manager(project)
    services.decide(acting(manager), make_sample(project, "Known here"), ["billing"])
    texts = {"samples": [{"text": "Known here"}, {"text": "New here", "external_id": "7"}]}
    url, key = "/api/v1/projects/shop/samples", {"Idempotency-Key": "k1"}
    robot = client_of(manager, "import", project=project)
    for _ in range(2):  # and so does what is kept of it
        rows = robot.post(url, texts, format="json", headers=key).json()["samples"]
        assert [set(row) for row in rows] == [{"uid", "external_id", "state"}] * 2
        assert [row["external_id"] for row in rows] == ["", "7"]
    reader = client_of(manager, "import", "read", project=project)
    rows = reader.post(url, texts, format="json").json()["samples"]
    assert rows[0]["answer"] == {"labels": ["billing"]}
    assert rows[1]["text"] == "New here"


@pytest.mark.parametrize(("scopes", "readable"), [(["manage"], False), (["manage", "read"], True)])
def test_withdrawing_answers_with_what_the_caller_may_read(project, scopes, readable):
    manager = make_manager(project)
    sample = make_sample(project, "A private letter")
    services.decide(acting(manager), sample, ["billing"])
    client = client_of(manager, *scopes, project=project)
    for verb, state in (("withdraw", "withdrawn"), ("restore", "golden")):
        url = f"/api/v1/projects/shop/samples/{sample.uid}/{verb}"
        body = client.post(url, {"reason": "asked"}, format="json").json()
        assert (body["uid"], body["state"]) == (str(sample.uid), state)
        assert ("text" in body, "answer" in body) == (readable, readable)


def test_one_wrong_answer_refuses_all_and_says_which(project):
    client = client_of(make_manager(project))
    texts = [{"text": "Fine"}, {"text": "Hail", "answer": {"labels": ["weather"]}}]
    answer = client.post("/api/v1/projects/shop/samples", {"samples": texts}, format="json")
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith("Sample 1: ")
    assert "weather" in answer.json()["detail"]
    assert not Sample.objects.exists()


@pytest.mark.parametrize("body", ["text", [], {"samples": "no"}, {"samples": []}, {"text": ""}, {"text": "\x00"}, [1]])
def test_a_body_that_makes_no_sense_is_a_problem_not_a_crash(project, body):
    answer = client_of(make_operator(project)).post("/api/v1/projects/shop/samples", body, format="json")
    assert answer.status_code == 400


def test_a_prediction_can_be_read(project):
    prediction = predict(project)
    client = client_of(make_expert(project))
    body = client.get(f"/api/v1/projects/shop/predictions/{prediction.uid}").json()
    assert (body["answer"], body["status"], body["model"]) == ({"labels": ["billing"]}, "strict", "shop:v1")
    assert body["sample"] == str(prediction.sample.uid)


def test_feedback_is_kept_and_listed(project):
    prediction = predict(project)
    client = client_of(make_expert(project), "feedback", "read", project=project)
    sent = client.post(
        "/api/v1/projects/shop/feedback",
        {"prediction": str(prediction.uid), "thumb": -1, "comment": "no"},
        format="json",
    )
    assert sent.status_code == 201
    listed = client.get("/api/v1/projects/shop/feedback").json()["results"]
    assert [(row["thumb"], row["comment"], row["prediction"]) for row in listed] == [(-1, "no", str(prediction.uid))]
    assert Feedback.objects.get().token.name == "test"


def test_feedback_that_says_nothing_is_refused(project):
    client = client_of(make_expert(project))
    answer = client.post("/api/v1/projects/shop/feedback", {"prediction": str(predict(project).uid)}, format="json")
    assert answer.status_code == 400


def test_feedback_on_a_prediction_of_another_project_is_not_found(project):
    foreign = predict(make_project())
    client = client_of(make_expert(project))
    answer = client.post("/api/v1/projects/shop/feedback", {"prediction": str(foreign.uid), "thumb": 1}, format="json")
    assert answer.status_code == 404


def test_strangers_find_nothing_and_wrong_rights_are_refused(project):
    sample = make_sample(project)
    stranger = client_of(make_expert(make_project()))
    for path in ("", "samples", f"samples/{sample.uid}", "feedback", f"predictions/{uuid.uuid4()}"):
        assert stranger.get(f"/api/v1/projects/shop/{path}".rstrip("/")).status_code == 404
    expert = client_of(make_expert(project))
    assert expert.post("/api/v1/projects/shop/samples", {"text": "x"}, format="json").status_code == 403
    reader = client_of(make_operator(project), "read", project=project)
    assert reader.post("/api/v1/projects/shop/samples", {"text": "x"}, format="json").status_code == 403
    assert APIClient().get("/api/v1/projects").status_code == 401


def test_a_token_of_one_project_does_not_open_another(project):
    other = make_project("other")
    owner = make_manager(project)
    services.set_role(SYSTEM, other, owner.username, "manager")
    client = client_of(owner, "read", project=project)
    assert client.get("/api/v1/projects/other").status_code == 404
