"""`Idempotency-Key`: a POST that is sent again works once, and gets the first one's answer."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from rest_framework.test import APIClient

from labeling import services
from labeling.models import Feedback, KeptResponse, Sample
from labeling.services import retries
from labeling.services.retries import forget_responses
from tests.factories import SYSTEM, acting, make_expert, make_manager, make_operator, make_project, make_sample
from tests.labeling.test_api import client_of, predict

pytestmark = pytest.mark.django_db
URL = "/api/v1/projects/shop"


@pytest.fixture
def project():
    return make_project("shop")


def post(client, path, body, key="k1"):
    return client.post(f"{URL}/{path}", body, format="json", headers={"Idempotency-Key": key})


def test_the_second_of_two_gets_the_answer_of_the_first(project):
    client = client_of(make_expert(project))
    body = {"prediction": str(predict(project).uid), "thumb": -1}
    first, second = post(client, "feedback", body), post(client, "feedback", body)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert (first.get("Idempotency-Replayed"), second["Idempotency-Replayed"]) == (None, "true")
    assert Feedback.objects.count() == 1
    assert post(client, "feedback", body, "k2").json()["uid"] != first.json()["uid"]


def test_another_request_with_the_key_is_refused(project):
    client = client_of(make_operator(project))
    assert post(client, "samples", {"text": "Hello"}).status_code == 201
    for path, body in (("samples", {"text": "Other"}), ("predict", {"text": "Hello"})):
        answer = post(client, path, body)
        assert (answer.status_code, answer["Content-Type"]) == (422, "application/problem+json")
    assert Sample.objects.count() == 1


def test_keys_of_others_are_other_keys(project):
    client, owner = client_of(make_operator(project)), make_operator(project)
    body = {"text": "Hello"}
    answers = [post(each, "samples", body) for each in (client, client_of(owner))]
    answers += [post(client_of(owner, "import", project=project), "samples", body)]
    assert [answer.json()["created"] for answer in answers] == [1, 0, 0]
    assert KeptResponse.objects.count() == 3


def test_texts_are_not_kept_and_come_back_from_their_rows(project):
    client = client_of(make_operator(project))
    first = post(client, "samples", {"text": "My name is Ana"})
    kept = KeptResponse.objects.get()
    assert "Ana" not in f"{kept.body} {kept.digest}"
    assert post(client, "samples", {"text": "My name is Ana"}).json() == first.json()


def test_what_was_refused_may_be_mended_and_sent_with_the_same_key(project):
    client = client_of(make_operator(project))
    assert post(client, "samples", {"txt": "Hello"}).status_code == 400
    assert not KeptResponse.objects.exists()
    assert post(client, "samples", {"text": "Hello"}).status_code == 201


def test_whoever_lost_the_right_gets_no_answer_again(project):
    user = make_operator(project)
    client = client_of(user)
    assert post(client, "samples", {"text": "Hello"}).status_code == 201
    services.set_role(SYSTEM, project, user.username, "expert")
    assert post(client, "samples", {"text": "Hello"}).status_code == 403


@pytest.mark.parametrize("key", ["", "é", "x" * 256, "a\tb"])
def test_a_key_that_cannot_be_kept_is_refused(project, key):
    client = client_of(make_operator(project))
    answer = client.post(f"{URL}/samples", {"text": "Hello"}, format="json", HTTP_IDEMPOTENCY_KEY=key)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["Idempotency-Key"])


def test_while_the_first_works_the_second_is_told_so(project):
    user = make_manager(project)
    client, sample = client_of(user), make_sample(project)
    path, body = f"samples/{sample.uid}/withdraw", {"reason": "a name"}
    row, _ = retries.claim(retries.caller_of(acting(user)), "k1", retries.digest_of([f"{URL}/{path}", body]))
    answer = post(client, path, body)
    assert (answer.status_code, "has not ended" in answer.json()["detail"]) == (409, True)
    assert int(answer["Retry-After"]) > 0
    retries.give_back(row)
    assert post(client, path, body).status_code == 200
    assert post(client, path, body).json()["state"] == "withdrawn"


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_works():
    project = make_project("shop")
    user = make_operator(project)
    client = client_of(user, "import", project=project)
    answers = []

    def send():
        mine = APIClient()
        mine.credentials(**client._credentials)
        answers.append(post(mine, "samples", {"samples": [{"text": f"Text {n}"} for n in range(50)]}).status_code)
        connection.close()

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) <= {201, 409}
    assert 201 in answers
    assert (Sample.objects.count(), KeptResponse.objects.count()) == (50, 1)


def test_after_a_day_a_key_is_forgotten(project):
    client = client_of(make_operator(project))
    post(client, "samples", {"text": "Hello"})
    assert forget_responses() == 0
    KeptResponse.objects.update(created_at=KeptResponse.objects.get().created_at - timedelta(days=1, seconds=1))
    assert post(client, "samples", {"text": "Other"}).status_code == 201
    KeptResponse.objects.update(created_at=KeptResponse.objects.get().created_at - timedelta(days=1, seconds=1))
    assert forget_responses() == 1
