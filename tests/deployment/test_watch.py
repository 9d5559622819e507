"""The watch after a promotion: worse beyond chance and tolerance, and what is done about it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from deployment.models import Deployment, FailedRequest, Finding
from deployment.services import live_version, promote, rollback
from deployment.services.findings import dismiss, open_findings, restore
from deployment.services.watching import watch_promotions
from deployment.watch import Limits, Use, complaints, wilson_lower
from labeling.models import Feedback, Prediction
from labeling.problems import ConflictError
from tests.deployment.standins import make_server, make_staged, serve_from
from tests.factories import make_admin, make_project


def test_wilson_against_published_values():
    # E. B. Wilson's interval for 8 of 10 at 95 %: 0.490 to 0.943.
    assert wilson_lower(8, 10) == pytest.approx(0.490, abs=0.001)
    assert wilson_lower(0, 10) == 0
    assert wilson_lower(0, 0) == 0


@pytest.mark.parametrize(
    ("now", "before", "says"),
    [
        (Use(requests=100, errors=30), Use(requests=100, errors=2), "30 of 100 requests got no answer"),
        (Use(requests=40, parse_failures=20), Use(), "20 of 40 answers could not be read"),
        (Use(requests=40, thumbs=30, thumbs_down=20), Use(thumbs=30, thumbs_down=3), "20 of 30 thumbs were down"),
        (Use(requests=40, p95=900.0), Use(requests=40, p95=300.0), "3.0 times as long"),
    ],
)
def test_what_is_worse_is_said(now, before, says):
    (sentence,) = complaints(now, before, Limits())
    assert says in sentence


@pytest.mark.parametrize(
    ("now", "before"),
    [
        (Use(requests=19, errors=19), Use(requests=100)),
        (Use(requests=100, errors=8), Use(requests=100, errors=2)),
        (Use(requests=100, errors=30), Use(requests=100, errors=28)),
        (Use(requests=40, p95=900.0), Use(requests=3, p95=300.0)),
        (Use(requests=40, thumbs=3, thumbs_down=3), Use()),
    ],
)
def test_chance_and_small_numbers_are_no_complaint(now, before):
    assert complaints(now, before, Limits()) == []


@pytest.fixture
def shop(db, standin):
    """Version 2 has just replaced version 1, which answered 40 requests well."""
    project = make_project("shop")
    serve_from(project, make_server(standin.url))
    admin = make_admin("ada")
    for number in (1, 2):
        promote(admin, make_staged(project, number))
    asked(project, "shop:v1", 40)
    Prediction.objects.update(created_at=timezone.now() - timedelta(minutes=1))
    Deployment.objects.filter(state="live").update(live_at=timezone.now() - timedelta(seconds=30))
    return project


def asked(project, tag, times, status="strict"):
    same = {"project": project, "spec": project.spec, "model_tag": tag, "status": status, "source": "api"}
    return Prediction.objects.bulk_create([Prediction(**same, raw="", latency_ms=5.0) for _ in range(times)])


def test_a_good_version_stays(shop):
    asked(shop, "shop:v2", 40)
    assert watch_promotions() == 0
    assert live_version(shop).number == 2


def test_a_worse_version_is_told_of_and_stays_until_somebody_decides(shop):
    asked(shop, "shop:v2", 40, status="failed")
    assert watch_promotions() == 1
    assert watch_promotions() == 1
    (finding,) = open_findings(shop)
    assert "40 of 40 answers could not be read" in finding.sentence
    assert live_version(shop).number == 2
    restore(make_admin("eve"), finding)
    assert live_version(shop).number == 1
    assert Deployment.objects.first().reason == finding.sentence


def test_what_was_dismissed_is_not_told_again(shop):
    asked(shop, "shop:v2", 40, status="failed")
    watch_promotions()
    dismiss(make_admin("eve"), open_findings(shop).get())
    watch_promotions()
    assert not open_findings(shop).exists()


def test_a_project_that_allows_it_goes_back_by_itself_and_says_why(shop):
    shop.serving_policy.auto_rollback = True
    shop.serving_policy.save()
    for prediction in asked(shop, "shop:v2", 30):
        Feedback.objects.create(project=shop, prediction=prediction, thumb=Feedback.Thumb.DOWN)
    assert watch_promotions() == 1
    assert live_version(shop).number == 1
    row = Deployment.objects.first()
    assert (row.action, row.actor, row.state) == ("rollback", None, "live")
    assert "30 of 30 thumbs were down" in row.reason
    assert Finding.objects.get().state == "mended"
    assert watch_promotions() == 0


def test_unanswered_requests_count(shop):
    rows = [FailedRequest(project=shop, model_tag="shop:v2", sentence="away") for _ in range(25)]
    FailedRequest.objects.bulk_create(rows)
    assert watch_promotions() == 1
    assert "25 of 25 requests got no answer" in open_findings(shop).get().sentence


def test_the_watch_ends(shop):
    asked(shop, "shop:v2", 40, status="failed")
    Deployment.objects.filter(state="live").update(live_at=timezone.now() - timedelta(hours=2))
    assert watch_promotions() == 0
    shop.serving_policy.watch_minutes = 0
    shop.serving_policy.save()
    Deployment.objects.filter(state="live").update(live_at=timezone.now())
    assert watch_promotions() == 0


def test_a_banner_about_a_version_that_is_live_no_more_is_gone_and_does_nothing(shop):
    asked(shop, "shop:v2", 40, status="failed")
    watch_promotions()
    finding = open_findings(shop).get()
    eve = make_admin("eve")
    rollback(eve, shop, reason="seen by eye")
    assert not open_findings(shop).exists()
    assert Finding.objects.get().state == "gone"
    with pytest.raises(ConflictError, match="shop:v2 is not live any more"):
        restore(eve, finding)
    assert live_version(shop).number == 1
