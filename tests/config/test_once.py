"""A form that starts work, sent twice, works once; the second click leads to what the first one made."""

import re
import threading
import time

import pytest
from django.db import connection
from django.test import Client

from config import once
from labeling.models import KeptResponse
from labeling.services import retries
from tests.factories import acting, make_operator, make_project
from tests.training.helpers import make_golden, make_policy
from training.models import TrainingRun

PAGE = "/projects/shop/runs/"


@pytest.fixture
def olaf(db, sent):
    shop = make_project("shop")
    make_golden(shop, 2)
    make_policy(shop)
    return make_operator(shop, "olaf")


@pytest.fixture
def client(client, olaf):
    client.force_login(olaf)
    return client


def fields(client):
    """What the form of the page sends, as it stands."""
    html = client.get(PAGE).content.decode()
    (form,) = re.findall(r"<form[^>]*/runs/start/.*?</form>", html, re.S)
    policy = make_policy_ids()
    return {"once": re.search(r'name="once" value="([^"]+)"', form).group(1), **policy}


def make_policy_ids():
    from training.models import RetrainPolicy

    policy = RetrainPolicy.objects.get()
    return {"profile": policy.profile_id, "base": policy.base_id}


def test_the_second_click_leads_to_the_run_of_the_first(client):
    form = fields(client)
    first, second = (client.post(f"{PAGE}start/", form) for _ in range(2))
    assert first.status_code == second.status_code == 302
    assert first["Location"] == second["Location"]
    assert TrainingRun.objects.count() == 1
    assert "This was sent already" in client.get(second["Location"]).content.decode()


def test_the_same_run_from_a_new_page_is_asked_about_first(client):
    client.post(f"{PAGE}start/", fields(client))
    asked = client.post(f"{PAGE}start/", fields(client))
    html = asked.content.decode()
    assert (asked.status_code, TrainingRun.objects.count()) == (409, 1)
    assert "is queued on this very snapshot, with the same options and seed" in html
    assert 'type="checkbox" name="again"' in html
    again = {**fields(client), "again": "on"}
    assert client.post(f"{PAGE}start/", again).status_code == 302
    assert TrainingRun.objects.count() == 2


def test_a_run_that_was_cancelled_may_be_started_again(client):
    client.post(f"{PAGE}start/", fields(client))
    TrainingRun.objects.update(state="cancelled")
    assert client.post(f"{PAGE}start/", fields(client)).status_code == 302
    assert TrainingRun.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_clicks_at_once_start_one_run(client, olaf):
    form, led = fields(client), []

    def click():
        mine = Client()
        mine.cookies = client.cookies
        led.append(mine.post(f"{PAGE}start/", form)["Location"])
        connection.close()

    threads = [threading.Thread(target=click) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(led), len(set(led)), TrainingRun.objects.count()) == (3, 1, 1)


def test_where_the_first_never_ends_the_second_is_told(client, olaf, monkeypatch):
    form = fields(client)
    content = [{name: [str(value)] for name, value in form.items()}, []]
    digest = retries.digest_of([f"{PAGE}start/", content])
    retries.claim(retries.caller_of(acting(olaf)), f"form:{form['once']}:{digest}", digest)
    monkeypatch.setattr(once, "_WAIT_SECONDS", 0.3)
    began = time.monotonic()
    answer = client.post(f"{PAGE}start/", form)
    assert (answer.status_code, time.monotonic() - began > 0.3) == (409, True)
    assert "nothing was started twice" in answer.content.decode()
    assert not TrainingRun.objects.exists()


def test_a_form_that_was_not_taken_may_be_sent_again(client):
    form = {**fields(client), "again": ""}
    client.post(f"{PAGE}start/", fields(client))
    for _ in range(2):
        assert client.post(f"{PAGE}start/", form).status_code == 409
    assert KeptResponse.objects.count() == 1


def test_every_form_that_starts_work_carries_the_token(client):
    from django.conf import settings

    names = (
        "training/runs", "training/confirm", "deployment/promotion/partials/move", "labeling/imports",
        "deployment/artifacts/edit", "deployment/artifacts/use", "deployment/artifacts/partials/files",
        "deployment/servers/server", "evaluation/partials/judge_again", "admin/deployment/move",
        "admin/deployment/edit", "admin/labeling/confirm",
    )  # fmt: skip
    for name in names:
        assert "{% once %}" in (settings.BASE_DIR / f"templates/{name}.html").read_text(), name
