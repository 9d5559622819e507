"""Comments ask members to look; nobody who answers blind reads them before; a skip says why."""

import pytest
from django.urls import reverse

from common.problems import ProblemError
from labeling import services
from labeling.models import Comment, Mention, Review, Sample
from labeling.timeline import hidden_from, timeline_of
from tests.factories import acting, make_expert, make_project, make_sample, make_user
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
def ben(project):
    return make_expert(project, "ben")


def test_a_member_is_asked_and_says_when_they_have_looked(client, project, ana, ben):
    sample = make_sample(project)
    client.post(reverse("labeling:comment", args=["shop", sample.uid]), {"text": "Is it billing, @Ben? Or, @ben, not."})
    mention = Mention.objects.get()
    assert (mention.user, mention.comment.text) == (ben, "Is it billing, @Ben? Or, @ben, not.")
    assert "Is it billing" in client.get(reverse("labeling:sample", args=["shop", sample.uid])).content.decode()
    client.force_login(ben)
    count = reverse("labeling:mentions", args=["shop"])
    assert "1 asks for you" in client.get(count, headers={"HX-Request": "true"}).content.decode()
    assert "Is it billing" in client.get(reverse("labeling:mine", args=["shop"])).content.decode()
    client.post(reverse("labeling:mention_seen", args=["shop", mention.uid]))
    assert client.get(count, headers={"HX-Request": "true"}).content.decode().strip() == ""


@pytest.mark.parametrize("text", ["@nobody, look", "@stranger, look", " ", "x" * 2001])
def test_a_name_that_is_no_members_and_an_empty_word_are_refused(project, ana, text):
    make_user("stranger")
    with pytest.raises(ProblemError):
        services.comment(acting(ana), make_sample(project), text)
    assert not Comment.objects.exists()


def test_an_address_of_mail_asks_nobody(project, ana, ben):
    services.comment(acting(ana), make_sample(project), "It came from x@ben, and mail@ben.example.")
    assert not Mention.objects.exists()


def test_what_was_refused_is_still_in_the_field(client, project, ana):
    sample = make_sample(project)
    url = reverse("labeling:comment", args=["shop", sample.uid])
    html = client.post(url, {"text": "Look, @nobody"}, follow=True).content.decode()
    assert "Nobody called &#x27;nobody&#x27;" in html
    assert "Look, @nobody</textarea>" in html


def test_who_answers_blind_reads_no_comment_before(project, ana, ben):
    sample = make_sample(project, split="test")
    services.comment(acting(ana), sample, "Billing, I say.")
    assert (timeline_of(sample), hidden_from(sample)) == ([], 1)
    services.decide(acting(ben), sample, ["billing"])
    assert "Billing, I say." in [event.detail for event in timeline_of(Sample.objects.get())]


def test_a_skip_keeps_its_reason_and_asks_a_colleague(client, project, ana, ben):
    make_sample(project)
    form = fields(page(client), action="skip", skip_reason="colleague", why="Two matters in one", ask="ben")
    assert client.post(URL, form).status_code == 302
    review = Review.objects.get()
    assert (review.skip_reason, review.comment) == ("colleague", "Two matters in one @ben")
    assert Mention.objects.get().comment.review == review
    assert [event.title for event in timeline_of(review.sample)] == ["Review"], "told once"


def test_a_skip_that_asks_nobody_known_is_refused_and_loses_nothing(client, project, ana):
    make_sample(project)
    refused = client.post(URL, fields(page(client), action="skip", ask="nobody"))
    assert refused.status_code == 400
    assert "Nobody called" in refused.content.decode()
    assert not Review.objects.exists()
