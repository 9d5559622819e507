"""My reviews: all of mine and nobody else's, what I changed, and the way back to each."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from labeling import services
from labeling.models import GoldenSample, Review, Sample
from labeling.views import mine
from tests.factories import acting, make_expert, make_project, make_sample
from tests.labeling.proposing import propose

pytestmark = pytest.mark.django_db
URL = "/projects/shop/reviews/"


@pytest.fixture
def project():
    return make_project("shop")


@pytest.fixture
def ana(project, client):
    user = make_expert(project, "ana")
    client.force_login(user)
    return user


@pytest.fixture
def reviews(project, ana):
    """One of each: confirmed, corrected, labelled, skipped, rejected; and one of a colleague."""
    who, texts = (
        acting(ana),
        [make_sample(project, f"The {word} one") for word in ("first", "second", "third", "fourth")],
    )
    for text in texts[:2]:
        services.decide(who, text, ["billing"] if text is texts[0] else ["praise"], prediction=propose(text))
    services.decide(who, texts[2], ["billing"])
    services.skip(who, texts[3], skip_reason="unclear")
    services.reject(who, make_sample(project, "The fifth one"))
    services.decide(acting(make_expert(project, "ben")), make_sample(project, "Of a colleague"), ["billing"])


def said(client, **asked):
    return [line.review.done for line in client.get(URL, asked).context["lines"]]


def test_mine_are_listed_in_words_and_filtered(client, reviews):
    assert said(client) == ["rejected", "skipped", "labelled", "corrected", "confirmed"]
    for what in said(client):
        assert said(client, what=what) == [what]
    html = client.get(URL).content.decode()
    assert "Added: praise. Taken away: billing." in html
    assert "The text is unclear" in html
    assert "Of a colleague" not in html


def test_days_choose(client, reviews):
    Review.objects.filter(action="reject").update(created_at=timezone.now() - timedelta(days=3))
    today = timezone.localtime().date().isoformat()
    assert "rejected" not in said(client, since=today)
    assert said(client, until="2001-01-01") == []
    assert client.get(URL, {"since": "no day"}).status_code == 200


def test_pages_go_by_id(client, reviews):
    first = client.get(URL)
    older = first.context["lines"][1].review.uid
    assert [line.review.done for line in client.get(URL, {"before": older}).context["lines"]] == [
        "labelled", "corrected", "confirmed",
    ]  # fmt: skip
    assert mine.PAGE >= 5
    assert client.get(URL, {"before": "rubbish"}).status_code == 200


def test_any_of_mine_is_taken_back_and_decided_anew(client, project, ana, reviews):
    sample = Sample.objects.get(text="The first one")
    assert client.post(reverse("labeling:review_this", args=["shop", sample.uid])).url == "/projects/shop/review/"
    page = client.get("/projects/shop/review/").content.decode()
    assert "The first one" in page
    assert 'value="billing" checked' in page
    services.decide(acting(ana), Sample.objects.get(pk=sample.pk), ["delivery"])
    assert GoldenSample.objects.current().get(sample=sample).answer == {"labels": ["delivery"]}
    assert said(client)[0] == "labelled"
    stale = [line for line in client.get(URL).context["lines"] if line.review.sample == sample][-1]
    assert not stale.can_go_back
