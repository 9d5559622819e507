"""After a blind answer the model's may be looked at: the blind answer stays the recorded one, whatever follows."""

import pytest
from django.urls import reverse

from common.problems import ConflictError
from labeling import services
from labeling.models import GoldenSample, Review, Sample, SecondLook
from tests.factories import acting, make_expert, make_project, make_sample
from tests.labeling.proposing import propose
from tests.labeling.test_review_page import URL, fields, page

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture
def ana(project, client):
    user = make_expert(project, "ana")
    client.force_login(user)
    return user


@pytest.fixture
def review(ana, project):
    """Ana's blind answer, where a model has said something else."""
    sample = make_sample(project, "Where is my money?", split="test")
    propose(sample, '{"labels": ["praise"]}', source="api")
    return services.decide(acting(ana), sample, ["billing"])


def url_of(review):
    return reverse("labeling:compare", args=["shop", review.uid])


def test_it_is_offered_after_the_answer_and_shown_once_it_is_asked_for(client, project, ana):
    sample = make_sample(project, "Where is my money?", split="test")
    propose(sample, '{"labels": ["praise"]}', source="api")
    saved = client.post(URL, fields(page(client), labels=["billing"]), headers={"HX-Request": "true"}).content.decode()
    review = Review.objects.get()
    assert url_of(review) in saved
    assert "praise" not in client.get(url_of(review)).content.decode()
    shown = client.post(url_of(review), follow=True).content.decode()
    assert "praise" in shown
    assert shown.index("Keep mine") < shown.index("Ask others, blind")
    golden = GoldenSample.objects.judging().get()
    assert (golden.given, golden.answer) == ("blind", {"labels": ["billing"]})


def test_nothing_is_offered_where_no_model_answered_or_the_text_is_not_blind(client, project, ana):
    make_sample(project, "A test text", split="test", rank=1)
    propose(make_sample(project, "Another", rank=2))
    for _ in range(2):
        saved = client.post(URL, fields(page(client), labels=["billing"]), headers={"HX-Request": "true"})
        assert "/compare/" not in saved.content.decode()


def test_who_has_looked_cannot_take_the_blind_answer_back(project, ana, review):
    services.look_again(acting(ana), review)
    with pytest.raises(ConflictError, match="stays"):
        services.undo(acting(ana), project)
    assert GoldenSample.objects.judging().count() == 1


def test_a_further_answer_of_who_has_looked_is_not_blind(ana, project, review):
    services.look_again(acting(ana), review)
    services.recheck(acting(ana), review.sample)
    services.decide(acting(ana), Sample.objects.get(), ["praise"])
    assert GoldenSample.objects.current().get().given == "seen"
    assert not GoldenSample.objects.judging().exists()


def test_no_page_shows_what_a_model_says_to_who_has_not_looked(client, ana, project, review):
    said = review.sample.predictions.get()
    pages = [
        reverse("labeling:sample", args=["shop", review.sample.uid]),
        reverse("labeling:proposal", args=["shop", said.uid]),
    ]

    def shown():
        return ["praise" in client.get(url).content.decode() for url in pages]

    assert shown() == [False, False]
    services.look_again(acting(ana), review)
    assert shown() == [True, True]
    client.force_login(make_expert(project, "ben"))
    assert shown() == [True, True], "what ben sees flips no answer of ana's"


def test_before_the_look_undo_and_a_blind_answer_are_as_ever(ana, project, review):
    services.undo(acting(ana), project)
    services.decide(acting(ana), Sample.objects.get(), ["praise"])
    assert GoldenSample.objects.current().get().given == "blind"


def test_only_ones_own_answer_in_force_is_compared(client, ana, project, review):
    with pytest.raises(ConflictError):
        services.look_again(acting(make_expert(project, "ben")), review)
    services.recheck(acting(ana), review.sample)
    answer = client.post(url_of(review), headers={"HX-Request": "true"})
    assert answer.status_code == 409
    assert "praise" not in answer.content.decode()
    assert not SecondLook.objects.exists()


def test_others_are_asked_blind(client, ana, review):
    services.look_again(acting(ana), review)
    assert client.post(url_of(review), {"others": "1"}).status_code == 302
    assert Sample.objects.get().state == "pending"
