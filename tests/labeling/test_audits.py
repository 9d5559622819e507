"""A text that audits what is accepted is answered blind, by whatever door; nothing else of it changes."""

import pytest
from django.urls import reverse

from common.problems import ConflictError, ProblemError
from labeling.models import GoldenSample, Sample
from labeling.services import (
    accept_proposals,
    audit_proposals,
    choose,
    decide,
    feedback,
    look_again,
    reopen_accepted,
    skip,
)
from tests.factories import SYSTEM, acting, make_admin, make_expert, make_project, make_sample
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
def prediction(project):
    """The proposal to a text that was drawn."""
    found = propose(make_sample(project, "Where is my money?"), SECRET)
    assert audit_proposals(SYSTEM, project, [found]) == [found]
    found.refresh_from_db()
    return found


def test_the_card_shows_no_proposal_and_says_why(client, ana, prediction):
    html = page(client)
    assert "Audit: your own answer first; no proposal is shown." in html
    assert "checked" not in html
    assert "shop:v1" not in html
    assert client.post(URL, fields(html, labels=["billing"])).status_code == 302
    golden = GoldenSample.objects.get()
    assert (golden.given, golden.answer) == ("blind", {"labels": ["billing"]})


def test_no_door_tells_what_the_model_said_before_the_answer_is_there(client, ana, prediction):
    sample = reverse("labeling:sample", args=["shop", prediction.sample.uid])
    asked = f"/api/v1/projects/shop/predictions/{prediction.uid}"
    html = client.get(sample).content.decode()
    assert "drawn to audit what is accepted" in html
    assert "shop:v1" not in html
    assert "This is an audit" in client.get(asked).json()["detail"]
    similar = client.get(f"/api/v1/projects/shop/samples/{prediction.sample.uid}/similar")
    assert (similar.status_code, "This text is an audit" in similar.json()["detail"]) == (409, True)
    review = decide(acting(ana), Sample.objects.get(), ["billing"])
    assert "shop:v1" not in client.get(sample).content.decode(), "she could still take her answer back"
    look_again(acting(ana), review)
    assert "shop:v1" in client.get(sample).content.decode()
    assert client.get(asked).status_code == 200


def test_the_admin_tells_nothing_of_it_either(client, ana, prediction):
    kept = propose(make_sample(prediction.project), '{"labels": ["delivery"]}')
    for row in (prediction, kept):
        feedback.give_feedback(SYSTEM, row, thumb=1)
    client.force_login(make_admin())
    predictions = client.get(reverse("admin:labeling_prediction_changelist")).content.decode()
    assert ("delivery" in predictions, "praise" in predictions) == (True, False)
    given = client.get(reverse("admin:labeling_feedback_changelist")).content.decode()
    assert (kept.sample.text in given, prediction.sample.text in given) == (True, False)
    url = reverse("admin:labeling_prediction_change", args=[prediction.pk])
    assert client.get(url).status_code == 302
    decide(acting(ana), Sample.objects.get(pk=prediction.sample_id), ["billing"])
    assert client.get(url).status_code == 200


def test_nobody_chooses_it_and_once_skipped_it_comes_again_soon(project, ana, prediction):
    with pytest.raises(ConflictError, match="an audit: nobody chooses"):
        choose(acting(ana), prediction.sample)
    for rank in range(1, 26):
        make_sample(project, rank=rank)
    skip(acting(ana), Sample.objects.get(pk=prediction.sample_id))
    assert list(Sample.objects.pending()).index(prediction.sample) == 20


def test_an_answer_beside_the_proposal_is_refused(ana, prediction):
    with pytest.raises(ProblemError, match="this is an audit"):
        decide(acting(ana), Sample.objects.get(), ["praise"], prediction=prediction)
    assert not GoldenSample.objects.exists()


def test_on_the_analyze_page_nothing_is_saved(client, ana, prediction):
    shown = propose(Sample.objects.get(), SECRET, source="analyze")
    html = client.get(f"{reverse('deployment:analyze', args=['shop'])}?prediction={shown.uid}").content.decode()
    assert "the audit leaves it out" in html
    assert 'name="action"' not in html


def test_feedback_neither_answers_nor_moves_it(ana, prediction):
    found = feedback.give_feedback(acting(ana), prediction, answer={"labels": ["praise"]})
    assert found.effect == "audit"
    assert Sample.objects.get().state == "pending"


def test_models_propose_to_it_no_more_and_it_comes_first(project, prediction):
    before = make_sample(project)
    assert list(Sample.objects.to_propose()) == [before]
    assert list(Sample.objects.pending()) == [prediction.sample, before]


def test_only_texts_that_wait_are_drawn_or_accepted(project, ana, prediction):
    decided = propose(make_sample(project), SECRET)
    decide(acting(ana), decided.sample, ["billing"])
    test_text = propose(make_sample(project, split="test"), SECRET)
    unreadable = propose(make_sample(project), "no")
    assert accept_proposals(SYSTEM, project, [prediction, decided, test_text, unreadable]) == []
    assert audit_proposals(SYSTEM, project, [prediction, decided, test_text]) == []


def test_what_was_accepted_can_be_sent_back(project, ana):
    proposal = propose(make_sample(project), SECRET)
    (golden,) = accept_proposals(SYSTEM, project, [proposal])
    assert reopen_accepted(SYSTEM, project, [golden.pk]) == 1
    assert reopen_accepted(SYSTEM, project, [golden.pk]) == 0
    golden.refresh_from_db()
    assert golden.retired_at is not None
    assert Sample.objects.get().state == "pending"
    by_hand = decide(acting(ana), Sample.objects.get(), ["billing"]).golden_samples.get()
    assert reopen_accepted(SYSTEM, project, [by_hand.pk]) == 0
