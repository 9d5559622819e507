"""Two servers: moved together or not at all; requests spread; one that was away catches up before it is asked."""

from datetime import timedelta

import pytest
from django.utils import timezone

from common.problems import ConflictError, UnavailableError
from deployment.artifacts.staging import stage
from deployment.live import live_version
from deployment.models import Deployment, DeploymentTarget, FailedRequest, InferenceServer
from deployment.promotion.catch_up import catch_up
from deployment.servers.availability import in_flight, probe_unavailable
from deployment.servers.drivers import driver_for
from deployment.serving.predict import predict
from deployment.serving.routing import live_servers
from labeling.models import Prediction
from tests.deployment.moves import promote
from tests.deployment.standins import make_server, make_staged, ollama_standin, serve_from
from tests.factories import SYSTEM, make_operator

pytestmark = pytest.mark.django_db


@pytest.fixture
def second(tmp_path):
    (tmp_path / "two").mkdir()
    with ollama_standin(tmp_path / "two") as running:
        yield running


@pytest.fixture
def both(shop, second):
    """The project is served from two servers, and has two versions on both."""
    serve_from(shop, *shop.serving_policy.servers.all(), make_server(second.url, name="second"))
    for number in (1, 2):
        make_staged(shop, number)
    return shop


@pytest.fixture
def olga(both):
    return make_operator(both, "olga")


def version(shop, number):
    return shop.versions.get(number=number)


def alias_leads_to(server, number):
    models = server.models()
    return models["shop:latest"] == models[f"models.invalid/touchstone/shop:v{number}"]


def away(name="second"):
    """It failed often, and is left alone for a minute."""
    until = timezone.now() + timedelta(minutes=1)
    InferenceServer.objects.filter(name=name).update(failures=9, unavailable_until=until)


def test_both_are_moved(both, olga, standin, second):
    done = promote(olga, version(both, 1))
    assert set(done.evidence["proofs"]) == {"standin", "second"}
    assert alias_leads_to(standin, 1)
    assert alias_leads_to(second, 1)


def test_where_one_cannot_be_moved_the_other_goes_back(both, olga, standin, second):
    promote(olga, version(both, 1))
    standin.fail("/api/copy")
    with pytest.raises(ConflictError, match="shop:v1 is still live"):
        promote(olga, version(both, 2))
    assert alias_leads_to(standin, 1)
    assert alias_leads_to(second, 1)
    failed = Deployment.objects.get(version__number=2)
    assert "On second the alias leads to shop:v1 again" in failed.error
    assert failed.targets.get(server__name="second").state == "back"


def test_where_one_cannot_be_warmed_nothing_moves(both, olga, second):
    promote(olga, version(both, 1))
    second.fail("/api/chat")
    with pytest.raises(ConflictError):
        promote(olga, version(both, 2))
    assert Deployment.objects.get(version__number=2).failed_step == "staged"
    assert live_version(both).number == 1


def test_a_version_that_stands_on_one_of_two_is_refused(both, olga):
    version(both, 1).staged.filter(server__name="second").update(state="waiting")
    with pytest.raises(ConflictError, match="not staged on second yet"):
        promote(olga, version(both, 1))


def test_a_server_that_was_away_catches_up_before_it_is_asked(both, olga, second):
    promote(olga, version(both, 1))
    away()
    promote(olga, version(both, 2))
    target = DeploymentTarget.objects.get(deployment__version__number=2, server__name="second")
    assert target.state == "behind"
    assert catch_up() == 0, "it is still away"
    assert [server.name for server in probe_unavailable()] == ["second"]
    assert [row.server.name for row in live_servers(both)] == ["standin"], "it answers, but with the old version"
    assert alias_leads_to(second, 1)
    assert catch_up() == 1
    assert alias_leads_to(second, 2)
    assert {row.server.name for row in live_servers(both)} == {"standin", "second"}
    assert catch_up() == 0


def test_a_server_that_lost_the_version_gets_it_again(both, olga):
    promote(olga, version(both, 1))
    away()
    staged = version(both, 2).staged.get(server__name="second")
    driver_for(staged.server).remove(staged.tag)
    version(both, 2).staged.filter(pk=staged.pk).update(state="waiting")
    promote(olga, version(both, 2))
    probe_unavailable()
    assert catch_up() == 0
    stage(staged.pk)
    assert catch_up() == 1


def test_the_least_busy_server_is_asked(both, olga):
    promote(olga, version(both, 1))
    first = live_servers(both)[0].server
    with in_flight(first):
        other = live_servers(both)[0].server
        assert other != first
        with in_flight(other), in_flight(other):
            assert live_servers(both)[0].server == first


def test_a_failing_server_is_left_alone_and_comes_back(both, olga, second):
    promote(olga, version(both, 1))
    second.fail("/api/chat", times=6)
    for number in range(6):
        with in_flight(InferenceServer.objects.get(name="standin")):
            assert predict(SYSTEM, both, f"Text {number}").model_tag == "shop:v1"
    left_alone = InferenceServer.objects.get(name="second")
    assert left_alone.failures == 3
    assert left_alone.unavailable_until > timezone.now()
    assert [row.server.name for row in live_servers(both)] == ["standin"]
    probe_unavailable()
    assert len(live_servers(both)) == 2


def test_where_nobody_answers_it_is_503_and_the_failure_is_kept(both, olga, standin, second):
    promote(olga, version(both, 1))
    standin.die()
    second.die()
    with pytest.raises(UnavailableError) as raised:
        predict(SYSTEM, both, "Hello")
    assert raised.value.headers["Retry-After"]
    assert FailedRequest.objects.get().model_tag == "shop:v1"
    with pytest.raises(UnavailableError):
        predict(SYSTEM, both, "Hello", source=Prediction.Source.QUEUE)
    assert FailedRequest.objects.count() == 1, "a proposal waits; nobody asked for it"
