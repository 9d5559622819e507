"""Staff in the admin: a permission alone changes nothing in a project without the role, and nobody's rights."""

import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from common.problems import ConflictError, ProblemError
from evaluation.models import GatePolicy
from labeling import services
from labeling.models import Event, Membership, Project, User
from tests.factories import acting, make_admin, make_expert, make_manager, make_operator, make_project, make_user

pytestmark = pytest.mark.django_db


def with_every_permission(user: User) -> User:
    """Staff to whom somebody gave all of Django's permissions."""
    user.is_staff = True
    user.save()
    user.user_permissions.set(Permission.objects.all())
    return user


@pytest.fixture
def shop() -> Project:
    return make_project("shop")


@pytest.fixture
def other() -> Project:
    project = make_project("other", "multi_label")
    project.name = "Somebody else's"
    project.save()
    return project


GATE = {"minimum": 0.3, "margin": 0, "psr_tolerance": 0, "min_cases": 30, "free_cases": 50, "confidence": 0.95}
GATE |= {"error_budget": 0.05, "budget_rounds": 20, "hard_margin": 0.05}


@pytest.mark.parametrize("make", [make_expert, make_operator])
def test_who_manages_no_project_changes_no_gate(client, shop, make):
    policy = GatePolicy.objects.create(project=shop)
    client.force_login(with_every_permission(make(shop)))
    url = reverse("admin:evaluation_gatepolicy_change", args=[policy.pk])
    assert client.post(url, GATE | {"minimum": 0.9}).status_code == 403
    assert client.post(reverse("admin:evaluation_gatepolicy_delete", args=[policy.pk])).status_code == 403
    policy.refresh_from_db()
    assert policy.minimum == 0.3


def test_a_manager_changes_the_gate_of_their_own_project_alone(client, shop, other):
    mine, foreign = GatePolicy.objects.create(project=shop), GatePolicy.objects.create(project=other)
    client.force_login(with_every_permission(make_manager(shop)))
    url = reverse("admin:evaluation_gatepolicy_change", args=[mine.pk])
    assert client.post(url, GATE | {"minimum": 0.9}).status_code == 302
    mine.refresh_from_db()
    assert mine.minimum == 0.9
    missing = client.post(reverse("admin:evaluation_gatepolicy_change", args=[foreign.pk]), GATE)
    assert missing.status_code == 302, "there is no such row for them"
    foreign.refresh_from_db()
    assert foreign.minimum == 0.3


def test_a_policy_cannot_be_made_for_a_foreign_project(client, shop, other):
    client.force_login(with_every_permission(make_manager(shop)))
    page = client.post(reverse("admin:evaluation_gatepolicy_add"), GATE | {"project": other.pk})
    assert "Select a valid choice" in page.text
    assert "Somebody else" not in page.text
    assert not GatePolicy.objects.exists()


def test_the_service_itself_asks_for_the_right(shop):
    policy = GatePolicy.objects.create(project=shop)
    with pytest.raises(PermissionDenied, match="may not manage"):
        services.save_row(acting(make_expert(shop)), policy)
    policy.minimum = 12
    with pytest.raises(ProblemError, match="minimum"):
        services.save_row(acting(make_manager(shop)), policy)


@pytest.mark.parametrize(
    "name",
    ["labeling_sample", "labeling_prediction", "labeling_taskspec", "labeling_event", "training_snapshot",
     "training_retrainpolicy", "labeling_project", "deployment_finding", "evaluation_suite", "labeling_review"],
)  # fmt: skip
def test_filters_name_no_foreign_project_and_nobody_whom_one_never_meets(client, shop, other, name):
    stranger = make_expert(other, "xaver")
    client.force_login(with_every_permission(make_manager(shop)))
    page = client.get(reverse(f"admin:{name}_changelist")).text
    assert "Somebody else" not in page
    assert stranger.username not in page


