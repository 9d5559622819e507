"""A manager marks a test text that no version may lose, and takes the mark back."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from rest_framework.test import APIClient

from common.problems import ConflictError, ProblemError
from labeling import services
from labeling.models import Event, MustPass
from labeling.services import create_token
from tests.factories import SYSTEM, acting, make_expert, make_manager, make_operator, make_project, make_sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture
def mia(project):
    return make_manager(project, "mia")


@pytest.fixture
def sample(project):
    return make_sample(project, "My order was charged twice", split="test")


def marked() -> bool:
    return MustPass.objects.in_force().exists()


def test_it_is_marked_with_a_reason_and_taken_back(mia, sample):
    services.mark_must_pass(acting(mia), sample, "  it cost us a customer ")
    with pytest.raises(ConflictError, match="already"):
        services.mark_must_pass(acting(mia), sample, "again")
    services.lift_must_pass(acting(mia), sample, "solved")
    assert not marked()
    with pytest.raises(ConflictError, match="not marked"):
        services.lift_must_pass(acting(mia), sample)
    services.mark_must_pass(acting(mia), sample, "it came back")
    assert list(MustPass.objects.values_list("reason", flat=True)) == [
        "it came back",
        "solved",
        "it cost us a customer",
    ]
    verbs = Event.objects.filter(subject_uid=sample.uid).order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["sample.must_pass", "sample.may_fail", "sample.must_pass"]


@pytest.mark.parametrize("reason", ["", "  ", "x" * 2001])
def test_a_mark_needs_a_reason(mia, sample, reason):
    with pytest.raises(ProblemError, match="Say why"):
        services.mark_must_pass(acting(mia), sample, reason)


@pytest.mark.parametrize("split", ["train", "validation"])
def test_what_versions_learn_from_cannot_be_one(project, mia, split):
    with pytest.raises(ProblemError, match="Only test texts"):
        services.mark_must_pass(acting(mia), make_sample(project, split=split), "an incident")


def test_only_managers_mark_and_take_back(project, mia, sample):
    others = make_expert(project), make_operator(project), make_manager(make_project())
    for user in others:
        with pytest.raises(PermissionDenied):
            services.mark_must_pass(acting(user), sample, "no")
    services.mark_must_pass(acting(mia), sample, "yes")
    for user in others:
        with pytest.raises(PermissionDenied):
            services.lift_must_pass(acting(user), sample)


def test_the_page_asks_says_by_whom_and_why_and_takes_back(client, mia, sample):
    client.force_login(mia)
    detail, mark, lift = (
        reverse(f"labeling:{name}", args=["shop", sample.uid]) for name in ("sample", "must_pass", "may_fail")
    )
    assert mark in client.get(detail).content.decode()
    assert "Must every version pass this text?" in client.get(mark).content.decode()
    assert client.post(mark, {"reason": " "}).status_code == 400
    html = client.post(mark, {"reason": "an <incident>"}, follow=True).content.decode()
    assert "Must pass, says mia" in html
    assert "an &lt;incident&gt;" in html
    assert mark not in html
    html = client.post(lift, {"reason": ""}, follow=True).content.decode()
    assert "Must pass, says mia" not in html
    assert "may fail" in html, "the history keeps both"


def test_a_training_text_and_an_expert_find_no_button(client, project, mia, sample):
    client.force_login(mia)
    trained = make_sample(project)
    assert "Must pass" not in client.get(reverse("labeling:sample", args=["shop", trained.uid])).content.decode()
    client.force_login(make_expert(project))
    assert "Must pass" not in client.get(reverse("labeling:sample", args=["shop", sample.uid])).content.decode()


@pytest.mark.parametrize(("scopes", "status"), [(["read", "import", "operate"], 403), (["read", "manage"], 200)])
def test_the_api_marks_and_takes_back_with_the_scope_to_manage(project, mia, sample, scopes, status):
    client = APIClient()
    _, secret = create_token(SYSTEM, mia, "bot", [project], scopes)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    url = f"/api/v1/projects/shop/samples/{sample.uid}"
    done = client.post(f"{url}/must-pass", {"reason": "an incident"}, format="json")
    assert done.status_code == status
    if status == 200:
        assert done.json()["must_pass"] == client.get(url).json()["must_pass"] == "an incident"
        assert client.post(f"{url}/must-pass", {"reason": "no"}, format="json").status_code == 409
        assert client.post(f"{url}/may-fail", {}, format="json").json()["must_pass"] is None
    assert not marked()
