"""A manager lets somebody in by a link: once, for a while, with a role that may end; strangers learn nothing."""

import re
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from common.problems import ConflictError, ProblemError
from labeling import services
from labeling.access import Right, projects_for
from labeling.models import Event, Invitation, Membership, User
from labeling.services.invitations import InvitationEndedError
from tests.factories import acting, make_expert, make_manager, make_project, make_user

pytestmark = pytest.mark.django_db
PAGE = "/account/invitation/"
MEMBERS = "/projects/shop/members/"
NEW = {"username": "berta", "password1": "a-long-word-9", "password2": "a-long-word-9"}


@pytest.fixture
def shop():
    return make_project("shop")


@pytest.fixture
def mia(shop):
    return make_manager(shop, "mia")


def token_for(shop, mia, **how):
    _, path = services.invite(acting(mia), shop, how.pop("role", "expert"), **how)
    return path.partition("#")[2]


def test_a_manager_makes_a_link_that_is_shown_once_and_kept_as_a_digest(client, shop, mia):
    client.force_login(mia)
    page = client.post("/projects/shop/invitations/", {"role": "expert", "days": "3", "name": "Berta"}, follow=True)
    token = re.search(r"/account/invitation/#([\w-]+)", page.text).group(1)
    assert token not in client.get(MEMBERS).text
    row = Invitation.objects.get()
    assert (row.name, row.role, token in row.digest) == ("Berta", "expert", False)
    assert timedelta(days=2) < row.expires_at - timezone.now() < timedelta(days=3)
    assert Event.objects.filter(verb="invitation.made").count() == 1


def test_the_second_click_makes_no_second_link_and_still_shows_the_first(client, shop, mia):
    client.force_login(mia)
    once = re.search(r'name="once" value="([^"]+)"', client.get(MEMBERS).text).group(1)
    asked = {"role": "expert", "days": "3", "once": once}
    client.post("/projects/shop/invitations/", asked)
    page = client.post("/projects/shop/invitations/", asked, follow=True)
    assert "/account/invitation/#" in page.text
    assert Invitation.objects.count() == 1


def test_somebody_new_makes_an_account_by_it_and_is_in(client, shop, mia):
    day = timezone.localdate() + timedelta(days=10)
    token = token_for(shop, mia, ends_on=day)
    page = client.post(PAGE, NEW | {"token": token})
    assert page.url == "/projects/shop/"
    assert client.get("/projects/shop/").status_code == 200
    berta = User.objects.get(username="berta")
    assert (berta.is_staff, berta.is_superuser) == (False, False)
    row = Membership.objects.get(user=berta)
    assert (row.role, row.ends_on) == ("expert", day)
    assert set(Event.objects.filter(actor_name="berta").values_list("verb", flat=True)) >= {
        "user.created",
        "invitation.used",
    }


def test_who_is_logged_in_joins_under_their_name(client, shop, mia):
    ana = make_user("ana")
    client.force_login(ana)
    assert "You are logged in as <strong>ana</strong>" in client.get(PAGE).text
    assert client.post(PAGE, {"token": token_for(shop, mia, role="operator")}).url == "/projects/shop/"
    assert Membership.objects.get(user=ana).role == "operator"


def test_it_works_once(client, shop, mia):
    token = token_for(shop, mia)
    client.post(PAGE, NEW | {"token": token})
    client.logout()
    page = client.post(PAGE, NEW | {"token": token, "username": "carla"})
    assert page.status_code == 409
    assert "This link opens nothing" in page.text
    assert not User.objects.filter(username="carla").exists()


WHYS = ["expired", "revoked", "its role is over", "its maker manages no more", "its maker is gone", "archived"]