def test_the_permission_to_change_users_makes_nobody_an_administrator(client, shop):
    sam = with_every_permission(make_manager(shop, "sam"))
    client.force_login(sam)
    ada = make_admin("ada")
    for user in (sam, ada):
        url = reverse("admin:labeling_user_change", args=[user.pk])
        assert client.post(url, {"username": user.username, "is_superuser": "on"}).status_code == 403
    password = {"password1": "another-pass-1", "password2": "another-pass-1", "usable_password": "true"}
    assert client.post(reverse("admin:auth_user_password_change", args=[ada.pk]), password).status_code == 403
    assert client.post(reverse("admin:labeling_user_add"), {"username": "x"}).status_code == 403
    sam.refresh_from_db()
    ada.refresh_from_db()
    assert not sam.is_superuser
    assert ada.check_password("pass-word-1")


def test_nobody_is_deleted_but_kept_out(client, shop):
    ana = make_expert(shop, "ana")
    client.force_login(make_admin("ada"))
    assert client.post(reverse("admin:labeling_user_delete", args=[ana.pk])).status_code == 403
    url = reverse("admin:labeling_user_changelist")
    action = {"action": "deactivate", "_selected_action": [ana.pk]}
    assert "Deactivate these people?" in client.post(url, action).text
    client.post(url, action | {"confirmed": "1"})
    ana.refresh_from_db()
    assert not ana.is_active
    assert Membership.objects.filter(user=ana).exists()
    client.post(url, action | {"action": "activate", "confirmed": "1"})
    ana.refresh_from_db()
    assert ana.is_active
    assert set(Event.objects.values_list("verb", flat=True)) >= {"user.deactivated", "user.activated"}


def test_the_last_administrator_stays():
    ada = make_admin("ada")
    with pytest.raises(ConflictError, match="Nobody would be left"):
        services.set_active(acting(ada), [ada], False)
    ada.is_superuser = False
    with pytest.raises(ConflictError, match="Nobody would be left"):
        services.save_user(acting(ada), ada, ["is_superuser"])


def test_roles_in_the_table_go_through_the_services(client, shop):
    ana = make_manager(shop, "ana")
    client.force_login(with_every_permission(ana))
    row = Membership.objects.get(user=ana)
    form = {
        "key": "shop", "name": "Shop", "kind": "multi_label", "instruction": "Tag the message.",
        "prompt_template": "{text}", "max_labels": 5, "decoding": '{"temperature": 0}',
        "train_share": 80, "validation_share": 10, "test_share": 10, "labels": "billing\r\ndelivery\r\npraise",
        "memberships-INITIAL_FORMS": 1, "memberships-TOTAL_FORMS": 1, "memberships-0-id": row.pk,
        "memberships-0-user": ana.pk, "memberships-0-role": "expert",
    }  # fmt: skip
    page = client.post(reverse("admin:labeling_project_change", args=[shop.pk]), form)
    assert "A project keeps at least one manager" in page.text
    assert 'value="Shop"' in page.text, "what was entered stays"
    row.refresh_from_db()
    assert row.role == "manager"
    form["memberships-TOTAL_FORMS"] = 2
    form |= {"memberships-0-role": "manager", "memberships-1-user": make_user("bob").pk, "memberships-1-role": "expert"}
    assert client.post(reverse("admin:labeling_project_change", args=[shop.pk]), form).status_code == 302
    assert Membership.objects.get(user__username="bob").role == "expert"
    assert "member.set" in Event.objects.values_list("verb", flat=True)


def test_rows_are_chosen_by_their_numbers(client, shop):
    client.force_login(make_admin())
    for chosen in ("\x00", "x", "9" * 40, "-1", "²"):
        answer = client.post(
            reverse("admin:labeling_user_changelist"),
            {"action": "deactivate", "_selected_action": [chosen]},
            follow=True,
        )
        assert "Choose rows of the list first." in answer.text
