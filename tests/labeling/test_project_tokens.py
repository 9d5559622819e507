"""Managers see what programs may in their project, make tokens of their own, and keep any program out."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from rest_framework.test import APIClient

from common.problems import ConflictError, ProblemError
from labeling import services
from labeling.models import ApiToken, Event
from tests.factories import SYSTEM, acting, make_expert, make_manager, make_project, make_user

pytestmark = pytest.mark.django_db
PAGE = "/projects/shop/tokens/"


@pytest.fixture
def shop():
    return make_project("shop")


@pytest.fixture
def mia(shop, client):
    user = make_manager(shop, "mia")
    client.force_login(user)
    return user


def samples_with(secret):
    return APIClient().get("/api/v1/projects/shop/samples", headers={"Authorization": f"Bearer {secret}"}).status_code


def test_a_token_is_made_and_its_secret_shown_once(client, shop, mia):
    day = timezone.localdate()
    page = client.post(PAGE, {"name": "crm", "scopes": ["read"], "last_day": str(day)}, follow=True)
    secret = re.search(r'<code class="secret">(tsk_[\w-]+)</code>', page.text).group(1)
    assert secret not in client.get(PAGE).text
    token = ApiToken.objects.get()
    assert (token.owner, token.scopes, list(token.projects.all())) == (mia, ["read"], [shop])
    assert token.expires_at.date() == day + timedelta(days=1)
    assert samples_with(secret) == 200
    assert Event.objects.filter(verb="token.created", project_key="shop").count() == 1


def test_a_second_click_makes_no_second_token_and_loses_no_secret(client, shop, mia):
    once = re.search(r'name="once" value="([^"]+)"', client.get(PAGE).text).group(1)
    asked = {"name": "crm", "scopes": ["read"], "once": once}
    client.post(PAGE, asked)
    assert "tsk_" in client.post(PAGE, asked, follow=True).text
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"scopes": ["read"]}, "required"),
        ({"name": "crm"}, "Choose what the token may"),
        ({"name": "crm", "scopes": ["servers"]}, "valid choice"),
        ({"name": "crm", "scopes": ["read"], "last_day": "2020-01-01"}, "This day is over"),
    ],
)
def test_what_is_wrong_is_told_and_stays(client, shop, mia, typed, says):
    page = client.post(PAGE, typed)
    assert page.status_code == 400
    assert says in page.text
    assert "name" not in typed or 'value="crm"' in page.text
    assert not ApiToken.objects.exists()


def test_a_name_is_taken_until_its_token_is_out(client, shop, mia):
    services.create_project_token(acting(mia), shop, "crm", ["read"], last_day=None)
    page = client.post(PAGE, {"name": "crm", "scopes": ["read"]})
    assert "You have a token" in page.text
    with pytest.raises(ConflictError):
        services.create_project_token(acting(mia), shop, "crm", ["read"], last_day=None)
    with pytest.raises(ProblemError):
        services.create_project_token(acting(mia), shop, "x", ["servers"], last_day=None)


def test_a_manager_keeps_anybodys_program_out(client, shop, mia):
    ana, other = make_expert(shop, "ana"), make_project("other")
    both, secret = services.create_token(SYSTEM, ana, "both", [shop, other], ["read"])
    alone, _ = services.create_token(SYSTEM, ana, "alone", [shop], ["read"])
    assert samples_with(secret) == 200
    assert "goes on in 1 other project" in client.get(f"{PAGE}{both.uid}/take-out/").text
    client.post(f"{PAGE}{both.uid}/take-out/")
    client.post(f"{PAGE}{alone.uid}/take-out/")
    assert samples_with(secret) == 404
    both.refresh_from_db()
    alone.refresh_from_db()
    assert both.revoked_at is None
    assert alone.revoked_at is not None
    assert client.post(f"{PAGE}{both.uid}/take-out/").status_code == 404
    told = Event.objects.filter(actor_name="mia").order_by("pk")
    assert list(told.values_list("verb", flat=True)) == ["token.unbound", "token.revoked"]
    assert not services.take_out_token(acting(mia), shop, both)


def test_others_see_and_make_none(client, shop):
    ana = make_expert(shop, "ana")
    token, _ = services.create_token(SYSTEM, make_user("eve"), "bot", [shop], ["read"])
    client.force_login(ana)
    assert client.get(PAGE).status_code == 403
    assert client.post(f"{PAGE}{token.uid}/take-out/").status_code == 403
    with pytest.raises(PermissionDenied):
        services.create_project_token(acting(ana), shop, "x", ["read"], last_day=None)
