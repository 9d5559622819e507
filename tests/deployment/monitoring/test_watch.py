"""The watch after a promotion: what is done about a version that is worse in use."""

from datetime import timedelta

import pytest
from django.utils import timezone

from common.problems import ConflictError
from deployment.live import live_version
from deployment.models import Deployment, FailedRequest, Finding
from deployment.monitoring.findings import dismiss, open_findings, restore
from deployment.monitoring.watch import watch_promotions
from labeling.models import Event, Feedback, Prediction
from tests.deployment.moves import promote, rollback
from tests.deployment.standins import make_server, make_staged, serve_from
from tests.factories import acting, make_admin, make_project


@pytest.fixture
def shop(db, standin):
    """Version 2 has just replaced version 1, which answered 40 requests well."""
    project = make_project("shop")
    serve_from(project, make_server(standin.url))
    admin = make_admin("ada")
    for number in (1, 2):
        promote(acting(admin), make_staged(project, number))
    asked(project, "shop:v1", 40)
    Prediction.objects.update(created_at=timezone.now() - timedelta(minutes=1))
    Deployment.objects.filter(state="live").update(live_at=timezone.now() - timedelta(seconds=30))
    return project


def asked(project, tag, times, status="strict"):
    same = {"project": project, "spec": project.spec, "model_tag": tag, "status": status, "source": "api"}
    return Prediction.objects.bulk_create([Prediction(**same, raw="", latency_ms=5.0) for _ in range(times)])


def liked(project, tag):
    """Every answer of it had a thumb up, a minute ago."""
    rows = [
        Feedback(project=project, prediction=each, thumb=Feedback.Thumb.UP)
        for each in Prediction.objects.filter(model_tag=tag)
    ]
    Feedback.objects.bulk_create(rows)
    Feedback.objects.update(created_at=timezone.now() - timedelta(minutes=1))


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
    assert "Not judged: proposals confirmed 0 of 60; thumbs down 0 of 20" in finding.sentence
    assert Event.objects.filter(verb__startswith="finding.").count() == 1
    assert live_version(shop).number == 2
    restore(acting(make_admin("eve")), finding)
    assert live_version(shop).number == 1
    assert Deployment.objects.first().reason == finding.sentence


def test_what_was_dismissed_is_not_told_again(shop):
    asked(shop, "shop:v2", 40, status="failed")
    watch_promotions()
    dismiss(acting(make_admin("eve")), open_findings(shop).get())
    watch_promotions()
    assert not open_findings(shop).exists()


def test_a_project_that_allows_it_goes_back_by_itself_and_says_why(shop):
    shop.serving_policy.auto_rollback = True
    shop.serving_policy.save()
    liked(shop, "shop:v1")
    for prediction in asked(shop, "shop:v2", 30):
        Feedback.objects.create(project=shop, prediction=prediction, thumb=Feedback.Thumb.DOWN)
    assert watch_promotions() == 1
    assert live_version(shop).number == 1
    row = Deployment.objects.first()
    assert (row.action, row.actor, row.state) == ("rollback", None, "live")
    assert "20 of 20 thumbs were down" in row.reason
    assert Finding.objects.get().state == "mended"
    assert watch_promotions() == 0


def test_unanswered_requests_count(shop):
    rows = [FailedRequest(project=shop, model_tag="shop:v2", sentence="away") for _ in range(25)]
    FailedRequest.objects.bulk_create(rows)
    assert watch_promotions() == 1
    assert "20 of 20 requests got no answer" in open_findings(shop).get().sentence


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
    rollback(acting(eve), shop, reason="seen by eye")
    assert not open_findings(shop).exists()
    assert Finding.objects.get().state == "gone"
    with pytest.raises(ConflictError, match="shop:v2 is not live any more"):
        restore(acting(eve), finding)
    assert live_version(shop).number == 1
