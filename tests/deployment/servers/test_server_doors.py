"""Every door saves the address of a model server in one's own network, and refuses what is never called."""

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import ImproperlyConfigured

from config.env import Env
from deployment.models import InferenceServer
from tests.factories import make_admin, make_operator, make_project

pytestmark = pytest.mark.django_db
GOOD = ["http://llm:11434", "http://gpu_box:11434", "http://node3:8000", "http://[fd12:3::7]:11434", "http://10.9.8.7"]


def in_admin(client, url):
    fields = {
        "name": "box",
        "kind": "ollama",
        "url": url,
        "threads": 0,
        "slots": 2,
        "answer_seconds": 10,
        "memory_mb": 0,
        "max_loaded": 0,
    }
    return client.post("/admin/deployment/inferenceserver/add/", {**fields, "is_active": "on"})


def by_api(client, **body):
    return client.post("/api/v1/servers", body, content_type="application/json")


@pytest.mark.parametrize("url", GOOD)
def test_the_admin_saves_it(client, url):
    client.force_login(make_admin())
    assert in_admin(client, url).status_code == 302
    assert InferenceServer.objects.get().url == url


@pytest.mark.parametrize("url", GOOD)
def test_the_api_saves_it(client, url):
    client.force_login(make_admin())
    made = by_api(client, name="box", kind="ollama", url=url)
    assert (made.status_code, made.json()["url"], made.json()["slots"]) == (201, url, 4)
    assert InferenceServer.objects.get().url == url


@pytest.mark.parametrize("url", ["http://169.254.169.254", "gopher://llm", "http://ada:pw@llm"])
def test_both_refuse_it_with_the_reason(client, url):
    client.force_login(make_admin())
    page, answer = in_admin(client, url), by_api(client, name="box", kind="ollama", url=url)
    assert (page.status_code, answer.status_code) == (200, 400)
    said = answer.json()["errors"]["url"][0] if "errors" in answer.json() else str(answer.json())
    assert any(words in said for words in ("never called", "begins with http", "environment variable"))
    assert any(words in page.content.decode() for words in ("never called", "begins with http", "environment variable"))
    assert not InferenceServer.objects.exists()


@pytest.mark.parametrize("seconds", [0, 601, -1, "soon"])
def test_how_long_an_answer_may_take_has_a_range(client, seconds):
    client.force_login(make_admin())
    answer = by_api(client, name="box", kind="ollama", url="http://llm:1", answer_seconds=seconds)
    assert (answer.status_code, "answer_seconds" in str(answer.json())) == (400, True)
    assert not InferenceServer.objects.exists()


def test_an_unknown_kind_is_refused(client):
    client.force_login(make_admin())
    answer = by_api(client, name="box", kind="oracle", url="http://llm:1")
    assert (answer.status_code, "oracle" in str(answer.json())) == (400, True)


def test_the_list_of_this_installation_is_said(client, settings):
    settings.MODEL_SERVER_HOSTS = ["llm"]
    client.force_login(make_admin())
    assert b"MODEL_SERVER_HOSTS allows only llm" in in_admin(client, "http://other:1").content
    assert in_admin(client, "http://llm:1").status_code == 302


def test_an_operator_of_a_project_adds_no_server(client):
    client.force_login(make_operator(make_project()))
    assert by_api(client, name="box", kind="ollama", url="http://llm:1").status_code == 403


def test_a_list_that_cannot_be_read_stops_the_start(monkeypatch):
    monkeypatch.setenv("MODEL_SERVER_HOSTS", "llm, *.lab,10.0.0.0/8,192.168.1.7,fd12::/16")
    names = [str(each) for each in Env().hosts("MODEL_SERVER_HOSTS")]
    assert names == ["llm", "*.lab", "10.0.0.0/8", "192.168.1.7/32", "fd12::/16"]
    for wrong in ("10.0.0.1/8", "http://llm", "llm:80", "10.0.0.300", "a b"):
        monkeypatch.setenv("MODEL_SERVER_HOSTS", wrong)
        with pytest.raises(ImproperlyConfigured, match="MODEL_SERVER_HOSTS"):
            Env().hosts("MODEL_SERVER_HOSTS")


@pytest.mark.parametrize(("codename", "may"), [("add_inferenceserver", True), ("change_inferenceserver", False)])
def test_to_add_one_takes_the_same_permission_at_both_doors(client, codename, may):
    """Who may change servers does not add any, by whichever door; and who may add needs nothing else."""
    person = make_operator(make_project())
    person.is_staff = True
    person.save()
    person.user_permissions.add(Permission.objects.get(codename=codename))
    client.force_login(person)
    assert in_admin(client, GOOD[0]).status_code == (302 if may else 403)
    made = by_api(client, name="box2", kind="ollama", url=GOOD[0])
    assert made.status_code == (201 if may else 403), made.content
    assert InferenceServer.objects.count() == (2 if may else 0)
