"""What loading a version would throw out of memory is said first, and needs a yes."""

import pytest
from django.urls import reverse

from common.problems import ProblemError
from deployment.live import live_version
from deployment.models import Artifact, Deployment, InferenceServer
from deployment.servers.drivers import driver_for
from deployment.servers.headroom import look
from tests.deployment.moves import confirm, promote, rollback
from tests.deployment.standins import make_server, make_staged, ollama_standin, serve_from
from tests.factories import make_operator, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def small(tmp_path):
    """A server that holds one model at a time."""
    (tmp_path / "small").mkdir()
    with ollama_standin(tmp_path / "small", "--max-loaded", "1") as running:
        yield make_server(running.url, name="small", max_loaded=1)


@pytest.fixture
def shop(small):
    """`shop:v1` is staged beside `other:v7`, which is live and loaded."""
    other, shop = make_project("other"), make_project("shop")
    for project in (other, shop):
        serve_from(project, small)
    live = make_staged(other, 7)
    promote(make_operator(other), live)
    make_staged(shop, 1)
    driver_for(small).load(live.server_tag)
    return shop


def staged(shop):
    return list(shop.versions.get(number=1).staged.select_related("server", "version__project"))


def test_it_is_said_what_would_go(shop):
    (found,) = look(staged(shop)).evictions
    assert "would evict models.invalid/touchstone/other:v7, which serves other" in found.sentence
    assert "at most 1 models may be loaded" in found.sentence
    assert (found.server, found.models) == ("small", ("models.invalid/touchstone/other:v7",))


def test_a_promotion_needs_a_yes(shop):
    user, version = make_operator(shop), shop.versions.get(number=1)
    with pytest.raises(ProblemError, match="Say yes to that"):
        promote(user, version)
    assert not Deployment.objects.filter(project=shop).exists()
    assert live_version(shop) is None
    assert promote(user, version, may_evict=True).may_evict
    assert live_version(shop) == version


def test_the_page_asks_for_the_yes(client, shop):
    client.force_login(make_operator(shop, "olga"))
    url = "/projects/shop/versions/1/promote/"
    html = client.get(url).content.decode()
    assert "which serves other" in html
    assert "may_evict" in html
    refused = confirm(client, url, reason="Needed")
    assert refused.status_code == 400
    confirm(client, url, reason="Needed", may_evict="on")
    assert live_version(shop).number == 1


def test_a_rollback_may_throw_out_what_it_replaces(shop):
    user = make_operator(shop)
    for number in (1, 2):
        version = shop.versions.filter(number=number).first() or make_staged(shop, number)
        promote(user, version, may_evict=True)
    assert rollback(user, shop, reason="worse").version.number == 1


def test_the_admin_asks_for_the_yes(admin_client, shop):
    url = reverse("admin:deployment_stagedversion_promote", args=[shop.versions.get(number=1).staged.get().pk])
    html = admin_client.get(url).content.decode()
    assert "which serves other" in html
    assert 'name="may_evict"' in html
    confirm(admin_client, url, reason="Needed", may_evict="on")
    assert live_version(shop).number == 1


def test_too_little_memory(shop):
    InferenceServer.objects.update(max_loaded=0, memory_mb=0)
    found = look(staged(shop))
    assert found.evictions == ()
    assert found.unknown == ("What small may hold is not known: set its memory and models at once on its row.",)
    Artifact.objects.update(bytes=5_000_000_000)
    InferenceServer.objects.update(memory_mb=4000)
    (found,) = look(staged(shop)).evictions
    assert "of 4000 MB would be needed" in found.sentence
