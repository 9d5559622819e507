"""The REST of this floor: answers, problems, scopes."""

import pytest
from rest_framework.test import APIClient

from labeling.models import GoldenSample, Prediction, Sample
from labeling.services import create_token, decide
from tests.deployment.moves import promote
from tests.deployment.standins import make_staged
from tests.factories import SYSTEM, acting, make_admin, make_expert, make_operator, make_project, make_sample

pytestmark = pytest.mark.django_db
API = "/api/v1/projects/shop"


def client_of(user) -> APIClient:
    client = APIClient()
    client.force_login(user)
    return client


def token_client(owner, project, *scopes) -> APIClient:
    _, secret = create_token(SYSTEM, owner, "test", [project], list(scopes))
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


def test_predict_answers_with_everything(shop):
    promote(make_admin(), make_staged(shop, 1))
    client = token_client(make_operator(shop), shop, "predict")
    response = client.post(f"{API}/predict", {"text": "Where is it?"}, format="json")
    body = response.json()
    assert response.status_code == 200
    told = {"confidence", "share", "label_chances", "sample", "external_id"}
    assert set(body) == {"uid", "model", "answer", "status", "reason", "raw", "latency_ms"} | told
    assert body["model"] == "shop:v1"
    assert Prediction.objects.get(uid=body["uid"]).answer == body["answer"]


@pytest.mark.django_db(transaction=True)
def test_predict_says_what_is_wrong(shop, standin):
    client = client_of(make_operator(shop))
    assert client.post(f"{API}/predict", {}, format="json").json()["errors"] == {"text": ["This field is required."]}
    response = client.post(f"{API}/predict", {"text": "Hello"}, format="json")
    assert (response.status_code, response.headers["Content-Type"]) == (409, "application/problem+json")
    promote(make_admin(), make_staged(shop, 1))
    standin.die()
    response = client.post(f"{API}/predict", {"text": "Hello"}, format="json")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
    assert "No model server answers" in response.json()["detail"]
    response = client.post(f"{API}/batch_predict", {"texts": ["a", "b"]}, format="json")
    assert response.status_code == 503


@pytest.mark.django_db(transaction=True)
def test_a_batch_keeps_its_order_and_its_failures_apart(shop):
    promote(make_admin(), make_staged(shop, 1))
    client = client_of(make_operator(shop))
    texts = ["One", "word " * 3000, "Three"]
    results = client.post(f"{API}/batch_predict", {"texts": texts}, format="json").json()["results"]
    assert [row["status_code"] for row in results] == [200, 400, 200]
    assert results[1]["answer"] is None
    assert "The text is too long for shop:v1" in results[1]["error"]
    assert client.post(f"{API}/batch_predict", {"texts": ["x"] * 101}, format="json").status_code == 400
    together = client.post(f"{API}/batch_predict", {"texts": ["x" * 20_000] * 11}, format="json")
    assert "send at most 200000 at once" in str(together.json()["errors"])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verb", ["predict", "batch_predict"])
def test_a_person_who_asks_takes_a_waiting_test_text_out_of_the_cases(shop, verb):
    """They have seen an answer, and may be the one who reviews the text; a program has not."""
    promote(make_admin(), make_staged(shop, 1))
    shop.keep_api_texts = False
    shop.save()
    ana, text = make_expert(shop), "Where is it?"
    sample = make_sample(shop, text, split="test")
    body = {"text": text} if verb == "predict" else {"texts": [text]}
    answers = [client.post(f"{API}/{verb}", body, format="json").json()
               for client in (token_client(ana, shop, "predict"), client_of(ana))]  # fmt: skip
    by_program, by_person = (body if verb == "predict" else body["results"][0] for body in answers)
    assert Prediction.objects.get(uid=by_program["uid"]).source == "api"
    assert Prediction.objects.get(uid=by_person["uid"]).source == "analyze"
    assert Prediction.objects.get(uid=by_person["uid"]).sample == sample
    shown = client_of(ana).get(f"{API}/predictions/{by_person['uid']}")
    assert shown.json()["answer"] == by_person["answer"], "who was given an answer may read it again"
    decide(acting(ana), sample, ["billing"])
    assert not GoldenSample.objects.judging().exists()
    assert GoldenSample.objects.of_test().exists()


def test_what_a_person_asks_about_opens_no_test_group(shop):
    promote(make_admin(), make_staged(shop, 1))
    client, texts = client_of(make_expert(shop)), [f"Parcel number {n} of {n * 7} is late" for n in range(20)]
    for text in texts:
        client.post(f"{API}/predict", {"text": text}, format="json")
    assert set(Sample.objects.values_list("way_in", flat=True)) == {"analyze"}
    assert not Sample.objects.filter(split="test").exists()


