"""What is read and changed through the API: the ETag says what was read, and nobody's change is lost."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from labeling.answers import parse
from labeling.models import ApiToken, Prediction, Project, Review, Sample, User
from labeling.services import create_token, record_prediction
from tests.factories import SYSTEM, make_admin, make_expert, make_manager, make_project, make_sample
from tests.records import SCHEMA

pytestmark = pytest.mark.django_db
API = "/api/v1/projects/shop"


@pytest.fixture
def project() -> Project:
    return make_project("shop")


@pytest.fixture
def client(project) -> APIClient:
    return logged_in(make_manager(project, "mia"))


def logged_in(user) -> APIClient:
    found = APIClient()
    found.force_login(user)
    return found


def with_token(owner, project, *scopes) -> APIClient:
    _, secret = create_token(SYSTEM, owner, "test", [project], list(scopes))
    found = APIClient()
    found.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return found


def predicted(project, sample) -> Prediction:
    raw = '{"labels": ["praise"]}'
    said = {"raw": raw, "parsed": parse(raw, project.spec.to_spec(), None)}
    return record_prediction(
        SYSTEM, project, spec=project.spec, model_tag="shop:v1", source="api", sample=sample, **said
    )


EDITED = [
    ("", {"name": "Letters"}),
    ("/policies/retrain", {"threshold": 77, "method": "head"}),
    ("/policies/serving", {"watch_minutes": 5}),
    ("/policies/gate", {"minimum": 0.6}),
    ("/policies/budget", {"budget_rounds": 7}),
]


@pytest.mark.parametrize(("path", "change"), EDITED, ids=[path for path, _ in EDITED])
def test_a_change_says_what_it_has_read(client, path, change):
    read = client.get(f"{API}{path}")
    assert client.patch(f"{API}{path}", change, format="json").status_code == 428
    match = {"If-Match": read["ETag"]}
    changed = client.patch(f"{API}{path}", change, format="json", headers=match)
    assert (changed.status_code, changed.json()) == (200, read.json() | change)
    assert changed["ETag"] == client.get(f"{API}{path}")["ETag"] != read["ETag"]
    again = client.patch(f"{API}{path}", change, format="json", headers=match)
    assert (again.status_code, "changed since you read it" in again.json()["detail"]) == (412, True)
    assert client.patch(f"{API}{path}", change, format="json", headers={"If-Match": "*"}).status_code == 200


def test_wrong_values_change_nothing(client):
    anyhow = {"If-Match": "*"}
    for path, change in [
        ("", {"train_share": 5}),
        ("/policies/gate", {"minimum": 2}),
        ("/policies/serving", {"servers": ["nowhere"]}),
        ("/policies/serving", {"keep_days": 5000}),
        ("/policies/retrain", {"method": "nothing"}),
        ("", {"key": "other"}),
    ]:
        answer = client.patch(f"{API}{path}", change, format="json", headers=anyhow)
        assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json"), answer.content
    assert Project.objects.get().shares == (80, 10, 10)


def test_no_draft_proposes_where_there_can_be_none(client, project):
    bills = make_project("bills", kind="record", labels=(), schema=SCHEMA)
    bills.memberships.create(user=project.memberships.get().user, role="manager")
    url = "/api/v1/projects/bills/policies/retrain"
    answer = client.patch(url, {"draft_proposes": True}, format="json", headers={"If-Match": "*"})
    assert (answer.status_code, "There can be no draft" in answer.json()["detail"]) == (400, True)


def test_what_is_said_of_a_sample_is_changed_and_found(client, project):
    texts = [
        {"text": "One", "external_id": "1", "tags": ["mail", " mail "], "metadata": {"vip": True}},
        {"text": "Two"},
    ]
    client.post(f"{API}/samples", {"samples": texts}, format="json")
    (row,) = client.get(f"{API}/samples?tag=mail").json()["results"]
    assert (row["tags"], row["metadata"], row["external_id"]) == (["mail"], {"vip": True}, "1")
    url = f"{API}/samples/{row['uid']}"
    match = {"If-Match": client.get(url)["ETag"]}
    changed = client.patch(url, {"tags": [], "external_id": "9"}, format="json", headers=match).json()
    assert (changed["tags"], changed["external_id"], changed["metadata"]) == ([], "9", {"vip": True})
    assert client.patch(url, {"text": "Other"}, format="json", headers={"If-Match": "*"}).status_code == 400
    huge = {"metadata": {"x": "y" * 10_001}}
    assert client.patch(url, huge, format="json", headers={"If-Match": "*"}).status_code == 400
    found = client.get(f"{API}/samples?q=tWo&order=oldest").json()["results"]
    assert [each["text"] for each in found] == ["Two"]
    newest, oldest = (client.get(f"{API}/samples?order={order}").json()["results"] for order in ("newest", "oldest"))
    assert newest == oldest[::-1] == client.get(f"{API}/samples").json()["results"]


def test_a_task_is_changed_by_a_new_spec(client, project):
    before = project.spec.number
    asked = {
        "instruction": "Which topics?",
        "prompt_template": "{text}\n",
        "labels": [{"name": "billing"}, {"name": "other"}],
    }
    made = client.post(f"{API}/specs", asked, format="json")
    assert (made.status_code, made.json()["number"], made.json()["instruction"]) == (201, before + 1, "Which topics?")
    assert [label["name"] for label in made.json()["labels"]] == ["billing", "other"]
    assert made.json()["prompt_template"] == "{text}\n", "kept as it is, as on the page"
    assert client.get(f"{API}/specs/{before}").json()["number"] == before
    assert [row["number"] for row in client.get(f"{API}/specs").json()["results"]] == [before + 1, before]
    assert client.get(f"{API}/specs?page_size=21").status_code == 400, "each holds up to 5,000 labels"
    assert client.get(f"{API}/specs?order=oldest&page_size=1").json()["results"][0]["number"] == before


def test_a_project_is_made_archived_and_opened_again(project):
    client = logged_in(make_admin())
    body = {
        "key": "letters",
        "name": "Letters",
        "kind": "multi_label",
        "instruction": "What?",
        "labels": [{"name": "a"}],
    }
    made = client.post("/api/v1/projects", body, format="json")
    assert (made.status_code, made.json()["spec_number"], len(made.json()["labels"])) == (201, 1, 1)
    assert client.post("/api/v1/projects", body, format="json").status_code == 409
    assert client.post("/api/v1/projects/letters/archive").status_code == 204
    assert client.get("/api/v1/projects/letters").status_code == 404
    assert client.post("/api/v1/projects/letters/reopen").status_code == 204
    assert client.post("/api/v1/projects/letters/reopen").status_code == 409
    robot = with_token(make_admin("root"), project, "manage", "read")
    assert robot.post("/api/v1/projects", body, format="json").status_code == 403


def test_members_come_and_go(client, project):
    make_expert(make_project("other"), "eva")
    put = client.put(f"{API}/members/eva", {"role": "expert"}, format="json")
    assert (put.status_code, put.json()["role"]) == (200, "expert")
    assert {row["username"] for row in client.get(f"{API}/members").json()["results"]} == {"mia", "eva"}
    day = str(timezone.localdate() + timedelta(days=9))
    for said in ({"role": "expert", "ends_on": day}, {"role": "operator"}):
        assert client.put(f"{API}/members/eva", said, format="json").json()["ends_on"] == day
    said = {"role": "operator", "ends_on": None}
    assert client.put(f"{API}/members/eva", said, format="json").json()["ends_on"] is None
    assert client.delete(f"{API}/members/eva").status_code == 204
    assert client.delete(f"{API}/members/mia").status_code == 409
    assert client.put(f"{API}/members/nobody", {"role": "expert"}, format="json").status_code == 400


def test_a_person_makes_and_revokes_tokens_and_a_token_does_not(client, project):
    body = {"name": "robot", "projects": ["shop"], "scopes": ["predict", "read"]}
    key = {"Idempotency-Key": "once"}
    made = client.post("/api/v1/tokens", body, format="json", headers=key).json()
    robot = APIClient()
    robot.credentials(HTTP_AUTHORIZATION=f"Bearer {made['secret']}")
    assert robot.get(API).status_code == 200
    assert client.post("/api/v1/tokens", body, format="json", headers=key).json() == made | {"secret": ""}
    assert robot.post("/api/v1/tokens", body, format="json").status_code == 403
    assert robot.get("/api/v1/tokens").status_code == 403
    assert client.get("/api/v1/tokens").json()["results"][0].get("secret") is None
    assert client.delete(f"/api/v1/tokens/{made['uid']}").status_code == 204
    assert robot.get(API).status_code == 401
    assert client.post("/api/v1/tokens", body | {"projects": ["other"]}, format="json").status_code == 404
    expert = logged_in(make_expert(project, "ana"))
    assert expert.post("/api/v1/tokens", body, format="json").status_code == 403, "managers make them, as on the page"
    over = body | {"expires_at": "2020-01-01T00:00:00Z"}
    assert "is over" in client.post("/api/v1/tokens", over, format="json").json()["detail"]
    assert ApiToken.objects.count() == 1


def test_decisions_are_made_and_listed_with_what_came_of_them(project):
    sample = make_sample(project, "I paid twice", split="train")
    robot = with_token(make_manager(project, "mia"), project, "review", "read")
    url = f"{API}/samples/{sample.uid}/review"
    assert robot.post(url, {"action": "correct"}, format="json").status_code == 400
    done = robot.post(url, {"action": "correct", "answer": {"labels": ["billing"]}}, format="json")
    assert (done.status_code, done.json()["reviewer"], done.json()["action"]) == (201, "mia", "correct")
    assert robot.post(url, {"action": "reject"}, format="json").status_code == 409
    (golden,) = robot.get(f"{API}/golden-samples?given=blind").json()["results"]
    assert (golden["text"], golden["answer"], golden["split"]) == ("I paid twice", {"labels": ["billing"]}, "train")
    assert robot.post(url, {"action": "reopen"}, format="json").json()["action"] == "undo"
    assert robot.get(f"{API}/golden-samples").json()["results"] == []
    assert len(robot.get(f"{API}/reviews?sample={sample.uid}").json()["results"]) == 2
    assert len(robot.get(f"{API}/reviews?reviewer=nobody").json()["results"]) == 0
    assert Review.objects.count() == 2
    test = make_sample(project, "Chosen", split="test")
    url = f"{API}/samples/{test.uid}/review"
    said = {"action": "correct", "answer": {"labels": ["billing"]}}
    for chosen in (said, {"action": "reject"}):
        answer = robot.post(url, chosen, format="json")
        assert (answer.status_code, "nobody chooses those" in answer.json()["detail"]) == (409, True)
    rows = Sample.objects.filter(pk=test.pk)
    rows.update(lease_user=User.objects.get(username="mia"), lease_until=timezone.now())
    assert robot.post(url, said, format="json").status_code == 201
    assert robot.post(url, {"action": "reopen"}, format="json").json()["action"] == "undo"
    assert rows.get().lease_user is None, "others answer it, as on its page"
    reader = with_token(make_manager(project, "max"), project, "import", "read")
    assert reader.post(url, {"action": "reject"}, format="json").status_code == 403


def test_predictions_are_listed_without_those_that_whoever_reviews_may_not_see(project):
    train, test = make_sample(project, "One", split="train"), make_sample(project, "Two", split="test")
    for sample in (train, test):
        predicted(project, sample)
    manager = make_manager(project, "mia")
    program, reviewer = with_token(manager, project, "read"), with_token(manager, project, "read", "review")
    listed = [each.get(f"{API}/predictions").json()["results"] for each in (program, reviewer, logged_in(manager))]
    assert [len(rows) for rows in listed] == [2, 1, 1]
    hidden = Prediction.objects.get(sample=test)
    said = {"prediction": str(hidden.uid), "answer": {"labels": ["billing"]}}
    with_token(manager, project, "feedback").post(f"{API}/feedback", said, format="json")
    listed = [each.get(f"{API}/feedback").json()["results"] for each in (program, reviewer, logged_in(manager))]
    assert [len(rows) for rows in listed] == [1, 0, 0]
    assert program.get(f"{API}/predictions/{hidden.uid}").status_code == 200
    assert reviewer.get(f"{API}/predictions/{hidden.uid}").status_code == 409


def test_feedback_of_whoever_may_review_is_approved_at_once(project):
    sample = make_sample(project, "I paid twice", split="train")
    prediction = predicted(project, sample)
    robot = with_token(make_manager(project, "mia"), project, "feedback", "review")
    body = {"prediction": str(prediction.uid), "answer": {"labels": ["billing"]}}
    assert robot.post(f"{API}/feedback", body, format="json").json()["effect"] == "approved"
    assert Sample.objects.get().state == "golden"
