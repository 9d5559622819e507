"""Servers that die, hang, refuse or talk nonsense in the middle of a move: the old version serves on."""

import pytest

from common.problems import ConflictError, UnavailableError
from deployment.live import live_version
from deployment.models import Deployment, DeploymentTarget, Finding
from deployment.monitoring.reconcile import reconcile
from deployment.promotion.recovery import lead_back
from deployment.promotion.steps import TABLE, Step
from deployment.servers.drivers import driver_for
from deployment.serving.predict import predict
from deployment.serving.proposals import propose
from labeling.models import Prediction
from tests.deployment.moves import promote
from tests.deployment.standins import make_staged
from tests.factories import SYSTEM, acting, make_operator, make_sample

pytestmark = pytest.mark.django_db
FAULTS = {
    "403": {"status": 403},
    "503": {"status": 503},
    "garbage": {"garbage": True},
    "cut": {"cut": True},
    "slow": {"slow": 3.0},
}
# A copy answers with an empty body, so that garbage and a cut say nothing there: the proof does.
FAULTY = [("/api/chat", fault) for fault in FAULTS] + [("/api/copy", fault) for fault in ("403", "503", "slow")]


@pytest.fixture
def live(shop):
    """v1 is live, v2 could be."""
    v1, v2 = make_staged(shop, 1), make_staged(shop, 2)
    promote(acting(make_operator(shop)), v1)
    return v1, v2


@pytest.mark.parametrize(("path", "fault"), FAULTY)
def test_a_fault_leaves_row_and_alias_where_they_were(live, shop, standin, settings, fault, path):
    settings.MODEL_REQUEST_TIMEOUT = 0.5
    standin.fault(path, times=2, **FAULTS[fault])
    with pytest.raises(ConflictError, match=r"shop:v1 is still live"):
        promote(acting(make_operator(shop)), live[1])
    failed = Deployment.objects.get(version=live[1])
    assert (failed.state, failed.failed_step) == ("failed", "staged" if path == "/api/chat" else "moved")
    assert live_version(shop) == live[0]
    if fault != "slow":  # what hangs may still copy when it wakes; reconciling finds that
        assert standin.models()["shop:latest"] == standin.models()["models.invalid/touchstone/shop:v1"]


def test_a_canary_that_is_too_slow_stops_the_move(live, shop):
    shop.serving_policy.canary_seconds = 0.0
    shop.serving_policy.save()
    with pytest.raises(ConflictError, match=r"for a canary; the serving policy allows 0"):
        promote(acting(make_operator(shop)), live[1])
    assert live_version(shop) == live[0]


def test_a_canary_that_cannot_be_read_stops_the_move(live, shop):
    live[1].spec.decoding = {"num_predict": 1}
    live[1].spec.save()
    with pytest.raises(ConflictError, match="most canaries in a form that cannot be read"):
        promote(acting(make_operator(shop)), live[1])
    assert live_version(shop) == live[0]


def test_a_server_killed_between_warm_and_move(live, shop, standin, monkeypatch):
    step = TABLE["warmed"]

    def dies(attempt):
        standin.die()
        return step.do(attempt)

    monkeypatch.setitem(TABLE, "warmed", Step(step.after, dies))
    with pytest.raises(ConflictError, match="shop:v1 is still live"):
        promote(acting(make_operator(shop)), live[1])
    failed = Deployment.objects.get(version=live[1])
    assert (failed.state, failed.failed_step) == ("failed", "moved")
    assert live_version(shop) == live[0]
    assert "alias could not be put back" in DeploymentTarget.objects.get(deployment=failed).error
    assert lead_back() == 1, "the server is still away"


def test_a_server_killed_right_after_the_move(live, shop, standin):
    standin.fault("/api/copy", die=True)
    with pytest.raises(ConflictError, match=r"shop:v1 is still live"):
        promote(acting(make_operator(shop)), live[1])
    assert live_version(shop) == live[0]
    with pytest.raises(UnavailableError):
        predict(SYSTEM, shop, "Hello")


def test_an_alias_that_could_not_be_put_back_is_when_the_server_returns(live, shop, standin):
    attempt = Deployment.objects.create(
        project=shop, version=live[1], previous=live[0], action="promote", state="failed"
    )
    staged = live[1].staged.get()
    target = attempt.targets.create(server=staged.server, staged=staged, state="moved", error="away")
    driver_for(staged.server).move("shop", staged.tag)
    standin.fail("/api/tags")
    assert lead_back() == 1
    assert lead_back() == 0
    target.refresh_from_db()
    assert (target.state, target.error) == ("back", "")
    assert standin.models()["shop:latest"] == standin.models()["models.invalid/touchstone/shop:v1"]
    assert reconcile() == 0
    assert not Finding.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("fault", ["503", "garbage"])
def test_the_queue_waits_while_nobody_answers(live, shop, standin, fault):
    make_sample(shop, "Propose something")
    standin.fault("/api/chat", times=2, **FAULTS[fault])
    assert propose(shop) == 0
    assert not Prediction.objects.exists()
    assert propose(shop) == 1


def test_one_hiccup_is_asked_over_everywhere(live, shop, standin):
    for path in ("/api/tags", "/api/chat", "/api/copy", "/api/ps"):
        standin.fail(path, times=1)
    assert promote(acting(make_operator(shop)), live[1]).state == "live"
