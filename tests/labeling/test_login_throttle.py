"""Guessing is held back by account and by address, known or not; the cache has no say, known browsers count alone."""

import threading
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.db.models import F
from django.test import Client

from labeling import services
from labeling.models import Event, LoginCounter
from labeling.services.logins import Attempt
from labeling.throttling import RULES
from tests.factories import acting, make_admin, make_user
from tests.labeling.test_login import PASSWORD, log_in

pytestmark = pytest.mark.django_db
FREE = RULES["account"].free  # so many are looked at, and the next has to wait


def pass_time(seconds: int) -> None:
    past = timedelta(seconds=seconds)
    LoginCounter.objects.update(changed_at=F("changed_at") - past, blocked_until=F("blocked_until") - past)


def guess(times: int, name: str = "ana", client: Client | None = None, **more) -> list[int]:
    client = client or Client()
    return [log_in(client, name, f"guess-{n}", **more).status_code for n in range(times)]


def test_the_sixth_guess_is_not_looked_at_and_neither_is_the_right_password(client):
    make_user("ana")
    assert guess(FREE + 1) == [200] * FREE + [429]
    answer = log_in(client)
    assert answer.status_code == 429
    assert 1 <= int(answer["Retry-After"]) <= 6
    assert "Too many attempts. Wait" in answer.content.decode()
    assert Event.objects.filter(verb="user.login_refused").count() == FREE
    pass_time(6)
    assert log_in(client).status_code == 302


def test_the_wait_grows(client):
    make_user("ana")
    guess(FREE)
    waits = []
    for _ in range(4):
        waits.append(int(log_in(client)["Retry-After"]))
        pass_time(waits[-1] + 1)
        guess(1)
    assert waits == sorted(waits)
    assert waits[-1] >= 4 * waits[0]


def test_nobody_is_told_apart_by_what_is_held_back():
    make_user("ana")
    known, unknown = Client(), Client()
    assert guess(FREE + 2, "ana", known) == guess(FREE + 2, "nobody", unknown)


def test_spellings_of_one_name_count_as_one():
    make_user("ana")
    for name in ("ana", "Ana", "ANA", " ana ", "ａｎａ"):
        guess(1, name)
    assert guess(1) == [429]


def test_many_names_from_one_address_are_held_back_and_another_address_is_not():
    make_user("ana")
    for n in range(RULES["address"].free):
        Attempt(f"name-{n}", "192.0.2.1", None)
    assert log_in(Client(REMOTE_ADDR="192.0.2.1")).status_code == 429
    assert log_in(Client(REMOTE_ADDR="192.0.2.2")).status_code == 302


def test_what_a_stranger_writes_into_the_header_counts_for_nothing():
    make_user("ana")
    client = Client()
    codes = [
        log_in(client, "ana", "wrong", headers={"X-Forwarded-For": f"192.0.2.{n}"}).status_code for n in range(FREE + 1)
    ]
    assert codes[-1] == 429
    assert set(Event.objects.filter(verb="user.login_refused").values_list("after__address", flat=True)) == {
        "127.0.0.1"
    }


def test_a_right_password_forgives_the_account_and_not_the_address():
    make_user("ana")
    guess(FREE - 1)
    assert log_in(Client()).status_code == 302
    assert not LoginCounter.objects.filter(kind="account").exists()
    assert LoginCounter.objects.get(kind="address").level == pytest.approx(FREE - 1, abs=0.3)


def test_strangers_who_guess_do_not_lock_a_known_browser_out():
    make_user("ana")
    own = Client()
    log_in(own)
    own.post("/logout/")
    guess(FREE + 3)
    assert log_in(Client()).status_code == 429
    assert log_in(own).status_code == 302


def test_a_known_browser_guesses_no_better_and_is_known_for_its_own_name_only():
    make_user("ana")
    make_user("ben")
    own = Client()
    log_in(own)
    own.post("/logout/")
    assert guess(FREE + 1, "ana", own)[-1] == 429
    assert guess(FREE + 1, "ben", own)[-1] == 429
    own.cookies["known_browser"] = "forged"
    assert log_in(own).status_code == 302


def test_who_sets_a_new_password_by_a_link_is_not_held_back_by_those_who_guessed():
    ana = make_user("ana")
    guess(FREE + 1)
    assert log_in(Client()).status_code == 429
    own = Client()
    page = own.get(services.make_link(acting(make_admin()), ana), follow=True)
    own.post(page.redirect_chain[-1][0], {"password1": "a-new-pass-word", "password2": "a-new-pass-word"})
    assert log_in(own, password="a-new-pass-word").status_code == 302


def test_losing_the_cache_opens_nothing():
    make_user("ana")
    guess(FREE)
    cache.clear()
    assert guess(1) == [429]


def test_a_cache_that_is_gone_locks_nobody_out(settings, client):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    make_user("ana")
    assert log_in(client).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_a_hundred_at_once_get_no_more_guesses_than_one_after_the_other():
    let_in, held = [], []

    def one() -> None:
        try:
            let_in.append(Attempt("ana", "192.0.2.1", None))
        except services.HeldBackError as error:
            held.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(let_in) + len(held) == 100
    assert len(let_in) <= FREE + 3  # a second or two may pass meanwhile


def test_old_counters_are_forgotten():
    guess(1, "nobody")
    assert services.forget_old_counters() == 0
    pass_time(25 * 3600)
    assert services.forget_old_counters() == 2


def test_the_current_password_is_not_guessed_at_an_open_browser(client):
    make_user("ana")
    log_in(client)
    form = {"password1": "a-new-pass-word", "password2": "a-new-pass-word"}
    for n in range(FREE):
        assert "not your current" in client.post("/account/password/", {"oldpassword": f"no-{n}", **form}).text
    answer = client.post("/account/password/", {"oldpassword": PASSWORD, **form})
    assert "Too many attempts" in answer.text
