"""The page of the members: people found by a few letters, roles with a last day; removing asks first."""

from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from common.problems import ConflictError
from labeling import services
from labeling.models import Event, Membership, User
from tests.factories import acting, make_expert, make_manager, make_project, make_user

pytestmark = pytest.mark.django_db
PAGE = "/projects/shop/members/"


@pytest.fixture
def shop():
    return make_project("shop")


@pytest.fixture
def mia(shop, client):
    user = make_manager(shop, "mia")
    client.force_login(user)
    return user


def found(client, words):
    page = client.get(f"{PAGE}people/", {"username": words})
    assert page.status_code == 200
    return page.text.count("<option")


def test_people_are_found_by_the_beginning_of_a_name_and_never_all_of_them(client, shop, mia):
    make_user("berta", first_name="Berta", last_name="Klein")
    make_user("zoe", first_name="Zoe", is_active=False)
    make_expert(shop, "bernd")
    for number in range(20):
        make_user(f"many{number}")
    assert [found(client, words) for words in ("be", "kl", "b", "", "zo", "\x00")] == [1, 1, 0, 0, 0, 0]
    assert found(client, "many") == 10
    assert "Berta Klein" in client.get(f"{PAGE}people/", {"username": "ber"}).text
    with pytest.raises(PermissionDenied):
        services.people_named(acting(User.objects.get(username="bernd")), shop, "be")


def test_a_role_with_a_last_day_is_given_and_changed(client, shop, mia):
    make_user("ana")
    day = timezone.localdate() + timedelta(days=5)
    page = client.post(PAGE, {"username": "ana", "role": "expert", "ends_on": str(day)}, follow=True)
    assert f"until {day}" in page.text
    assert f'value="{day}"' in page.text
    client.post(PAGE, {"username": "ana", "role": "operator", "ends_on": ""})
    row = Membership.objects.get(user__username="ana")
    assert (row.role, row.ends_on) == ("operator", None)
    assert Event.objects.filter(verb="member.set").latest("pk").before == {"role": "expert", "ends_on": str(day)}


def test_a_refusal_stands_on_the_page_with_what_was_typed(client, shop, mia):
    page = client.post(PAGE, {"username": "nobody", "role": "operator", "ends_on": ""})
    assert page.status_code == 400
    assert "no active user &#x27;nobody&#x27;" in page.text
    assert 'value="nobody"' in page.text
    page = client.post(PAGE, {"username": "mia", "role": "expert", "ends_on": ""})
    assert page.status_code == 400
    assert "mia was not changed" in page.text
    assert "at least one manager" in page.text
    page = client.post(PAGE, {"username": "mia", "role": "manager", "ends_on": "2020-01-01"})
    assert "This day is over" in page.text


def test_the_last_manager_has_no_last_day(shop, mia):
    with pytest.raises(ConflictError):
        services.set_role(acting(mia), shop, "mia", "manager", ends_on=timezone.localdate())
    make_manager(shop, "max")
    services.set_role(acting(mia), shop, "mia", "manager", ends_on=timezone.localdate())
    with pytest.raises(ConflictError):
        services.set_role(acting(mia), shop, "max", "expert")


def test_removing_asks_first(client, shop, mia):
    row = Membership.objects.get(user=make_expert(shop, "ana"))
    asked = client.get(f"{PAGE}{row.uid}/remove/")
    assert "Remove ana?" in asked.text
    assert Membership.objects.filter(pk=row.pk).exists()
    assert client.post(f"{PAGE}{row.uid}/remove/").url == PAGE
    assert not Membership.objects.filter(pk=row.pk).exists()
    own = Membership.objects.get(user=mia)
    assert "You lose your own role" in client.get(f"{PAGE}{own.uid}/remove/").text
    make_manager(shop, "max")
    assert client.post(f"{PAGE}{own.uid}/remove/").url == "/"


def test_a_label_is_given_a_colour_that_is_no_part_of_the_task(client, shop, mia):
    label = shop.labels.first()
    client.post(f"/projects/shop/labels/{label.uid}/", {"name": label.name, "description": "", "colour": "teal"})
    assert shop.labels.get(pk=label.pk).colour == "teal"
    assert "swatch-teal" in client.get("/projects/shop/labels/").text
    assert shop.specs.count() == 1
    page = client.post(f"/projects/shop/labels/{label.uid}/", {"name": label.name, "colour": "plaid"}, follow=True)
    assert "not changed" in page.text
