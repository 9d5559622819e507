"""What staff are shown in the admin who have every permission of Django's: what their roles open, and no more."""

import re
from typing import Any

import pytest
from django.urls import reverse

from labeling import services
from labeling.models import Event, Project, Sample
from tests.factories import SYSTEM, acting, make_admin, make_expert, make_manager, make_project, make_sample
from tests.labeling.test_admin_rights import with_every_permission

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop() -> Project:
    return make_project("shop")


@pytest.fixture
def other() -> Project:
    return make_project("hidden-place")


def admin_url(name: str, *args: Any) -> str:
    return reverse(f"admin:{name}", args=args)


def test_log_ins_of_others_are_for_administrators(client, shop):
    ana, ada, sam = make_expert(shop, "ana"), make_admin("ada"), with_every_permission(make_manager(shop, "sam"))
    for user in (ana, ada, sam):
        services.logged_in(user, f"key-of-{user}", f"192.0.2.{user.pk}")
    services.save_user(acting(ada), ana, ["email"])
    client.force_login(sam)
    for user in (ana, ada):
        page = client.get(admin_url("labeling_user_history", user.pk)).text
        assert "user.logged_in" not in page
        assert f"192.0.2.{user.pk}" not in page
        assert "user.changed" not in page
    own = client.get(admin_url("labeling_user_history", sam.pk)).text
    assert f"192.0.2.{sam.pk}" in own
    assert not re.search(r"/admin/labeling/event/\d", own), "no link to what does not open"
    client.force_login(ada)
    assert f"192.0.2.{ana.pk}" in client.get(admin_url("labeling_user_history", ana.pk)).text


def test_a_history_shows_events_of_ones_own_projects_and_of_none(client, shop, other):
    """A token of one project keeps that project's name in its event; so may any row, at any floor."""
    sam = with_every_permission(make_manager(shop, "sam"))
    token, _ = services.create_token(SYSTEM, sam, "bot", [other], ["read"])
    with_event = admin_url("labeling_apitoken_history", token.pk)
    client.force_login(sam)
    assert "token.created" not in client.get(with_event).text
    services.set_role(SYSTEM, other, "sam", "expert")
    assert "token.created" in client.get(with_event).text
    assert Event.objects.filter(verb="token.created", project_id=other.pk).exists()


def test_roles_are_shown_of_projects_that_one_manages(client, shop, other):
    ana = make_expert(shop, "ana")
    services.set_role(SYSTEM, other, "ana", "operator")
    sam = with_every_permission(make_manager(shop, "sam"))
    url = admin_url("labeling_user_change", ana.pk)
    client.force_login(sam)
    page = client.get(url).text
    assert "ana is expert of Shop" in page
    assert "hidden-place" not in page.lower()
    make_manager(shop, "bob")
    services.set_role(SYSTEM, shop, "sam", "expert")
    assert "ana is expert of Shop" not in client.get(url).text, "an expert does not see the page of members either"
    assert "sam is expert of Shop" in client.get(admin_url("labeling_user_change", sam.pk)).text
    client.force_login(make_admin("ada"))
    assert "hidden-place" in client.get(url).text.lower()


@pytest.mark.parametrize(
    "name",
    ["labeling_importbatch", "deployment_servingpolicy", "deployment_versionpin", "evaluation_gatepolicy",
     "training_retrainpolicy"],
)  # fmt: skip
def test_a_form_that_adds_is_open_where_there_is_a_project_to_add_to(client, shop, name):
    client.force_login(with_every_permission(make_expert(shop, "eve")))
    assert client.get(admin_url(f"{name}_add")).status_code == 403
    assert admin_url(f"{name}_add") not in client.get(admin_url(f"{name}_changelist")).text
    client.force_login(with_every_permission(make_manager(shop, "sam")))
    assert client.get(admin_url(f"{name}_add")).status_code in (200, 302)


def test_actions_that_every_row_would_refuse_are_not_offered(client, shop):
    make_sample(shop)
    client.force_login(with_every_permission(make_expert(shop, "eve")))
    url = admin_url("labeling_sample_changelist")
    assert 'value="withdraw"' not in client.get(url).text
    chosen = {"action": "withdraw", "_selected_action": [Sample.objects.get().pk]}
    assert "Withdraw these samples?" not in client.post(url, chosen, follow=True).text
    client.force_login(with_every_permission(make_manager(shop, "sam")))
    assert 'value="withdraw"' in client.get(url).text
    assert "Withdraw these samples?" in client.post(url, chosen).text


def test_an_expert_reads_the_project_and_changes_nothing(client, shop, other):
    client.force_login(with_every_permission(make_expert(shop, "eve")))
    make_manager(shop, "zelda")
    page = client.get(admin_url("labeling_project_change", shop.pk))
    assert page.status_code == 200
    assert "billing" in page.text
    assert 'name="_save"' not in page.text
    assert "zelda" not in page.text, "roles are for those who manage"
    assert client.post(admin_url("labeling_project_change", shop.pk), {"name": "Mine"}).status_code == 403
    assert client.get(admin_url("labeling_project_change", other.pk)).status_code == 302
    assert "hidden-place" not in client.get(admin_url("labeling_project_changelist")).text.lower()


def test_who_archives_a_project_opens_it_again(client, shop):
    sam, eve = with_every_permission(make_manager(shop, "sam")), with_every_permission(make_expert(shop, "eve"))
    url = admin_url("labeling_project_change", shop.pk)
    member = shop.memberships.get(user=sam)
    form = {
        "key": "shop", "name": "Shop", "kind": "multi_label", "instruction": "Tag the message.",
        "prompt_template": "{text}", "max_labels": 5, "decoding": '{"temperature": 0}',
        "train_share": 80, "validation_share": 10, "test_share": 10, "labels": "billing\r\ndelivery\r\npraise",
        "memberships-INITIAL_FORMS": 2, "memberships-TOTAL_FORMS": 2, "memberships-0-id": member.pk,
        "memberships-0-user": sam.pk, "memberships-0-role": "manager",
        "memberships-1-id": shop.memberships.get(user=eve).pk, "memberships-1-user": eve.pk,
        "memberships-1-role": "expert",
    }  # fmt: skip
    client.force_login(sam)
    assert client.post(url, form | {"archived_at_0": "2026-11-01", "archived_at_1": "10:00"}).status_code == 302
    assert Project.objects.get().archived_at
    assert "project.changed" in client.get(admin_url("labeling_project_history", shop.pk)).text
    page = client.get(url)
    assert (page.status_code, 'name="_save"' in page.text) == (200, True)
    client.force_login(eve)
    assert client.get(url).status_code == 302, "the others see it no more"
    client.force_login(sam)
    assert client.post(url, form | {"archived_at_0": "", "archived_at_1": ""}).status_code == 302
    assert Project.objects.get().archived_at is None
