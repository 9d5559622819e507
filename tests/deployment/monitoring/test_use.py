"""What the watch reads: like with like, in order, bounded; and the experts' word, on the page and in the API."""

from datetime import timedelta

import pytest
from django.utils import timezone

from deployment.models import FailedRequest
from deployment.monitoring.comparison import Use
from deployment.monitoring.use import decided_of, requests_of, thinning
from deployment.monitoring.watch import watch_of, watch_promotions
from labeling.models import Feedback, Prediction, Review
from tests.deployment.serving.test_traffic import went_live
from tests.deployment.standins import make_server, serve_from
from tests.factories import make_expert, make_project, make_sample

pytestmark = pytest.mark.django_db
TAG = "shop:v2"


@pytest.fixture
def project():
    return make_project("shop")


def ago(minutes):
    return timezone.now() - timedelta(minutes=minutes)


def answer(project, text="", source="api", status="strict", minutes=0.0, tag=TAG, **fields):
    sample = make_sample(project, text) if text else None
    row = Prediction.objects.create(
        project=project, spec=project.spec, model_tag=tag, raw="", source=source, status=status, sample=sample, **fields
    )
    Prediction.objects.filter(pk=row.pk).update(created_at=ago(minutes))
    return row


def decided(project, expert, action, count, minutes, tag=TAG, **fields):
    """So many proposals, each of a text of its own, decided so long ago."""
    for _ in range(count):
        sample = make_sample(project)
        proposal = Prediction.objects.create(
            project=project, spec=project.spec, model_tag=tag, raw="", source="queue", status="strict", sample=sample
        )
        review = Review.objects.create(
            sample=sample, spec=project.spec, prediction=proposal, reviewer=expert, action=action, **fields
        )
        Review.objects.filter(pk=review.pk).update(created_at=ago(minutes))
    return review


def met(project, tag=TAG, **options):
    return requests_of(project, tag, ago(60), timezone.now(), **{"latest": False, **options})


def test_nothing_met_is_nothing(project):
    assert met(project) == Use(errors=[], unreadable=[], disliked=[], slower=[])


def test_proposals_and_what_comes_from_outside_are_no_requests(project):
    for source in ("queue", "outside", "api", "analyze"):
        given = answer(project, f"Hello {source}", source, latency_ms=5.0, status="failed")
        Feedback.objects.create(project=project, prediction=given, thumb=-1)
    found = met(project)
    assert [stratum[0] for stratum, _ in found.unreadable] == ["api", "analyze"]
    assert found.slower == [(("api", 2), 5.0), (("analyze", 2), 5.0)]
    assert len(found.disliked) == len(found.errors) == 2


def test_alike_are_texts_of_one_source_up_to_four_times_as_long(project):
    for text in ("a" * 63, "b" * 64, "c" * 255, "d" * 256, "ä" * 128, ""):
        answer(project, text)
    assert [stratum for stratum, _ in met(project).unreadable] == [
        ("api", 3), ("api", 3), ("api", 4), ("api", 4), ("api", 4), ("api", -1),
    ]  # fmt: skip


def test_failures_stand_among_the_answers_in_order_of_time(project):
    for minutes in (30, 20, 10):
        answer(project, minutes=minutes)
    failed = FailedRequest.objects.create(project=project, model_tag=TAG, sentence="away")
    FailedRequest.objects.filter(pk=failed.pk).update(created_at=ago(15))
    assert [bad for _, bad in met(project).errors] == [0.0, 0.0, 1.0, 0.0]
    assert [bad for _, bad in met(project, most=2).errors] == [0.0, 0.0]
    assert [bad for _, bad in met(project, most=2, latest=True).errors] == [1.0, 0.0]


def test_the_last_word_on_an_answer_counts_once(project):
    given = answer(project)
    for thumb in (-1, -1, 1):
        Feedback.objects.create(project=project, prediction=given, thumb=thumb)
    assert [bad for _, bad in met(project).disliked] == [0.0]


def test_of_many_a_part_is_read_spread_over_the_time(project):
    rows = [answer(project).pk for _ in range(12)]
    every = thinning(project, TAG, ago(60), timezone.now(), most=5)
    assert every == 3
    assert len(met(project, every=every).unreadable) == sum(pk % 3 == 0 for pk in rows) == 4
    assert thinning(project, TAG, ago(60), timezone.now()) == 1


def test_the_experts_word_is_of_proposals_that_stand(project):
    ana, bob = make_expert(project, "ana"), make_expert(project, "bob")
    decided(project, ana, "confirm", 1, 5)
    decided(project, bob, "correct", 1, 4)
    decided(project, bob, "reject", 1, 3)
    decided(project, bob, "confirm", 1, 2, tag="shop:v1")
    taken_back = decided(project, bob, "correct", 1, 3)
    Review.objects.create(sample=taken_back.sample, spec=project.spec, reviewer=bob, action="undo", undoes=taken_back)
    Review.objects.create(sample=make_sample(project), spec=project.spec, reviewer=bob, action="correct")
    found = decided_of(project, TAG, ago(60), timezone.now(), latest=False)
    assert [(stratum[0], stratum[2], bad) for stratum, bad in found] == [
        (ana.pk, "queue", 0.0), (bob.pk, "queue", 1.0),
    ]  # fmt: skip
    latest = decided_of(project, TAG, ago(60), timezone.now(), latest=True, most=1)
    assert [bad for _, bad in latest] == [1.0]


@pytest.fixture
def moved(project, standin):
    """Version 2 replaced version 1 two hours ago; the requests' half hour is over. Ana confirmed 40 of 50 before."""
    serve_from(project, make_server(standin.url))
    ana = make_expert(project, "ana")
    old = went_live(project, 1, minutes_ago=500)
    move = went_live(project, 2, minutes_ago=120, previous=old.version)
    decided(project, ana, "confirm", 40, 300, tag="shop:v1")
    decided(project, ana, "correct", 10, 300, tag="shop:v1")
    return move


def test_a_confirm_rate_that_fell_is_told_once_sixty_are_in(moved, django_assert_max_num_queries):
    project, ana = moved.project, moved.project.memberships.get().user
    decided(project, ana, "correct", 40, 60)
    decided(project, ana, "confirm", 19, 50)
    assert watch_promotions() == 0
    assert watch_of(moved).signals[0].verdict == "not judged: 59 of 60"
    decided(project, ana, "confirm", 1, 40)
    with django_assert_max_num_queries(16):
        assert watch_promotions() == 1
    finding = project.findings.get()
    assert "20 of 60 proposals were confirmed by experts (33%; before, of the like, 80%)" in finding.sentence
    assert finding.found == "confirmed"


def test_page_and_api_say_what_is_not_judged(moved, client):
    project, ana = moved.project, moved.project.memberships.get().user
    decided(project, ana, "confirm", 12, 60)
    client.force_login(ana)
    html = client.get(f"/projects/shop/deployments/{moved.uid}/").content.decode()
    assert "Watch: shop:v2 against shop:v1" in html
    assert "not judged: 12 of 60" in html
    said = client.get("/api/v1/projects/shop/watch").json()
    assert (said["version"], said["previous"], said["over"]) == (2, 1, False)
    first = said["signals"][0]
    assert (first["name"], first["verdict"], first["value"], first["before"]) == (
        "confirmed", "not judged: 12 of 60", 1.0, 0.8,
    )  # fmt: skip


def test_where_nothing_is_held_against_anything_the_api_says_null(project, client):
    client.force_login(make_expert(project, "ana"))
    said = client.get("/api/v1/projects/shop/watch").json()
    assert (said["version"], said["signals"], said["over"]) == (None, [], True)
