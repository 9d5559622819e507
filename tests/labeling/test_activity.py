"""Activity in pages, API and admin: narrowed by person, verb, subject and day; in pages; only what one may see."""

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from labeling import services
from labeling.models import Event
from labeling.services import create_token, events
from labeling.views import activity
from tests.factories import SYSTEM, acting, make_admin, make_expert, make_manager, make_project, make_sample

pytestmark = pytest.mark.django_db
PAGE, API = "/projects/shop/activity/", "/api/v1/projects/shop/events"


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture
def ana(project):
    return make_expert(project, "ana")


@pytest.fixture
def corrected(project, ana):
    sample = make_sample(project)
    services.decide(acting(ana), sample, ["praise"])
    return sample


def html_of(client, user, url=PAGE, status=200, **query):
    client.force_login(user)
    answer = client.get(url, query)
    assert answer.status_code == status
    return answer.content.decode()


def test_the_page_says_who_did_what(client, ana, corrected):
    html = html_of(client, ana)
    assert "<td>gave a sample its answer" in html
    assert str(corrected.uid)[:8] in html
    assert f'href="{PAGE}" aria-current="page"' in html


def test_an_empty_page_says_so(client, ana):
    assert "Nothing has happened yet" in html_of(client, ana)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"person": "ana"}, True),
        ({"verb": "sample.corrected"}, True),
        ({"verb": "sample.rejected"}, False),
        ({"subject": "sample"}, True),
        ({"subject": "training_run"}, False),
        ({"since": "2001-01-01"}, True),
        ({"until": "2001-01-01"}, False),
    ],
)
def test_it_is_narrowed(client, ana, corrected, asked, found):
    html = html_of(client, ana, **asked)
    assert ("Nothing found" not in html) is found
    rows = APIClient()
    rows.force_login(ana)
    names = {"person": "actor", "subject": "subject_type"}
    asked = {names.get(name, name): value for name, value in asked.items()}
    assert bool(rows.get(API, asked).json()["results"]) is found


def test_the_events_of_one_sample(client, project, ana, corrected):
    other = make_sample(project)
    services.reject(acting(ana), other)
    html = html_of(client, ana, subject="sample", uid=str(other.uid))
    assert "<td>rejected a sample" in html
    assert "<td>gave a sample its answer" not in html


@pytest.mark.parametrize(
    "asked", [{"verb": "x.y"}, {"subject": "moon"}, {"since": "soon"}, {"uid": "7"}, {"person": "nobody"}]
)
def test_a_value_that_means_nothing_is_refused(client, ana, corrected, asked):
    assert 'role="alert"' in html_of(client, ana, status=400, **asked)
    caller = APIClient()
    caller.force_login(ana)
    assert caller.get(API, asked).status_code == 400


def test_the_api_refuses_a_filter_that_it_does_not_know(ana):
    caller = APIClient()
    caller.force_login(ana)
    assert "There is no such parameter" in caller.get(API, {"who": "ana"}).json()["errors"]["who"][0]


def test_pages_go_by_id(client, project, ana, monkeypatch):
    monkeypatch.setattr(activity, "PAGE", 2)
    made = [events.record(SYSTEM, "project.changed", project, after={"number": n}) for n in range(3)]
    assert f"before={made[1].pk}" in html_of(client, ana)
    older = html_of(client, ana, before=str(made[1].pk))
    assert "Newest" in older
    assert "Older" not in older


def test_the_api_pages_by_cursor_and_gives_no_private_id(project, ana, corrected):
    caller = APIClient()
    caller.force_login(ana)
    services.reject(acting(ana), make_sample(project))
    first = caller.get(API, {"page_size": 1}).json()
    assert [row["verb"] for row in first["results"]] == ["sample.rejected"]
    row = caller.get(first["next"]).json()["results"][0]
    assert (row["actor"], row["words"], row["project"]) == ("ana", "gave a sample its answer", "shop")
    assert "id" not in row


def test_a_token_with_read_sees_its_project_and_no_more(project):
    token, secret = create_token(SYSTEM, make_admin("ada"), "reader", [project], ["read"])
    caller = APIClient()
    caller.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    verbs = [row["verb"] for row in caller.get(API).json()["results"]]
    assert verbs == ["token.created"]
    assert caller.get("/api/v1/events").status_code == 403
    assert token.owner.is_superuser


def test_strangers_see_nothing_and_all_is_for_administrators(client, project, ana):
    stranger = make_expert(make_project("other"))
    html_of(client, stranger, status=404)
    html_of(client, ana, "/activity/", status=403)
    caller = APIClient()
    caller.force_login(make_manager(project))
    assert caller.get("/api/v1/events").status_code == 403
    ada = make_admin("ada")
    services.create_user(acting(ada), "new", "pass-word-1")
    assert "<td>created a user" in html_of(client, ada, "/activity/")
    assert "<td>created a user" not in html_of(client, ada)
    caller.force_login(ada)
    assert "user.created" in [row["verb"] for row in caller.get("/api/v1/events").json()["results"]]


def test_the_admins_history_of_an_object_is_its_events(client, corrected):
    client.force_login(make_admin("ada"))
    html = client.get(reverse("admin:labeling_sample_history", args=[corrected.pk])).content.decode()
    assert "sample.corrected" in html
    assert "ana" in html


def test_events_are_read_only_in_the_admin(client, corrected):
    client.force_login(make_admin("ada"))
    event = Event.objects.get(verb="sample.corrected")
    assert client.get(reverse("admin:labeling_event_changelist")).status_code == 200
    assert "sample.corrected" in client.get(reverse("admin:labeling_event_change", args=[event.pk])).content.decode()
    assert client.post(reverse("admin:labeling_event_delete", args=[event.pk]), {"post": "yes"}).status_code == 403
