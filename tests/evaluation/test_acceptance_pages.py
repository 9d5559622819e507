"""Automatic acceptance on its page, in the banner and in the API: what is said, who may change it, what is refused."""

import re

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from common.problems import ProblemError
from deployment.models import Finding
from deployment.monitoring.findings import restore
from evaluation import views_confidence
from evaluation.models import AcceptPolicy, Certificate
from evaluation.services.accepting import accept
from evaluation.services.certificates import end_by_audit, look_if_due
from evaluation.services.reopening import reopen_due
from labeling.models import Event, Sample
from labeling.services import create_token
from tests.evaluation.confident import make_certified, make_shop, proposed
from tests.factories import SYSTEM, make_expert, make_manager, make_operator, make_project

pytestmark = pytest.mark.django_db
PAGE = "/projects/shop/auto-accept/"
API = "/api/v1/projects/shop/auto-accept"
DECIDE = f"{PAGE}decide/"
FORM = {"enabled": "on", "wrong": "2", "confidence": "90", "audit_share": "10"}


def shown(client, url: str = PAGE) -> str:
    return " ".join(client.get(url).content.decode().split())


def accepted(count: int = 2):
    project = make_certified()
    policy = AcceptPolicy.objects.get()
    policy.audit_share = -1.0
    for _ in range(count):
        proposed(project, 0.9)
    assert accept(policy) == count
    return project


def test_it_is_off_until_a_manager_turns_it_on(client):
    project, _ = make_shop()
    client.force_login(make_manager(project))
    assert "Off: experts decide every proposal." in shown(client)
    assert "Nothing was accepted yet." in shown(client)
    assert client.post(PAGE, FORM).status_code == 302
    policy = AcceptPolicy.objects.get()
    assert (policy.enabled, policy.wrong, policy.confidence, policy.audit_share) == (True, 0.02, 0.9, 0.1)
    assert Event.objects.filter(verb="accept_policy.created").count() == 1
    page = shown(client)
    assert "At most 2 % wrong, 90 % sure" in page
    assert "Too few cases: 130 needed, 0 there." in page


@pytest.mark.parametrize(
    ("field", "value"), [("wrong", "0"), ("confidence", "100"), ("audit_share", "x"), ("wrong", "")]
)
def test_a_number_out_of_its_range_is_refused(client, field, value):
    project, _ = make_shop()
    client.force_login(make_manager(project))
    answer = client.post(PAGE, {**FORM, field: value})
    assert answer.status_code == 400
    assert "errorlist" in answer.content.decode()
    assert not AcceptPolicy.objects.exists()


def test_who_does_not_manage_sees_and_changes_nothing(client):
    project = accepted()
    for person in (make_expert(project), make_operator(project)):
        client.force_login(person)
        page = shown(client)
        assert "Managers of the project change it." in page
        assert "Send what was accepted back to review" not in page
        assert client.post(PAGE, FORM).status_code == 403
        assert client.post(DECIDE, {"accepted": "reopen"}).status_code == 403
        assert client.patch(API, {"enabled": False}, content_type="application/json").status_code == 403
        assert client.get(API).status_code == 200
    client.force_login(make_manager(make_project()))
    assert client.get(PAGE).status_code == client.get(API).status_code == 404
    assert Sample.objects.filter(state="golden").count() == 2


def test_one_click_sends_back_what_was_accepted(client):
    project = accepted()
    client.force_login(make_manager(project))
    page = shown(client)
    assert "0 of the" in page
    assert page.count('data-label="Answer"') == 2
    answer = client.post(DECIDE, {"accepted": "reopen"}, follow=True)
    assert "Nothing more is accepted. To review go back: 2 texts." in answer.content.decode()
    assert "2 still to go back to review." in shown(client)
    reopen_due(project.pk)
    page = shown(client)
    assert page.count("no longer in force") == 2
    assert "still to go back" not in page
    assert Sample.objects.filter(state="pending").count() == 2
    again = client.post(DECIDE, {"accepted": "reopen"}, follow=True)
    assert "There is no certificate by which anything was accepted." in again.content.decode()
    nothing = client.post(DECIDE, {}, follow=True)
    assert "choose what becomes of the answers" in nothing.content.decode()


def test_a_long_list_goes_on_behind_the_last(client, monkeypatch):
    monkeypatch.setattr(views_confidence, "PAGE", 2)
    project = accepted(3)
    client.force_login(make_manager(project))
    page = client.get(PAGE).content.decode()
    assert page.count('data-label="Answer"') == 2
    (before,) = re.findall(r"before=([0-9a-f-]+)", page)
    older = client.get(f"{PAGE}?before={before}").content.decode()
    assert (older.count('data-label="Answer"'), "Newest" in older) == (1, True)
    assert client.get(f"{PAGE}?before=owl").content.decode().count('data-label="Answer"') == 2


def test_a_broken_promise_stands_on_every_page_until_somebody_decides(client):
    project = accepted()
    end_by_audit(Certificate.objects.get())
    home = reverse("labeling:project", args=["shop"])
    client.force_login(make_expert(project))
    assert "A certificate is withdrawn." in shown(client, home)
    assert "more than 5 % of what shop:v1 accepts is wrong" in shown(client, home)
    client.force_login(make_manager(project))
    assert "Keep the answers" in shown(client)
    with pytest.raises(ProblemError, match="Decide on the page Auto-accept"):
        restore(SYSTEM, Finding.objects.get())
    client.post(DECIDE, {"accepted": "keep"})
    assert "A certificate is withdrawn." not in shown(client, home)
    assert Finding.objects.get().state == "dismissed"
    assert Sample.objects.filter(state="golden").count() == 2


def test_the_api_tells_changes_and_decides():
    project = accepted()
    client = APIClient()
    _, secret = create_token(SYSTEM, make_manager(project), "bot", [project], ["read", "manage"])
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    told = client.get(API).json()
    assert told["policy"] == {"enabled": True, "wrong": 0.05, "confidence": 0.95, "audit_share": 0.05}
    assert (told["accepted"], told["undone"], told["cases"]) == (2, 0, 200)
    assert told["certificate"]["bound"] <= 0.05
    assert told["audit"] == {"waiting": 0, "right": 0, "wrong": 0, "left_out": 0, "stake": 1.0, "limit": 20.0}
    assert client.patch(API, {"wrong": 0.9}, format="json").status_code == 400
    assert client.patch(API, {"wrongs": 0.1}, format="json").status_code == 400
    assert client.patch(API, {"audit_share": 0.2}, format="json").json()["policy"]["audit_share"] == 0.2
    assert client.post(f"{API}/decide", {"accepted": "keep"}, format="json").status_code == 409
    assert client.post(f"{API}/decide", {"accepted": "sell"}, format="json").status_code == 400
    assert client.post(f"{API}/decide", {"accepted": "reopen"}, format="json").json() == {"reopened": 2}
    assert client.get(API).json()["certificate"] is None


def test_a_token_that_reads_changes_nothing():
    project = accepted()
    client = APIClient()
    _, secret = create_token(SYSTEM, make_manager(project), "bot", [project], ["read"])
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert client.get(API).status_code == 200
    assert client.patch(API, {"enabled": False}, format="json").status_code == 403
    assert client.post(f"{API}/decide", {"accepted": "reopen"}, format="json").status_code == 403
    assert look_if_due(project) is not None
