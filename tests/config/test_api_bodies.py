"""REST bodies: what is nested too deeply, too long or no JSON is a problem with a sentence, whichever the endpoint."""

import pytest
from rest_framework.test import APIClient

from labeling.models import Sample
from tests.factories import make_manager, make_project

pytestmark = pytest.mark.django_db
DOORS = ("samples", "feedback", "predict", "batch_predict", "runs", "versions", "promote", "rollback")


@pytest.fixture
def client():
    found = APIClient(raise_request_exception=False)
    found.force_login(make_manager(make_project("shop")))
    return found


def post(client, door, body, content_type="application/json"):
    return client.post(f"/api/v1/projects/shop/{door}", body, content_type=content_type)


@pytest.mark.parametrize("door", DOORS)
def test_a_deep_body_is_a_problem_with_a_sentence(client, door):
    answer = post(client, door, '{"text": "deep", "answer": ' + "[" * 5_000 + "]" * 5_000 + "}")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert "nested too deeply: at most 64 levels" in answer.json()["detail"]
    assert not Sample.objects.exists()


def test_a_long_body_is_refused_before_it_is_read_whole(client, settings):
    settings.API_MAX_BODY_BYTES = 1_000
    answer = post(client, "samples", '{"text": "' + "x" * 1_000 + '"}')
    assert (answer.status_code, answer["Content-Type"]) == (413, "application/problem+json")
    assert "longer than 1,000 bytes" in answer.json()["detail"]


@pytest.mark.parametrize("body", ["{", "", '{"text": NaN}', b"\xff", '"\\ud800', "9" * 5_000])
def test_what_is_no_json_is_a_problem(client, body):
    assert post(client, "samples", body).status_code == 400


def test_json_in_another_encoding_is_read(client):
    body = '{"text": "Où est-il?"}'.encode("latin-1")
    assert post(client, "samples", body, "application/json; charset=latin-1").status_code == 201
    assert Sample.objects.get().text == "Où est-il?"
