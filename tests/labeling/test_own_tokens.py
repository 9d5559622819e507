"""The tokens that act in one's name: seen and revoked on one's own account, whether on staff or not."""

from datetime import timedelta

import pytest
from django.utils import timezone

from labeling import services
from labeling.models import ApiToken, Event, User
from tests.factories import SYSTEM, make_admin, make_expert, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> User:
    return make_expert(make_project("shop"), "ana")


def make_token(owner: User, name: str = "robot", **fields) -> tuple[ApiToken, str]:
    project = owner.memberships.get().project
    return services.create_token(SYSTEM, owner, name, [project], ["predict", "read"], **fields)


def asks(client, secret: str) -> int:
    return client.get("/api/v1/projects", headers={"Authorization": f"Bearer {secret}"}).status_code


def test_the_account_lists_what_is_not_revoked(client, ana):
    client.force_login(ana)
    assert "No token acts in your name." in client.get("/account/").text
    token, secret = make_token(ana)
    old, _ = make_token(ana, "yesterday", expires_at=timezone.now() + timedelta(days=1))
    ApiToken.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(days=1))
    page = client.get("/account/").text
    for words in ("robot", token.prefix, "shop", "predict, read", "never used", "yesterday", "expired"):
        assert words in page
    assert secret not in page
    services.revoke_tokens(SYSTEM, [token, old])
    assert "robot" not in client.get("/account/").text


def test_a_token_is_revoked_after_a_question(client, ana):
    token, secret = make_token(ana)
    client.force_login(ana)
    assert asks(client, secret) == 200
    url = f"/account/tokens/{token.uid}/revoke/"
    assert url in client.get("/account/").text
    assert "Revoke robot?" in client.get(url).text
    assert ApiToken.objects.get().revoked_at is None, "to ask does nothing"
    assert "robot is revoked" in client.post(url, follow=True).text
    assert asks(client, secret) == 401
    assert Event.objects.get(verb="token.revoked").actor_name == "ana"
    assert "had been revoked already" in client.post(url, follow=True).text
    assert "It was revoked on" in client.get(url).text
    assert Event.objects.filter(verb="token.revoked").count() == 1


def test_those_of_others_are_not_there(client, ana):
    token, _ = make_token(ana)
    for person in (make_expert(make_project("other"), "bob"), make_admin("ada")):
        client.force_login(person)
        assert client.post(f"/account/tokens/{token.uid}/revoke/").status_code == 404
        assert "robot" not in client.get("/account/").text
    client.logout()
    assert client.get(f"/account/tokens/{token.uid}/revoke/").headers["Location"].startswith("/login/")
    assert ApiToken.objects.get().revoked_at is None
