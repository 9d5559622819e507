"""A session that ends under an open page, without a browser: what each kind of request is answered."""

import pytest
from django.urls import reverse

from tests.factories import make_expert, make_project

pytestmark = pytest.mark.django_db
URL = "/projects/shop/review/"


@pytest.fixture
def ana(client):
    user = make_expert(make_project("shop"), "ana")
    client.force_login(user)
    return user


@pytest.mark.parametrize("headers", [{"HX-Request": "true"}, {"Accept": "application/json"}])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_script_is_told_401_and_never_gets_the_log_in_page(client, ana, headers, method):
    client.logout()
    answer = getattr(client, method)(URL, headers=headers)
    assert answer.status_code == 401
    assert answer.content.decode() == "You were logged out, so nothing was saved. Log in, then send it again."


def test_a_page_leads_to_the_log_in_and_back(client, ana):
    client.logout()
    assert client.get(URL).url == f"{reverse('login')}?next={URL}"


@pytest.mark.parametrize(
    ("came_from", "next_page"),
    [
        ("http://testserver/projects/shop/labels/?page=2", "/projects/shop/labels/%3Fpage%3D2"),
        ("https://elsewhere.invalid/projects/shop/", "/"),
        ("", "/"),
    ],
)
def test_a_form_leads_back_to_its_page_and_says_that_nothing_was_saved(client, ana, came_from, next_page):
    client.logout()
    answer = client.post("/projects/shop/labels/", headers={"Referer": came_from} if came_from else {}, follow=True)
    assert answer.redirect_chain == [(f"{reverse('login')}?next={next_page}", 302)]
    assert "You were logged out, so nothing was saved" in answer.content.decode()


def test_an_open_page_can_ask_who_is_logged_in_and_gets_a_token_that_holds(ana, client):
    answer = client.get(reverse("session"))
    assert answer.json()["user"] == "ana"
    assert answer.json()["token"]
    assert "no-store" in answer["Cache-Control"]
    client.logout()
    assert client.get(reverse("session")).status_code == 401
    assert client.get(reverse("back")).url == f"{reverse('login')}?next={reverse('back')}"


def test_a_link_to_log_out_asks_first(client, ana):
    asked = client.get("/logout/")
    assert asked.status_code == 200
    assert "Log out?" in asked.content.decode()
    assert client.get(reverse("session")).status_code == 200
    client.post("/logout/")
    assert client.get(reverse("session")).status_code == 401
    assert client.get("/logout/").url == reverse("login")


def test_a_refusal_that_is_part_of_the_page_says_so(client, ana):
    answer = client.post(URL, {"action": "save"}, headers={"HX-Request": "true"})
    assert (answer.status_code, answer["X-Page-Part"]) == (409, "yes")
    assert "no longer there" in answer.content.decode()