def test_promote_rollback_and_history(shop):
    make_staged(shop, 1)
    make_staged(shop, 2, "refused")
    client = token_client(make_operator(shop, "olga"), shop, "operate", "read")
    response = client.post(f"{API}/promote", {"version": 1}, format="json")
    assert (response.status_code, response.json()["model"], response.json()["actor"]) == (201, "shop:v1", "olga")
    assert client.post(f"{API}/promote", {"version": 2}, format="json").status_code == 400
    assert client.post(f"{API}/promote", {"version": 2, "reason": "a test"}, format="json").status_code == 201
    assert client.post(f"{API}/promote", {"version": 2, "reason": "again"}, format="json").status_code == 409
    assert client.post(f"{API}/promote", {"version": 7}, format="json").status_code == 404
    assert client.post(f"{API}/rollback", {}, format="json").status_code == 400
    back = client.post(f"{API}/rollback", {"reason": "worse"}, format="json").json()
    assert (back["action"], back["version"], back["previous"]) == ("rollback", 1, 2)
    rows = client.get(f"{API}/deployments").json()["results"]
    assert [row["state"] for row in rows] == ["live", "replaced", "replaced"]


def test_the_state_of_a_version(shop):
    make_staged(shop, 1)
    body = client_of(make_expert(shop)).get(f"{API}/versions/1").json()
    assert (body["model"], body["version"], body["state"]) == ("shop:v1", 1, "built")
    assert [(row["server"], row["state"], row["verdict"]) for row in body["staged"]] == [
        ("standin", "staged", "passed")
    ]


def test_reload_loads_what_is_live(shop):
    promote(make_admin(), make_staged(shop, 1))
    client = token_client(make_operator(shop), shop, "operate")
    body = client.post(f"{API}/reload").json()
    assert body == {"live": 1, "newest": 1, "loaded_on": ["standin"], "loading_on": []}


@pytest.mark.parametrize(
    ("scope", "verb", "allowed"),
    [
        ("predict", "promote", False),
        ("read", "rollback", False),
        ("predict", "reload", False),
        ("read", "predict", False),
        ("predict", "predict", True),
    ],
)
def test_a_token_does_only_what_its_scope_says(shop, scope, verb, allowed):
    promote(make_admin(), make_staged(shop, 1))
    client = token_client(make_admin(), shop, scope)
    bodies = {"promote": {"version": 1}, "rollback": {"reason": "x"}, "predict": {"text": "x"}}
    answer = client.post(f"{API}/{verb}", bodies.get(verb), format="json")
    assert (answer.status_code != 403) is allowed


def test_an_expert_may_ask_but_not_promote(shop):
    promote(make_admin(), make_staged(shop, 1))
    make_staged(shop, 2)
    client = client_of(make_expert(shop))
    assert client.post(f"{API}/predict", {"text": "Hi"}, format="json").status_code == 200
    assert client.post(f"{API}/promote", {"version": 2}, format="json").status_code == 403


def test_an_operator_of_another_project_sees_nothing(shop):
    make_staged(shop, 1)
    client = client_of(make_operator(make_project("other")))
    for verb in ("predict", "promote", "rollback", "reload", "batch_predict"):
        assert client.post(f"{API}/{verb}", {}, format="json").status_code == 404
    for path in ("deployments", "versions/1"):
        assert client.get(f"{API}/{path}").status_code == 404


def test_without_login_nothing_is_told(shop):
    assert APIClient().post(f"{API}/predict", {"text": "Hi"}, format="json").status_code == 401


def test_what_is_said_of_a_text_stays_with_prediction_and_sample(shop):
    deployment = promote(make_admin(), make_staged(shop, 1))
    client = token_client(make_operator(shop), shop, "predict", "read")
    assert client.get(f"{API}/live").json()["uid"] == str(deployment.uid)
    assert client.get(f"{API}/deployments/{deployment.uid}").json()["version"] == 1
    assert len(client.get(f"{API}/deployments?state=live&version=1").json()["results"]) == 1
    said = {"external_id": "ticket-1", "tags": ["mail"], "metadata": {"vip": True}}
    body = client.post(f"{API}/predict", {"text": "Where is it?", **said}, format="json").json()
    (found,) = client.get(f"{API}/predictions?external_id=ticket-1&tag=mail").json()["results"]
    assert (found["uid"], found["metadata"], found["sample"]) == (body["uid"], {"vip": True}, body["sample"])
    sample = client.get(f"{API}/samples/{body['sample']}").json()
    assert {name: sample[name] for name in said} == said
    assert client.post(f"{API}/predict", {"text": "x", "tags": ["y"] * 21}, format="json").status_code == 400


def test_a_token_that_may_review_asks_as_on_the_analyze_page(shop):
    promote(make_admin(), make_staged(shop, 1))
    owner = make_admin("root")
    for scopes, source in ((["predict"], "api"), (["predict", "review"], "analyze")):
        uid = token_client(owner, shop, *scopes).post(f"{API}/predict", {"text": "A"}, format="json").json()["uid"]
        assert Prediction.objects.get(uid=uid).source == source


def test_nothing_is_live_before_the_first_promotion(shop):
    answer = token_client(make_operator(shop), shop, "read").get(f"{API}/live")
    assert (answer.status_code, "Nothing is live" in answer.json()["detail"]) == (404, True)
