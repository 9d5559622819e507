"""Exports through the pages and the API."""

import pytest
from django.urls import reverse

from labeling import services
from labeling.models import Export
from tests.factories import SYSTEM, make_expert, make_manager, make_operator, make_project, make_sample

pytestmark = pytest.mark.django_db
PAGE = "/projects/shop/exports/"
API = "/api/v1/projects/shop/exports"


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def project():
    project = make_project("shop")
    make_sample(project, "one")
    return project


@pytest.fixture
def token(client, project):
    _, secret = services.create_token(SYSTEM, make_manager(project, "mia"), "bot", [project], ["operate"])
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    return client


def test_an_operator_asks_watches_and_downloads(client, project):
    client.force_login(make_operator(project))
    page = client.get(PAGE).text
    assert "Nothing was exported yet" in page
    assert "A table for spreadsheets." in page
    answer = client.post(PAGE, {"format": "csv", "state": "pending"})
    export = Export.objects.get()
    assert answer["Location"] == reverse("labeling:export", args=["shop", export.uid])
    assert "every 1s" in client.get(answer["Location"]).text
    assert (
        client.get(f"{answer['Location']}file/", follow=True).text.count("This export has no file: it is queued.") == 1
    )
    services.run_export(export.pk)
    page = client.get(answer["Location"]).text
    assert "every 1s" not in page
    assert "state: pending" in page
    file = client.get(f"{answer['Location']}file/")
    assert b"".join(file.streaming_content).decode() == "id,text,answer,split,state\r\n,one,,train,pending\r\n"
    assert ".csv" in file["Content-Disposition"]


def test_a_wrong_choice_is_said_and_nothing_is_queued(client, project):
    client.force_login(make_manager(project))
    answer = client.post(PAGE, {"format": "csv", "reviewer": "nobody"})
    assert (answer.status_code, "There is nobody called" in answer.text) == (400, True)
    assert client.post(PAGE, {"format": "xml"}).status_code == 400
    assert not Export.objects.exists()


def test_an_operator_is_not_offered_what_takes_a_manager(client, project):
    client.force_login(make_operator(project))
    page = client.get(PAGE).text
    assert 'name="test_answers"' not in page
    assert 'value="withdrawn"' not in page
    client.post(PAGE, {"format": "csv", "test_answers": "on"})
    assert not Export.objects.get().test_answers
    export = services.start_export(SYSTEM, project, "csv", test_answers=True)
    services.run_export(export.pk)
    assert client.get(f"{PAGE}{export.uid}/file/").status_code == 403
    assert "takes the right to manage" in client.get(f"{PAGE}{export.uid}/").text


def test_older_exports_are_on_further_pages(client, project):
    client.force_login(make_operator(project))
    exports = [services.start_export(SYSTEM, project, "csv") for _ in range(21)]
    assert str(exports[0].uid) not in client.get(PAGE).text
    assert str(exports[0].uid) in client.get(f"{PAGE}?page=2").text


def test_experts_have_no_door_to_it(client, project):
    client.force_login(make_expert(project))
    assert client.get(PAGE).status_code == 403
    assert PAGE not in client.get("/projects/shop/samples/").text


def test_a_program_asks_polls_and_takes_the_file(token):
    answer = token.post(API, {"format": "jsonl", "split": "train"}, content_type="application/json")
    assert answer.status_code == 202
    body = answer.json()
    assert (body["state"], body["filters"], body["has_file"]) == ("queued", {"split": "train"}, False)
    assert token.get(f"{API}/{body['uid']}/file").status_code == 409
    services.run_export(Export.objects.get().pk)
    body = token.get(f"{API}/{body['uid']}").json()
    assert (body["state"], body["rows"], body["done"], body["total"]) == ("succeeded", 1, 1, 1)
    content = b"".join(token.get(f"{API}/{body['uid']}/file", HTTP_ACCEPT="application/jsonl").streaming_content)
    assert b'"text": "one"' in content
    assert token.post(f"{API}/{body['uid']}/cancel").status_code == 409
    assert len(token.get(API).json()["results"]) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"format": "xml"}, "format"),
        ({"format": "csv", "colour": 1}, "colour"),
        ({"format": "csv", "since": "x"}, "since"),
    ],
)
def test_a_wrong_request_is_named(token, body, field):
    answer = token.post(API, body, content_type="application/json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


def test_a_token_without_the_right_to_manage_takes_no_test_answers(token):
    answer = token.post(API, {"format": "jsonl", "test_answers": True}, content_type="application/json")
    assert answer.status_code == 403
