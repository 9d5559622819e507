"""Logging in and out: what it tells, whom it lets in, where it leads, and what is written of it."""

import logging

import pytest
from django.test import Client

from labeling.login.hashing import BoundedHasher
from labeling.models import Event
from tests.factories import make_admin, make_expert, make_project, make_user

pytestmark = pytest.mark.django_db
PASSWORD = "pass-word-1"


def log_in(client: Client, name: str = "ana", password: str = PASSWORD, **more):
    form = {"login": name, "password": password, **more.pop("form", {})}
    return client.post("/login/", form, **more)


def told(verb: str) -> Event:
    return Event.objects.get(verb=verb)


def test_a_log_in_and_a_log_out_are_told(client, caplog):
    caplog.set_level(logging.INFO, "labeling.services")
    ana = make_user("ana")
    answer = log_in(client)
    assert (answer.status_code, answer.url) == (302, "/")
    event = told("user.logged_in")
    assert (event.actor_name, event.subject_uid, event.after["address"]) == ("ana", ana.uid, "127.0.0.1")
    client.post("/logout/")
    assert told("user.logged_out").after == {"session": event.after["session"]}
    assert "log-in: user=ana address=127.0.0.1" in caplog.text
    assert "log-out: user=ana" in caplog.text
    assert client.get("/").status_code == 302


def test_a_refused_log_in_is_told_and_its_password_is_not(client, caplog):
    ana = make_user("ana")
    log_in(client, password="wrong-secret")
    event = told("user.login_refused")
    assert (event.actor_kind, event.actor_name, event.subject_uid) == ("system", "log-in", ana.uid)
    assert event.after == {"address": "127.0.0.1", "failures": 1}
    assert "log-in refused: account=ana address=127.0.0.1" in caplog.text
    assert "wrong-secret" not in caplog.text


def test_a_name_that_nobody_has_is_kept_nowhere(client, caplog):
    """It may be a password, typed into the wrong field."""
    log_in(client, name="hunter2-hunter2")
    assert told("user.login_refused").subject_type == "login_counter"
    assert "account=unknown" in caplog.text
    assert "hunter2" not in caplog.text
    assert "hunter2" not in str(list(Event.objects.values()))


def test_no_answer_tells_whether_an_account_exists(client):
    make_user("ana")
    make_user("gone", is_active=False)
    tried = [("ana", "wrong"), ("nobody", "wrong"), ("gone", "wrong"), ("gone", PASSWORD)]
    answers = [log_in(Client(), name, password) for name, password in tried]
    assert {answer.status_code for answer in answers} == {200}
    bodies = {
        answer.content.decode().replace(name, "NAME").replace(_token(answer), "")
        for (name, _), answer in zip(tried, answers, strict=True)
    }
    assert len(bodies) == 1
    assert "do not belong together" in bodies.pop()


def test_every_refusal_hashes_once_whoever_is_named(monkeypatch):
    """Hashing is what takes the time; one hash less would tell."""
    make_user("ana")
    make_user("gone", is_active=False)
    without = make_user("without")
    without.set_unusable_password()
    without.save()
    hashed = []
    encode = BoundedHasher.encode
    monkeypatch.setattr(BoundedHasher, "encode", lambda *words: hashed.append(1) or encode(*words))
    for name, password in (("ana", "no"), ("nobody", "no"), ("gone", PASSWORD), ("gone", "no"), ("without", "no")):
        hashed.clear()
        assert log_in(Client(), name, password).status_code == 200
        assert hashed == [1], name


def _token(answer) -> str:
    return str(answer.context["csrf_token"])


@pytest.mark.parametrize("door", ["/login/?next={}", "/admin/login/?next={}"])
@pytest.mark.parametrize(
    ("asked", "led"),
    [
        ("/projects/shop/", "/projects/shop/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_it_leads_where_was_asked_for_on_this_site_alone(client, door, asked, led):
    make_admin("ana")
    page = client.get(door.format(asked), follow=True)
    answer = log_in(client, form={"next": page.context["redirect_field_value"] or ""})
    assert answer.url == ("/admin/" if led == "/" and "admin" in door else led)


def test_who_is_logged_in_is_led_on(client):
    make_user("ana")
    log_in(client)
    assert client.get("/login/?next=/account/").url == "/account/"
    assert client.get("/login/?next=//evil.example").url == "/"


def test_a_post_without_its_token_is_refused():
    make_user("ana")
    strict = Client(enforce_csrf_checks=True)
    assert log_in(strict).status_code == 403
    strict.get("/login/")
    token = strict.cookies["csrftoken"].value
    assert log_in(strict, form={"csrfmiddlewaretoken": token}).status_code == 302


def test_the_admin_has_the_same_log_in(client):
    make_admin("ada")
    assert client.post("/admin/login/", {"username": "ada", "password": PASSWORD}).url.startswith("/login/?next=")
    page = client.get("/admin/", follow=True)
    assert page.redirect_chain[-1][0] == "/login/?next=/admin/"
    assert log_in(client, "ada", form={"next": "/admin/"}).url == "/admin/"
    assert client.get("/admin/").status_code == 200
    assert client.get("/admin/login/").url == "/admin/"


def test_who_is_not_staff_is_told_so_at_the_admins_door(client):
    make_expert(make_project("shop"), "ana")
    log_in(client)
    answer = client.get("/admin/", follow=True)
    assert answer.status_code == 403
    assert "The admin is for staff, and ana is not" in answer.content.decode()


def test_an_empty_database_says_how_to_begin(client):
    assert "createsuperuser" in client.get("/login/").content.decode()
    make_user("ana")
    assert "createsuperuser" not in client.get("/login/").content.decode()


@pytest.mark.parametrize("name", ["a\x00b", "x" * 100_000, "", "\N{GRINNING FACE}", "a' OR 1=1 --"])
def test_any_name_is_answered(client, name):
    assert log_in(client, name).status_code == 200


def test_half_a_surrogate_is_answered(client):
    body = "login=%ED%A0%80&password=x"
    assert client.post("/login/", body, "application/x-www-form-urlencoded").status_code == 200


def test_nobody_signs_up(client):
    assert client.get("/signup/").status_code == 404
    assert client.get("/account/signup/").status_code == 404
