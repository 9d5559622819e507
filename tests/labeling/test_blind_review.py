"""Test texts are answered without a proposal: none is shown anywhere before, and none counts."""

import re

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from common.problems import ConflictError, ProblemError
from labeling import services
from labeling.models import GoldenSample, Review
from labeling.services import create_token
from tests.factories import SYSTEM, acting, make_expert, make_manager, make_project, make_sample
from tests.labeling.proposing import propose
from tests.labeling.test_review_page import URL, fields, page

pytestmark = pytest.mark.django_db
SECRET = '{"labels": ["praise"]}'


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture
def ana(project, client):
    user = make_expert(project, "ana")
    client.force_login(user)
    return user


@pytest.fixture
def sample(project):
    """A test text of which a model has said something already."""
    sample = make_sample(project, "Where is my money?", split="test")
    propose(sample, SECRET, source="api")
    return sample


def test_the_card_shows_no_proposal_and_says_why(client, ana, sample):
    html = page(client)
    assert "Test text: your own answer first; no proposal is shown." in html
    assert "checked" not in html
    assert "shop:v1" not in html
    assert "?proposal=" not in html
    assert client.get(f"{URL}?proposal={sample.uid}").status_code == 204


def test_the_answer_is_golden_and_blind(client, ana, sample):
    assert client.post(URL, fields(page(client), labels=["billing"])).status_code == 302
    golden = GoldenSample.objects.judging().get()
    assert (golden.given, golden.answer, golden.review.prediction) == ("blind", {"labels": ["billing"]}, None)


def test_nothing_chosen_is_asked_once_more(client, ana, sample):
    answer = client.post(URL, fields(page(client)))
    assert answer.status_code == 400
    client.post(URL, fields(answer.content.decode()))
    assert GoldenSample.objects.get().answer == {"labels": []}


def test_an_answer_beside_a_proposal_is_refused_and_does_not_come_back_as_ones_own(client, ana, sample):
    form = fields(page(client), prediction=sample.predictions.get().uid, labels=["praise"])
    answer = client.post(URL, form)
    html = answer.content.decode()
    assert answer.status_code == 400
    assert "beside a model" in html
    assert "checked" not in html
    assert not Review.objects.exists()


@pytest.mark.parametrize("verb", ["confirm", "decide", "skip", "reject"])
def test_no_service_takes_a_decision_beside_a_proposal(ana, sample, verb):
    details = {"answer": ["praise"]} if verb == "decide" else {}
    with pytest.raises(ProblemError, match="test text"):
        getattr(services, verb)(acting(ana), sample, prediction=sample.predictions.get(), **details)
    assert not Review.objects.exists()


def test_the_samples_page_hides_what_was_said_until_the_answer_is_there(client, ana, sample):
    services.give_feedback(acting(ana), sample.predictions.get(), comment="it is praise, is it not")
    url = reverse("labeling:sample", args=["shop", sample.uid])
    html = client.get(url).content.decode()
    assert "(2 so far) is hidden until it has its answer" in html
    assert "praise" not in html
    review = services.decide(acting(ana), sample, ["billing"])
    assert "praise" not in client.get(url).content.decode(), "she could still take her answer back"
    services.look_again(acting(ana), review)
    html = client.get(url).content.decode()
    assert html.count("praise") == 2
    assert "hidden until" not in html


def test_the_api_tells_a_program_and_no_person(ana, sample):
    url = f"/api/v1/projects/shop/predictions/{sample.predictions.get().uid}"
    person, program = APIClient(), APIClient()
    person.force_login(ana)
    _, secret = create_token(SYSTEM, ana, "bot", [sample.project], ["read"])
    program.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert person.get(url).status_code == 409
    assert program.get(url).status_code == 200
    services.decide(acting(ana), sample, ["billing"])
    assert person.get(url).status_code == 200


def test_nobody_chooses_a_test_text(client, ana, sample):
    with pytest.raises(ConflictError, match="nobody chooses"):
        services.choose(acting(ana), sample)
    detail = reverse("labeling:sample", args=["shop", sample.uid])
    assert "Review now" not in client.get(detail).content.decode()
    html = client.post(reverse("labeling:review_this", args=["shop", sample.uid]), follow=True).content.decode()
    assert "nobody chooses" in html
    sample.refresh_from_db()
    assert sample.lease_user is None


def test_an_undone_answer_is_filled_in_for_its_own_expert_alone(client, project, ana, sample):
    services.decide(acting(ana), sample, ["billing"])
    services.undo(acting(ana), project)
    assert re.findall(r'value="(\w+)" checked', page(client)) == ["billing"]
    services.decide(acting(ana), sample, ["billing"])
    ben = make_manager(project, "ben")
    services.reopen(acting(ben), sample)
    client.force_login(ben)
    assert "checked" not in page(client)
