"""Imports through the API: the body is the file."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from labeling import services
from labeling.models import GoldenSample, ImportBatch, Sample
from tests.factories import SYSTEM, make_expert, make_manager, make_project

pytestmark = pytest.mark.django_db
API = "/api/v1/projects/shop/imports"
ROWS = '{"text": "one", "label": "billing"}\n{"text": "two", "label": "weather"}\n'


@pytest.fixture(autouse=True)
def media(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture
def token(client, project):
    _, secret = services.create_token(SYSTEM, make_manager(project, "mia"), "bot", [project], ["import"])
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    return client


def send(client, body: str, query: str = "", **headers):
    return client.post(f"{API}?{query}", body, content_type="application/x-ndjson", **headers)


def test_a_program_sends_a_file_polls_and_takes_the_report(token):
    answer = send(token, ROWS)
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    services.run_import(ImportBatch.objects.get().pk)
    url = f"{API}/{answer.json()['uid']}"
    assert (token.get(url).json()["imported"], token.get(url).json()["has_report"]) == (2, False)
    assert token.get(f"{url}/report").status_code == 409
    assert token.post(f"{url}/cancel").status_code == 409
    assert len(token.get(API).json()["results"]) == 1


def test_known_answers_take_the_right_to_review(client, project, token):
    query = "labels_column=label&answers=all"
    assert send(token, ROWS, query).status_code == 403, "a token that may import alone approves nothing"
    del client.defaults["HTTP_AUTHORIZATION"]
    client.force_login(make_manager(project))
    answer = send(client, ROWS, query)
    services.run_import(ImportBatch.objects.get().pk)
    report = client.get(f"{API}/{answer.json()['uid']}/report")
    assert b"weather" in b"".join(report.streaming_content)
    assert (Sample.objects.count(), GoldenSample.objects.count()) == (1, 1)


def test_one_key_sends_one_file(token):
    key = {"HTTP_IDEMPOTENCY_KEY": "k1"}
    first, second = send(token, ROWS, **key), send(token, ROWS, **key)
    assert first.json()["uid"] == second.json()["uid"]
    assert send(token, ROWS + ROWS, **key).status_code == 422
    assert send(token, ROWS, "format=jsonl", **key).status_code == 422
    assert ImportBatch.objects.count() == 1


@pytest.mark.parametrize("type", ["application/x-www-form-urlencoded", "application/json", "text/csv", "nonsense"])
def test_whatever_type_a_body_says_it_has_it_is_the_file(token, type):
    answer = token.post(API, ROWS, content_type=type)
    assert answer.status_code == 202, answer.text
    services.run_import(ImportBatch.objects.get().pk)
    assert Sample.objects.count() == 2


def test_a_file_of_the_server_is_imported_by_its_path(token, settings, tmp_path):
    assert "IMPORT_FOLDER is not set" in token.post(f"{API}?path=a.csv").json()["detail"]
    folder = tmp_path / "drop"
    (folder / "mails").mkdir(parents=True)
    (folder / "mails" / "a.csv").write_text("text\none\n")
    (tmp_path / "secret.csv").write_text("text\nsecret\n")
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    settings.IMPORT_FOLDER = str(folder)
    for path in ("../secret.csv", "link.csv", "mails", "none.csv", f"{tmp_path}/secret.csv", "a%00b"):
        answer = token.post(f"{API}?path={path}")
        assert (answer.status_code, ImportBatch.objects.count()) == (400, 0), path
    assert send(token, ROWS, "path=mails/a.csv").status_code == 400, "one of both"
    answer = token.post(f"{API}?path=mails/a.csv")
    assert (answer.status_code, answer.json()["name"]) == (202, "a.csv")
    services.run_import(ImportBatch.objects.get().pk)
    assert Sample.objects.get().text == "one"
    settings.UPLOAD_MAX_BYTES = 5
    assert token.post(f"{API}?path=mails/a.csv").status_code == 413


def test_a_form_brings_the_file_with_its_name(token):
    answer = token.post(f"{API}?text_column=body", {"file": SimpleUploadedFile("a.csv", b"body\none\n")})
    assert (answer.status_code, answer.json()["name"]) == (202, "a.csv")
    services.run_import(ImportBatch.objects.get().pk)
    assert Sample.objects.get().text == "one"
    wrong = token.post(API, {"file": SimpleUploadedFile("a.csv", b"x"), "colour": "red"})
    assert (wrong.status_code, list(wrong.json()["errors"])) == (400, ["colour"])


@pytest.mark.parametrize(
    ("body", "query", "status"),
    [("", "", 400), (ROWS, "format=xml", 400), (ROWS, "colour=red", 400), (ROWS, "answers=all", 400), (ROWS, "", 413)],
)
def test_a_wrong_request_is_refused_and_nothing_is_kept(token, settings, body, query, status):
    settings.API_MAX_BODY_BYTES = 10 if status == 413 else 1000
    assert send(token, body, query).status_code == status
    assert not ImportBatch.objects.exists()


def test_experts_send_none(client, project):
    client.force_login(make_expert(project))
    assert send(client, ROWS).status_code == 403