@pytest.mark.parametrize("why", WHYS)
def test_it_ends(client, shop, mia, why):
    token, row = token_for(shop, mia), Invitation.objects.get()
    if why == "expired":
        Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    elif why == "revoked":
        assert services.revoke_invitation(acting(mia), shop, row)
        assert not services.revoke_invitation(acting(mia), shop, row)
    elif why == "its role is over":
        Invitation.objects.update(ends_on=timezone.localdate() - timedelta(days=1))
    elif why == "its maker manages no more":
        Membership.objects.filter(user=mia).update(role="expert")
    elif why == "its maker is gone":
        User.objects.filter(pk=mia.pk).update(is_active=False)
    else:
        services.archive_project(acting(mia), shop)
    assert client.post(PAGE, NEW | {"token": token}).status_code == 409
    assert not User.objects.filter(username="berta").exists()


def test_what_is_wrong_uses_nothing_up_and_keeps_what_was_typed(client, shop, mia):
    token = token_for(shop, mia)
    page = client.post(PAGE, NEW | {"token": token, "password2": "another-word-9"})
    assert page.status_code == 400
    assert "Shop invites you" in page.text
    assert 'value="berta"' in page.text
    assert Invitation.objects.open().count() == 1


def test_a_stranger_does_not_learn_which_names_are_taken_and_is_held_back(client, shop, mia):
    for number in range(30):
        page = client.post(PAGE, NEW | {"token": "guess", "username": "mia"})
        assert page.status_code == 409, number
        assert "already exists" not in page.text
    held = client.post(PAGE, NEW | {"token": token_for(shop, mia)})
    assert held.status_code == 429
    assert held["Retry-After"]


def test_administrators_may_keep_accounts_to_themselves(client, shop, mia, settings):
    settings.INVITED_MAY_SIGN_UP = False
    token = token_for(shop, mia)
    assert "an administrator makes accounts" in client.get(PAGE).text
    assert client.post(PAGE, NEW | {"token": token}).status_code == 403
    assert not User.objects.filter(username="berta").exists()
    client.force_login(make_user("ana"))
    assert client.post(PAGE, {"token": token}).status_code == 302


def test_who_has_a_role_uses_nothing_up(shop, mia):
    ana = make_expert(shop, "ana")
    token = token_for(shop, mia, role="manager")
    found = services.invitation_of(token, "192.0.2.7")
    with pytest.raises(ConflictError, match="You have a role"):
        services.accept_as(ana, found)
    assert Invitation.objects.open().exists()
    assert Membership.objects.get(user=ana).role == "expert"


def test_only_managers_invite_and_only_within_reason(client, shop, mia):
    ana = make_expert(shop, "ana")
    with pytest.raises(PermissionDenied):
        services.invite(acting(ana), shop, "manager")
    yesterday = timezone.localdate() - timedelta(days=1)
    for wrong in ({"role": "king"}, {"role": "expert", "days": 31}, {"role": "expert", "ends_on": yesterday}):
        with pytest.raises(ProblemError):
            services.invite(acting(mia), shop, **wrong)
    client.force_login(mia)
    page = client.post("/projects/shop/invitations/", {"role": "expert", "days": "99", "name": "Berta"})
    assert page.status_code == 400
    assert 'value="Berta"' in page.text
    other = make_project("other")
    row, _ = services.invite(acting(make_manager(other, "otto")), other, "expert")
    assert client.post(f"/projects/shop/invitations/{row.uid}/revoke/").status_code == 404
    with pytest.raises(InvitationEndedError):
        services.invitation_of("", "192.0.2.7")


def test_a_role_ends_with_its_last_day(client, shop, mia):
    ana = make_expert(shop, "ana")
    row = Membership.objects.get(user=ana)
    for days, open_to in ((1, True), (0, True), (-1, False)):
        Membership.objects.filter(pk=row.pk).update(ends_on=timezone.localdate() + timedelta(days=days))
        assert projects_for(ana, Right.REVIEW).exists() == open_to
        client.force_login(ana)
        assert client.get("/projects/shop/review/").status_code == (200 if open_to else 404)
    client.force_login(mia)
    assert "ended" in client.get(MEMBERS).text
