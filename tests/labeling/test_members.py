"""Managers give and take roles."""

import pytest
from django.core.exceptions import PermissionDenied

from common.problems import ConflictError, ProblemError
from labeling import services
from labeling.models import Membership
from tests.factories import acting, make_admin, make_expert, make_manager, make_operator, make_project, make_user

pytestmark = pytest.mark.django_db
URL = "/projects/shop/members/"


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture
def mara(project, client):
    user = make_manager(project, "mara")
    client.force_login(user)
    return user


def test_a_manager_adds_changes_and_removes_a_member(client, project, mara):
    make_user("ana")
    client.post(URL, {"username": "ana", "role": "expert"})
    client.post(URL, {"username": "ana", "role": "operator"})
    row = Membership.objects.get(user__username="ana")
    assert row.role == "operator"
    assert "ana" in client.get(URL).content.decode()
    client.post(f"{URL}{row.uid}/remove/")
    assert not Membership.objects.filter(user__username="ana").exists()


@pytest.mark.parametrize("form", [{"username": "nobody", "role": "expert"}, {"username": "", "role": "king"}])
def test_an_unknown_person_or_role_is_said(client, project, mara, form):
    html = client.post(URL, form, follow=True).content.decode()
    assert "no active user" in html or "Give a user name" in html


def test_the_last_manager_stays_unless_an_administrator_says_so(project, mara):
    row = Membership.objects.get(user=mara)
    with pytest.raises(ConflictError):
        services.remove_member(acting(mara), project, row)
    with pytest.raises(ConflictError):
        services.set_role(acting(mara), project, "mara", "expert")
    services.remove_member(acting(make_admin()), project, row)
    assert not Membership.objects.exists()


def test_a_membership_of_another_project_is_out_of_reach(client, project, mara):
    other = make_project("other")
    make_expert(other)
    row = Membership.objects.get(project=other)
    assert client.post(f"{URL}{row.uid}/remove/").status_code == 404
    with pytest.raises(ProblemError):
        services.remove_member(acting(mara), project, row)


def test_experts_and_operators_do_not_manage(client, project):
    for user in (make_expert(project), make_operator(project)):
        client.force_login(user)
        assert client.get(URL).status_code == 403
        with pytest.raises(PermissionDenied):
            services.set_role(acting(user), project, user.username, "manager")
