"""The guideline: written by managers in versions, read by all, never over another's words."""

import pytest
from django.urls import reverse

from common.problems import ConflictError, ProblemError
from labeling import services
from labeling.models import Guideline, TaskSpec
from labeling.services.guidelines import MAX_GUIDELINE
from tests.factories import acting, make_expert, make_manager, make_project

pytestmark = pytest.mark.django_db
URL = "/projects/shop/guideline/"


@pytest.fixture
def mia(client):
    user = make_manager(make_project("shop"), "mia")
    client.force_login(user)
    return user


def project():
    return TaskSpec.objects.get().project


def test_each_change_is_a_version_and_the_task_stays_as_it_was(client, mia):
    for text in ("# One", "# Two", "# Two"):
        shown = client.get(URL).context["form"].initial["after"]
        assert client.post(URL, {"text": text, "after": shown}).status_code == 302
    assert list(Guideline.objects.order_by("number").values_list("number", "text")) == [(1, "# One"), (2, "# Two")]
    assert TaskSpec.objects.count() == 1
    assert "<h3>One</h3>" in client.get(f"{URL}?version=1").content.decode()
    page = client.get(URL).content.decode()
    assert "<h3>Two</h3>" in page
    assert "<del>One</del><ins>Two</ins>" in page
    assert client.get(f"{URL}?version=9").status_code == 404


def test_nobody_writes_over_what_they_did_not_read(client, mia):
    services.write_guideline(acting(mia), project(), "Of a colleague")
    answer = client.post(URL, {"text": "Mine", "after": 0})
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "mia wrote version 1 since you began" in html
    assert ">\nMine</textarea>" in html
    assert Guideline.objects.count() == 1
    assert client.post(URL, {"text": "Both", "after": 1}).status_code == 302


def test_a_preview_keeps_nothing(client, mia):
    html = client.post(
        URL, {"text": "**so** <b>not</b>", "preview": "1"}, headers={"HX-Request": "true"}
    ).content.decode()
    assert "<strong>so</strong> &lt;b&gt;not&lt;/b&gt;" in html
    assert "<html" not in html
    assert not Guideline.objects.exists()


def test_experts_read_it_beside_the_text_and_do_not_write_it(client, mia):
    services.write_guideline(acting(mia), project(), "Money is *billing*.")
    client.force_login(make_expert(project(), "ana"))
    panel = client.get(URL, headers={"HX-Request": "true"}).content.decode()
    assert "Money is <em>billing</em>." in panel
    assert "Tag the message." in panel
    assert "Save as a new version" not in client.get(URL).content.decode()
    assert client.post(URL, {"text": "x"}).status_code == 403


def test_too_much_is_refused_and_an_empty_one_takes_it_away(mia):
    who = acting(mia)
    with pytest.raises(ProblemError, match="Shorten it"):
        services.write_guideline(who, project(), "x" * (MAX_GUIDELINE + 1))
    services.write_guideline(who, project(), "x")
    assert services.write_guideline(who, project(), "  ").text == ""
    with pytest.raises(ConflictError):
        services.write_guideline(who, project(), "y", after=1)


def test_the_threshold_of_proposals_is_set_beside_it(client, mia):
    url = reverse("labeling:preselect", args=["shop"])
    assert client.post(url, {"preselect_from": "60"}).status_code == 302
    assert client.post(url, {"preselect_from": "101"}).status_code == 400
    assert project().preselect_from == 60
    client.post(url, {"preselect_from": ""})
    assert project().preselect_from is None
