"""Who may have a version judged again, and who may see benchmarks at all."""

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from common.problems import ProblemError
from deployment.models import StagedVersion
from evaluation.services import rejudge
from tests.evaluation.worlds import make_standing, make_world
from tests.factories import SYSTEM, acting, make_expert, make_manager, make_operator, make_project, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def staged() -> StagedVersion:
    return make_standing(make_world(cases=2), 1)


def test_operators_and_managers_may_judge_again(staged, sent):
    for person in (make_operator(staged.version.project), make_manager(staged.version.project)):
        rejudge(acting(person), staged)
    assert sent == 2 * [("evaluation.advance", staged.pk)]


def test_an_expert_and_a_stranger_may_not(staged):
    for person in (make_expert(staged.version.project), make_operator(make_project()), make_user()):
        with pytest.raises(PermissionDenied):
            rejudge(acting(person), staged)


def test_what_is_not_staged_cannot_be_judged(staged):
    staged.state = "removed"
    with pytest.raises(ProblemError, match="only a staged version can be judged"):
        rejudge(SYSTEM, staged)


def test_the_button_is_refused_to_an_expert(staged, client):
    url = reverse("evaluation:judge-again", args=["shop", staged.uid])
    client.force_login(make_expert(staged.version.project))
    assert client.post(url).status_code == 403
    client.force_login(make_operator(make_project()))
    assert client.post(url).status_code == 404
    client.logout()
    assert client.post(url).url.startswith("/login/")


def test_a_stranger_sees_no_benchmarks(staged, client):
    client.force_login(make_operator(make_project()))
    assert client.get(reverse("evaluation:benchmarks", args=["shop"])).status_code == 404
