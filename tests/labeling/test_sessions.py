"""Where one is logged in: listed, ended one by one or all others, and over by themselves in time."""

import time

import pytest
from allauth.usersessions.models import UserSession
from django.core.exceptions import PermissionDenied
from django.test import Client

from common.actor import system
from labeling import services
from labeling.login.middleware import BEGUN, SEEN
from labeling.models import ApiToken, Event, User
from tests.factories import acting, make_admin, make_expert, make_project, make_user
from tests.labeling.test_login import log_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> User:
    return make_expert(make_project("shop"), "ana")


def logged_in(name: str = "ana", browser: str = "Firefox") -> Client:
    client = Client(headers={"User-Agent": browser})
    assert log_in(client, name).status_code == 302
    return client


def is_in(client: Client) -> bool:
    return client.get("/projects/shop/").status_code == 200


def age(client: Client, **seconds: float) -> None:
    session = client.session
    for name, value in seconds.items():
        session[name] = time.time() - value
    session.save()


def test_the_page_lists_all_and_marks_the_own(ana):
    logged_in(browser="Firefox on a desk")
    phone = logged_in(browser="Safari on a phone")
    page = phone.get("/account/").text
    assert "Firefox on a desk" in page
    assert "Safari on a phone" in page
    assert page.count("this one") == 1
    assert "End all others" in page


def test_one_session_ends_at_once(ana):
    desk, phone = logged_in(browser="desk"), logged_in(browser="phone")
    (other,) = [row for row in services.sessions_of(ana) if row.user_agent == "desk"]
    answer = phone.post("/account/", {"session": other.pk}, follow=True)
    assert "The session has ended." in answer.text
    assert (is_in(desk), is_in(phone)) == (False, True)
    event = Event.objects.get(verb="user.session_ended")
    assert (event.actor_name, event.after["why"], len(event.after["sessions"])) == ("ana", "asked", 1)
    assert "had ended already" in phone.post("/account/", {"session": other.pk}, follow=True).text


def test_all_others_end_and_the_own_stays(ana):
    others = [logged_in(browser=f"browser {n}") for n in range(3)]
    own = logged_in()
    assert "3 other sessions ended." in own.post("/account/", follow=True).text
    assert [is_in(client) for client in others] == [False] * 3
    assert is_in(own)
    assert "End all others" not in own.get("/account/").text


def test_the_own_one_ends_by_logging_out_alone(ana):
    own = logged_in()
    (row,) = services.sessions_of(ana)
    assert "log out to end it" in own.post("/account/", {"session": row.pk}, follow=True).text
    assert is_in(own)
    own.post("/logout/")
    assert not is_in(own)
    assert not services.sessions_of(ana)


@pytest.mark.parametrize("number", ["0", "-1", "x", "9" * 30, "\x00", "2147483647"])
def test_a_session_of_somebody_else_or_of_nobody_does_not_end(ana, number):
    make_user("ben")
    other = logged_in("ben")
    (row,) = services.sessions_of(User.objects.get(username="ben"))
    own = logged_in()
    assert own.post("/account/", {"session": number}).status_code == 302
    own.post("/account/", {"session": row.pk})
    assert other.get("/account/").status_code == 200
    assert is_in(own)


def test_nobody_ends_the_sessions_of_others_but_an_administrator(ana):
    client = logged_in()
    with pytest.raises(PermissionDenied):
        services.end_sessions(acting(make_user("ben")), ana)
    assert is_in(client)
    assert services.end_sessions(acting(make_admin("ada")), ana) == 1
    assert not is_in(client)


@pytest.mark.parametrize(
    ("limit", "seconds", "says"),
    [
        ("idle", {BEGUN: 13 * 3600, SEEN: 12 * 3600 + 60}, "nothing was done here"),
        ("absolute", {BEGUN: 7 * 24 * 3600 + 60, SEEN: 10}, "everybody logs in again"),
    ],
)
def test_a_session_is_over_in_time_and_the_log_in_says_why(ana, limit, seconds, says):
    client = logged_in()
    age(client, **seconds)
    page = client.get("/projects/shop/", follow=True)
    assert page.redirect_chain[-1][0] == "/login/?next=/projects/shop/"
    assert says in page.text
    assert not services.sessions_of(ana)
    event = Event.objects.get(verb="user.session_ended")
    assert (event.actor_name, event.subject_uid, event.after["why"]) == ("log-in", ana.uid, limit)


def test_what_a_person_does_keeps_a_session_alive_and_polling_does_not(ana):
    client = logged_in()
    age(client, **{BEGUN: 3600, SEEN: 3600})
    client.get("/projects/shop/", headers={"HX-Request": "true"})
    client.get("/projects/shop/", headers={"Sec-Fetch-Mode": "cors"})
    assert time.time() - client.session[SEEN] > 3000
    client.get("/projects/shop/")
    assert time.time() - client.session[SEEN] < 60


def test_signs_of_life_are_noted_once_a_minute(ana):
    client = logged_in()
    before = client.session[SEEN]
    client.get("/projects/shop/")
    assert client.session[SEEN] == before


def test_a_deactivated_users_sessions_and_tokens_end_at_once_and_for_good(ana):
    client = logged_in()
    token, secret = services.create_token(acting(ana), ana, "importer", [], ["read"])
    answer = admin_form(ana, is_active="")
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert not is_in(client)
    assert ApiToken.objects.get(pk=token.pk).revoked_at
    bearer = {"Authorization": f"Bearer {secret}"}
    assert client.get("/api/v1/projects", headers=bearer).status_code == 401
    assert Event.objects.get(verb="user.session_ended").after["why"] == "deactivated"
    assert Event.objects.filter(verb="token.revoked", subject_uid=token.uid).exists()
    User.objects.filter(pk=ana.pk).update(is_active=True)
    assert not is_in(client)


def admin_form(user: User, **changes: str):
    """Save a person's page of the admin, as an administrator does."""
    client = Client()
    client.force_login(make_admin("root"))
    url = f"/admin/labeling/user/{user.pk}/change/"
    form = client.get(url).context["adminform"].form
    values = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    when = values.pop("date_joined")
    values |= {"date_joined_0": f"{when:%Y-%m-%d}", "date_joined_1": f"{when:%H:%M:%S}", "is_active": "on"}
    kept = {name: value for name, value in values.items() if value not in (None, False, []) and name != "last_login"}
    rows = {f"memberships-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    return client.post(url, {name: value for name, value in (kept | rows | changes).items() if value != ""})


def test_what_is_over_is_swept(ana):
    client = logged_in()
    services.forget_old_sessions()
    assert is_in(client)
    client.session.get_model_class().objects.update(expire_date="2020-01-01T00:00Z")
    services.forget_old_sessions()
    assert not UserSession.objects.exists()


def test_limits_are_in_order(settings):
    from config.checks import sessions_and_mail_are_set_up

    assert not sessions_and_mail_are_set_up()
    settings.SESSION_IDLE_SECONDS = settings.SESSION_ABSOLUTE_SECONDS + 1
    settings.MAIL_IS_SET_UP = True
    assert [error.id for error in sessions_and_mail_are_set_up()] == ["touchstone.E010", "touchstone.E011"]


def test_the_system_ends_sessions_too(ana):
    client = logged_in()
    assert services.end_sessions(system("test"), ana) == 1
    assert not is_in(client)
