"""The first administrator by the printed link: once, within an hour, on an empty database alone, and told of."""

import logging
import threading
from datetime import timedelta

import pytest
from django.contrib.auth import get_user
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.db.models import F
from django.test import Client

from labeling import services
from labeling.login.hashing import TURNSTILE
from labeling.models import Event, FirstLink, LoginCounter, User
from labeling.services.first_administrator import LinkEndedError, UsersThereError
from labeling.throttling import RULES
from tests.factories import SYSTEM, acting, make_user

pytestmark = pytest.mark.django_db
PASSWORD = "a-first-pass-word"
PAGE = "/account/first/"


def a_token() -> str:
    return services.make_first_link(SYSTEM).partition("#")[2]


def follow(client: Client, token: str, name: str = "ada", password: str = PASSWORD, again: str = ""):
    form = {"token": token, "username": name, "password1": password, "password2": again or password}
    return client.post(PAGE, form)


def test_whoever_has_the_link_is_the_administrator_and_is_logged_in(client, caplog):
    caplog.set_level(logging.INFO, "labeling.services")
    assert "Touchstone has no users yet" in client.get(PAGE).text
    token = a_token()
    answer = follow(client, token)
    assert (answer.status_code, answer.url) == (302, "/")
    ada = get_user(client)
    assert (ada.get_username(), ada.is_superuser, ada.is_staff) == ("ada", True, True)
    assert ada.check_password(PASSWORD)
    told = Event.objects.get(verb="user.created")
    assert (told.actor_name, told.subject_uid, told.after) == (
        "ada",
        ada.uid,
        {"administrator": True, "how": "first-link"},
    )
    assert Event.objects.filter(verb="user.logged_in").exists()
    assert "first administrator made: user=ada address=127.0.0.1" in caplog.text
    assert token not in caplog.text + str(list(Event.objects.values())) + str(list(FirstLink.objects.values()))
    assert client.get(PAGE).url == "/"


def test_it_works_once_and_never_with_users(client):
    token = a_token()
    follow(client, token)
    for client, do in ((Client(), Client.get), (Client(), lambda other, _: follow(other, token, "eve"))):
        answer = do(client, PAGE)
        assert answer.status_code == 409
        assert "no link makes an administrator" in answer.text
    assert User.objects.count() == 1
    with pytest.raises(UsersThereError):
        services.make_first_link(SYSTEM)


def test_a_newer_link_and_an_hour_end_it_and_only_its_digest_is_kept(client):
    old, new = a_token(), a_token()
    assert len(FirstLink.objects.get().digest) == 64
    answer = follow(client, old)
    assert answer.status_code == 409
    assert "a newer one was printed" in answer.text
    assert 'value="ada"' in answer.text
    FirstLink.objects.update(expires_at=F("expires_at") - timedelta(hours=1))
    assert follow(client, new).status_code == 409
    assert not User.objects.exists()
    told = Event.objects.filter(verb="user.first_link_refused")
    assert [event.after for event in told.order_by("id")] == [
        {"address": "127.0.0.1", "failures": number} for number in (1, 2)
    ]


def test_guesses_are_counted_with_the_log_ins_of_their_address(client):
    token = a_token()
    free = RULES["address"].free
    assert {follow(client, f"guess-{number}").status_code for number in range(free)} == {409}
    answer = follow(client, token)
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) >= 1
    assert client.post("/login/", {"login": "ana", "password": "x"}).status_code == 429
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"password": "8462950173"}, "entirely numeric"),
        ({"password": "password123"}, "too common"),
        ({"name": "anastasia", "password": "anastasia1"}, "too similar"),
        ({"again": "another-word"}, "match"),
        ({"name": "a b"}, "valid username"),
        ({"name": "a\x00b"}, "Null characters"),
    ],
)
def test_weak_passwords_and_impossible_names_are_told_and_use_nothing_up(client, fields, says):
    token = a_token()
    answer = follow(client, token, **fields)
    assert answer.status_code == 400
    assert says in answer.text
    assert token in answer.text
    assert not LoginCounter.objects.exists()
    assert follow(client, token).status_code == 302


def test_where_very_many_log_in_the_link_is_not_used_up(client):
    token = a_token()
    places = [TURNSTILE._places.acquire(blocking=False) for _ in range(4)]
    try:
        answer = follow(client, token)
    finally:
        for _ in places:
            TURNSTILE._places.release()
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert LoginCounter.objects.get().level == 0
    assert follow(client, token).status_code == 302


def test_only_the_host_makes_a_link():
    with pytest.raises(PermissionDenied, match="on the host alone"):
        services.make_first_link(acting(make_user("ana")))


def test_the_command_prints_it_and_refuses_with_users(capsys, settings):
    settings.PUBLIC_URL = "https://label.example.org"
    call_command("first_administrator")
    said = capsys.readouterr()
    assert said.out.startswith("https://label.example.org/account/first/#")
    assert "works once" in said.err
    call_command("first_administrator", url="http://box:8000")
    assert capsys.readouterr().out.startswith("http://box:8000/account/first/#")
    for wrong in ("label.example.org", "http://["):
        with pytest.raises(CommandError, match="no address"):
            call_command("first_administrator", url=wrong)
    assert Event.objects.filter(verb="user.first_link_made").count() == 2
    assert Event.objects.filter(verb="user.first_link_made").last().actor_name == "command first_administrator"
    make_user("ana")
    call_command("first_administrator", if_empty=True)
    assert capsys.readouterr() == ("", "")
    with pytest.raises(CommandError, match="has users already"):
        call_command("first_administrator")


@pytest.mark.django_db(transaction=True)
def test_of_many_who_follow_it_at_once_one_is_made():
    token, together, met = a_token(), threading.Barrier(4), []

    def go(number: int) -> None:
        together.wait()
        try:
            met.append(services.make_first_administrator(token, f"ada{number}", PASSWORD, "127.0.0.1"))
        except (LinkEndedError, UsersThereError) as error:
            met.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=go, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert User.objects.count() == sum(isinstance(each, User) for each in met) == 1
    assert len(met) == 4
