"""What a page, a form and a script are told where something may not be done, and who can help."""

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import make_admin, make_expert, make_manager, make_operator, make_project, make_user

pytestmark = pytest.mark.django_db
HTMX = {"headers": {"HX-Request": "true"}}


@pytest.fixture
def project():
    return make_project("shop")


def test_a_403_names_the_managers_of_the_project_and_the_administrators(client, project):
    make_manager(project, "mia")
    make_manager(make_project("other"), "stranger")
    make_admin("root")
    gone = make_admin("gone")
    gone.is_active = False
    gone.save()
    client.force_login(make_operator(project, "olga"))
    answer = client.get("/projects/shop/review/")
    html = answer.content.decode()
    assert answer.status_code == 403
    assert "You may not review in project shop" in html
    assert "Managers of Shop</dt><dd>mia</dd>" in html
    assert "Administrators</dt><dd>root</dd>" in html
    assert "stranger" not in html
    assert reverse("training:runs", args=["shop"]) in html  # the project's pages that are open to her


def test_a_script_gets_the_same_as_a_sentence(client, project):
    make_manager(project, "mia")
    client.force_login(make_operator(project, "olga"))
    answer = client.post("/projects/shop/review/", **HTMX)
    assert (answer.status_code, answer["X-Problem"]) == (403, "rights")
    assert answer["Content-Type"].startswith("text/plain")
    assert answer.content.decode().endswith("Managers: mia.")


def test_where_it_is_about_no_project_the_administrators_are_named(client, project):
    make_admin("root")
    client.force_login(make_expert(project))
    html = client.get("/servers/").content.decode()
    assert "Administrators</dt><dd>root</dd>" in html


def test_the_admin_tells_a_manager_who_is_not_on_the_staff_why_not(client, project):
    make_admin("root")
    client.force_login(make_manager(project, "mia"))
    answer = client.get("/admin/labeling/sample/", follow=True)
    html = answer.content.decode()
    assert answer.status_code == 403
    assert "The admin is for staff, and mia is not." in html
    assert "Members and labels of Shop are changed on the project" in html
    assert "Administrators</dt><dd>root</dd>" in html


def test_the_admin_sends_strangers_to_the_sites_own_log_in_and_back(client):
    answer = client.get("/admin/", follow=True)
    assert answer.redirect_chain[-1][0].startswith(f"{reverse('login')}?next=/admin/")
    client.force_login(make_admin())
    assert client.get("/admin/login/?next=/admin/labeling/").url == "/admin/labeling/"
    assert client.get("/admin/login/?next=https://elsewhere.invalid/").url == "/admin/"


@pytest.mark.parametrize(
    ("cookie", "headers", "said"),
    [
        (False, {}, "sent no cookie"),
        (True, {}, "out of date"),
        (True, {"Origin": "https://elsewhere.invalid"}, "CSRF_TRUSTED_ORIGINS"),
    ],
)
def test_the_page_of_a_form_without_a_valid_token_is_ours(project, cookie, headers, said):
    ana, answers = make_expert(project), []
    for script in ({}, {"HX-Request": "true"}):
        client = Client(enforce_csrf_checks=True)
        client.force_login(ana)
        if cookie:
            client.get("/projects/shop/review/")
        answers.append(client.post("/projects/shop/review/", {"action": "undo"}, headers={**headers, **script}))
        assert (answers[-1].status_code, answers[-1]["X-Problem"]) == (403, "csrf")
    page, sentence = (answer.content.decode() for answer in answers)
    assert "nothing was saved" in page
    assert said in page
    assert said in sentence
    assert "<" not in sentence


def test_names_are_not_told_to_strangers(project):
    make_admin("root")
    answer = Client(enforce_csrf_checks=True).post(reverse("login"))
    assert answer.status_code == 403
    assert "root" not in answer.content.decode()


def test_nobody_to_ask_is_no_empty_list(client):
    client.force_login(make_user())
    assert "Who can help" not in client.get("/servers/").content.decode()
