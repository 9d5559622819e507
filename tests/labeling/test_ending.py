"""A project is archived and opened again by its managers; one in which nothing happened can be deleted."""

import pytest
from django.core.exceptions import PermissionDenied

from common.problems import ConflictError
from labeling import services
from labeling.models import ApiToken, Event, Project
from labeling.services.guidelines import write_guideline
from labeling.services.news.audience import Wish, choose_news
from labeling.services.news.webhooks import add_webhook
from labeling.services.order.choosing import choose_order, set_order
from labeling.streams import Shares
from tests.deployment.standins import make_version
from tests.factories import SYSTEM, acting, make_admin, make_expert, make_manager, make_project, make_sample

pytestmark = pytest.mark.django_db
PAGE = "/projects/shop/end/"


@pytest.fixture
def shop():
    return make_project("shop")


@pytest.fixture
def mia(shop, client):
    user = make_manager(shop, "mia")
    client.force_login(user)
    return user


def test_it_is_archived_once_its_key_is_typed_and_opened_again(client, shop, mia):
    wrong = client.post(PAGE, {"typed": "Shop"})
    assert wrong.status_code == 400
    assert "type shop" in wrong.text
    assert 'value="Shop"' in wrong.text
    assert client.post(PAGE, {"typed": "shop"}).url == "/"
    assert client.get("/projects/shop/").status_code == 404
    home = client.get("/").text
    assert "Open Shop again" in home
    assert client.post(PAGE, {"typed": "shop"}).status_code == 404
    assert client.post("/projects/shop/reopen/").url == "/projects/shop/"
    assert client.get("/projects/shop/").status_code == 200
    verbs = Event.objects.filter(actor_name="mia").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["project.archived", "project.reopened"]
    assert not services.reopen_project(acting(mia), shop)


def test_others_of_the_project_do_not_see_it_then(client, shop, mia):
    ana = make_expert(shop, "ana")
    services.archive_project(acting(mia), shop)
    assert not services.archive_project(acting(mia), shop)
    client.force_login(ana)
    assert "Archived" not in client.get("/").text
    assert client.post("/projects/shop/reopen/").status_code == 404
    for verb in (services.archive_project, services.reopen_project, services.delete_project):
        with pytest.raises(PermissionDenied):
            verb(acting(ana), shop)


def test_one_in_which_nothing_happened_is_deleted(client, mia):
    client.force_login(make_admin("ada"))
    asked = {"name": "By mistake", "kind": "single_label", "instruction": "Tag.", "labels": "a\nb", "train_share": 80,
             "validation_share": 10, "test_share": 10}  # fmt: skip
    assert client.post("/new-project/", asked).status_code == 302
    page = client.get("/projects/by-mistake/end/").text
    assert "2 labels" in page
    assert "1 gate policy" in page
    assert client.post("/projects/by-mistake/delete/", {"typed": "by"}).status_code == 400
    assert client.post("/projects/by-mistake/delete/", {"typed": "by-mistake"}).url == "/"
    assert not Project.objects.filter(key="by-mistake").exists()
    assert Event.objects.get(verb="project.removed").project_key == "by-mistake"
    assert client.post("/new-project/", asked).status_code == 302


def test_what_people_set_up_before_anything_happened_goes_with_it(shop, mia):
    other = make_project("other")
    tokens = [services.create_token(SYSTEM, mia, "t", bound, ["read"])[0] for bound in ([shop], [shop, other])]
    write_guideline(acting(mia), shop, "Be kind.")
    set_order(acting(mia), shop, Shares(40, 40, 20))
    choose_order(acting(mia), shop, "")
    choose_news(acting(mia), shop, {"verdict": Wish(by_mail=True)})
    add_webhook(acting(mia), shop, "http://192.0.2.1/hook", ["verdict"])
    services.delete_project(acting(mia), shop)
    assert not Project.objects.filter(key="shop").exists()
    ended = [ApiToken.objects.get(pk=token.pk) for token in tokens]
    assert [(row.revoked_at is None, row.projects.count()) for row in ended] == [(False, 0), (True, 1)]


@pytest.mark.parametrize("what", ["sample", "version"])
def test_what_was_decided_is_never_deleted(client, shop, mia, what):
    if what == "sample":
        make_sample(shop)
    else:
        make_version(shop, 1)
    page = client.get(PAGE).text
    assert "cannot be deleted" in page
    refused = client.post("/projects/shop/delete/", {"typed": "shop"})
    assert refused.status_code == 400
    assert "Archive it instead" in refused.text
    with pytest.raises(ConflictError):
        services.delete_project(acting(mia), shop)
    assert Project.objects.filter(key="shop").exists()
