"""What the live versions carried: by version, over time, before and after a move."""

from datetime import timedelta

import pytest
from django.utils import timezone

from deployment.models import Deployment, FailedRequest
from deployment.serving.traffic import around, traffic_by_version, traffic_over_time
from labeling.models import Prediction
from tests.deployment.standins import make_version
from tests.factories import make_expert, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project():
    return make_project("shop")


def answered(project, tag, latencies, minutes_ago=0.0, status="strict", source="api"):
    at = timezone.now() - timedelta(minutes=minutes_ago)
    for latency in latencies:
        row = Prediction.objects.create(
            project=project, spec=project.spec, model_tag=tag, raw="", status=status, latency_ms=latency, source=source
        )
        Prediction.objects.filter(pk=row.pk).update(created_at=at)


def last_hour(project):
    return traffic_by_version(project, timezone.now() - timedelta(hours=1))


def test_figures_by_version(project):
    answered(project, "shop:v1", range(1, 101), minutes_ago=20)
    answered(project, "shop:v2", [10.0], status="failed")
    FailedRequest.objects.create(project=project, model_tag="shop:v2", sentence="No model server answers.")
    answered(project, "elsewhere", [1.0], source="outside")
    answered(make_project("other"), "other:v1", [1.0])
    answered(project, "shop:draft", [1.0], source="queue")
    answered(project, "shop:v0", [1.0], minutes_ago=61)
    new, old = last_hour(project)
    assert (old.model_tag, old.requests, old.p50, old.p95) == ("shop:v1", 100, 50.5, 95.05)
    assert old.p99 == pytest.approx(99.01)
    assert old.per_second == pytest.approx(100 / 3600, rel=0.01)
    assert (new.requests, new.errors, new.parse_failures) == (2, 1, 1)


def test_a_version_that_never_answered_is_shown(project):
    FailedRequest.objects.create(project=project, model_tag="shop:v1", sentence="away")
    (row,) = last_hour(project)
    assert (row.model_tag, row.requests, row.errors, row.p50) == ("shop:v1", 1, 1, None)


def test_series_hold_buckets_versions_and_moves(project):
    answered(project, "shop:v1", [10, 20], minutes_ago=30)
    answered(project, "shop:v1", [30])
    FailedRequest.objects.create(project=project, model_tag="shop:v1", sentence="away")
    went_live(project, 1, minutes_ago=40)
    series = traffic_over_time(project, "1h")
    assert [row["requests"] for row in series["answered"]] == [2, 1]
    assert [row["p50"] for row in series["answered"]] == [15, 30]
    assert [row["errors"] for row in series["failed"]] == [1]
    assert [move["version"] for move in series["moves"]] == ["shop:v1"]
    first, last = (row["at"] for row in series["answered"])
    assert first % 60_000 == 0
    assert series["from"] <= first < last <= series["to"]


def test_before_and_after_a_move(project):
    before = went_live(project, 1, minutes_ago=50)
    move = went_live(project, 2, minutes_ago=20, previous=before.version)
    answered(project, "shop:v1", [10], minutes_ago=40)
    answered(project, "shop:v1", [10], minutes_ago=51)
    answered(project, "shop:v2", [20, 20], minutes_ago=10)
    old, new = around(move)
    assert (old.model_tag, old.requests, new.model_tag, new.requests) == ("shop:v1", 1, "shop:v2", 2)


def went_live(project, number, minutes_ago, previous=None):
    Deployment.objects.filter(project=project, state="live").update(state="replaced", ended_at=timezone.now())
    return Deployment.objects.create(
        project=project,
        version=make_version(project, number),
        previous=previous,
        action="promote",
        state="live",
        live_at=timezone.now() - timedelta(minutes=minutes_ago),
    )


def test_the_page_shows_figures_and_says_where_none_are(client, project):
    client.force_login(make_expert(project, "ana"))
    assert "No requests in the last 24h" in client.get("/projects/shop/traffic/").content.decode()
    answered(project, "shop:v1", [12.0])
    html = client.get("/projects/shop/traffic/?window=1h").content.decode()
    assert "/projects/shop/traffic/1h.json" in html
    assert "shop:v1" in html
    assert client.get("/projects/shop/traffic/1h.json").json()["answered"][0]["model_tag"] == "shop:v1"
    assert client.get("/projects/shop/traffic/2y.json").status_code == 404


def test_the_move_shows_both_sides(client, project):
    client.force_login(make_expert(project, "ana"))
    move = went_live(project, 1, minutes_ago=20)
    answered(project, "shop:v1", [12.0], minutes_ago=5)
    html = client.get(f"/projects/shop/deployments/{move.uid}/").content.decode()
    assert "Traffic in the half hour before and after" in html


def test_strangers_see_nothing(client, project):
    client.force_login(make_expert(make_project("other"), "bob"))
    assert client.get("/projects/shop/traffic/").status_code == 404
    assert client.get("/projects/shop/traffic/1h.json").status_code == 404
