"""Promotion and rollback in the admin; evidence is read-only; a server is probed."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from deployment.live import live_version
from deployment.models import Deployment, InferenceServer, ServingPolicy, StagedVersion
from labeling import services
from tests.deployment.moves import confirm, premise_on, promote
from tests.deployment.standins import make_staged
from tests.factories import SYSTEM, make_admin, make_expert, make_operator, make_project, make_user

pytestmark = pytest.mark.django_db


def promote_url(version) -> str:
    staged = StagedVersion.objects.get(version=version)
    return reverse("admin:deployment_stagedversion_promote", args=[staged.pk])


def staff(user, *codenames):
    user.is_staff = True
    user.save()
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="deployment", codename__in=codenames))
    return user


def test_an_administrator_promotes_after_confirming(shop, client):
    admin = make_admin("ada")
    promote(admin, make_staged(shop, 1))
    v2 = make_staged(shop, 2)
    client.force_login(admin)
    page = client.get(promote_url(v2)).content.decode()
    for fact in ("Promote shop:v2", "shop:v2 is passed.", "paired", "move-add", "move-remove", "v2.gguf"):
        assert fact in page
    response = confirm(client, promote_url(v2))
    assert "shop:v2 is live. The move took" in response.content.decode()
    assert Deployment.objects.get(state="live").actor == admin
    again = client.get(promote_url(v2)).content.decode()
    assert "shop:v2 is live already: ada promoted it" in again
    assert 'name="premise"' not in again
    assert Deployment.objects.count() == 2


def test_of_two_administrators_the_second_is_told_by_whom(shop, client):
    v1, v2 = make_staged(shop, 1), make_staged(shop, 2)
    client.force_login(make_admin("bob"))
    decided_on = premise_on(client, promote_url(v2))
    promote(make_admin("ada"), v1)
    late = client.post(promote_url(v2), {"premise": decided_on, "reason": "as agreed"})
    assert late.status_code == 409
    assert "What you decided on has changed: shop:v1 is live now: ada promoted it" in late.content.decode()
    assert "as agreed" in late.content.decode()
    assert live_version(shop) == v1


def test_a_reason_is_required_by_the_form_where_the_verdict_is_not_passed(shop, client):
    version = make_staged(shop, 1, "refused")
    client.force_login(make_admin())
    response = confirm(client, promote_url(version), reason="  ")
    assert response.status_code == 400
    assert "Give a reason" in response.content.decode()
    confirm(client, promote_url(version), reason="Needed now")
    assert Deployment.objects.get().reason == "Needed now"


def test_rollback_in_the_admin(shop, client):
    admin = make_admin()
    first = promote(admin, make_staged(shop, 1))
    promote(admin, make_staged(shop, 2))
    client.force_login(admin)
    url = reverse("admin:deployment_deployment_roll_back", args=[first.pk])
    assert "Roll back to shop:v1" in client.get(url).content.decode()
    assert confirm(client, url).status_code == 400
    confirm(client, url, reason="v2 is worse")
    assert live_version(shop).number == 1


def test_the_history_has_each_modelfile_and_its_difference(shop, client):
    admin = make_admin("ada")
    first, second = (promote(admin, make_staged(shop, number)) for number in (1, 2))
    client.force_login(admin)
    page = client.get(reverse("admin:deployment_deployment_change", args=[second.pk])).text
    assert "v2.gguf" in page
    assert "move-add" in page
    assert "move-remove" in page
    assert "None: it was the first" in client.get(reverse("admin:deployment_deployment_change", args=[first.pk])).text


def test_the_permission_is_needed_and_the_project_role_too(shop, client):
    version = make_staged(shop, 1)
    client.force_login(staff(make_operator(shop, "olga"), "view_stagedversion", "view_deployment"))
    assert client.get(promote_url(version)).status_code == 403
    outsider = staff(make_user("oscar"), "view_stagedversion", "view_deployment", "promote")
    client.force_login(outsider)
    assert client.get(promote_url(version)).status_code == 404
    assert client.post(promote_url(version), {"reason": "x"}).status_code == 404
    client.force_login(staff(make_operator(shop, "otto"), "view_stagedversion", "view_deployment", "promote"))
    confirm(client, promote_url(version))
    assert live_version(shop) == version


def test_staff_see_only_their_projects(shop, client):
    promote(make_admin(), make_staged(shop, 1))
    client.force_login(staff(make_operator(make_project("other")), "view_stagedversion", "view_deployment"))
    for model in ("stagedversion", "deployment"):
        assert "shop:v1" not in client.get(reverse(f"admin:deployment_{model}_changelist")).content.decode()


def test_every_list_and_row_opens(shop, client, django_assert_max_num_queries):
    admin = make_admin()
    for number in range(1, 5):
        promote(admin, make_staged(shop, number))
    client.force_login(admin)
    for model in (InferenceServer, ServingPolicy, StagedVersion, Deployment):
        name = f"admin:deployment_{model._meta.model_name}"
        with django_assert_max_num_queries(16):
            assert client.get(reverse(f"{name}_changelist") + "?q=shop").status_code == 200
        row = model.objects.first()
        assert client.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200


def test_evidence_cannot_be_changed(shop, client):
    promote(make_admin(), make_staged(shop, 1))
    client.force_login(make_admin())
    row = Deployment.objects.get()
    url = reverse("admin:deployment_deployment_change", args=[row.pk])
    assert client.post(url, {"reason": "rewritten"}).status_code == 403
    assert client.post(reverse("admin:deployment_deployment_delete", args=[row.pk])).status_code == 403
    assert client.get(reverse("admin:deployment_stagedversion_add")).status_code == 403


def test_a_probe_shows_the_version_or_the_error(shop, client, standin):
    client.force_login(make_admin())
    server = InferenceServer.objects.get()
    url = reverse("admin:deployment_inferenceserver_probe_one", args=[server.pk])
    assert "which server it is?" in client.get(url).text
    server.refresh_from_db()
    assert server.seen_at is None, "looking does nothing"
    assert "standin answers: version 0.33.0-rc2" in client.post(url, {"confirmed": "1"}, follow=True).text
    standin.die()
    form = {"action": "probe", "_selected_action": [server.pk]}
    page = client.post(reverse("admin:deployment_inferenceserver_changelist"), form, follow=True).content.decode()
    assert "standin does not answer" in page
    server.refresh_from_db()
    assert server.version == "0.33.0-rc2"
    assert server.error


def test_moves_are_shown_in_projects_that_one_operates(shop, client):
    """The permission alone opens no page of a move, neither to look at nor to carry out."""
    version = make_staged(shop, 1)
    row = promote(make_admin(), version)
    staged = StagedVersion.objects.get(version=version)
    urls = [
        promote_url(version),
        reverse("admin:deployment_stagedversion_edit", args=[staged.pk]),
        reverse("admin:deployment_deployment_roll_back", args=[row.pk]),
    ]
    page = reverse("admin:deployment_stagedversion_change", args=[staged.pk])
    rights = ("promote", "view_stagedversion", "view_deployment")
    eve = staff(make_expert(shop), *rights)
    client.force_login(eve)
    assert [client.get(url).status_code for url in urls] == [403, 403, 403]
    assert [client.post(url).status_code for url in urls] == [403, 403, 403]
    assert promote_url(version) not in client.get(page).text
    services.set_role(SYSTEM, make_project("other"), eve.username, "operator")
    assert [client.get(url).status_code for url in urls] == [403, 403, 403], "an operator elsewhere"
    missing = reverse("admin:deployment_stagedversion_promote", args=[10**6])
    assert client.get(missing).status_code == 404
    client.force_login(staff(make_operator(shop), *rights))
    assert [client.get(url).status_code for url in urls] == [200, 200, 200]
    assert promote_url(version) in client.get(page).text
