"""Staging: once per server, asked again where the server was away, announced when it stands; health of servers."""

import pytest
from django.urls import reverse

from common import leases
from deployment.artifacts.staging import MAX_ATTEMPTS, request_staging, stage
from deployment.models import InferenceServer, StagedVersion
from deployment.servers.health import check_servers, probe_server
from deployment.signals import version_staged
from deployment.sweep import due_builds, due_stagings, sweep_project_by_id
from tests.deployment.standins import make_server, make_staged, make_version, ollama_standin, serve_from
from tests.factories import SYSTEM, make_operator

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard():
    found = []

    def listener(sender, staged_id, **kwargs):
        found.append(staged_id)

    version_staged.connect(listener)
    yield found
    version_staged.disconnect(listener)


def test_a_staged_version_is_announced_once(shop, heard, django_capture_on_commit_callbacks):
    version = make_version(shop, 1)
    (row,) = request_staging(version)
    assert due_stagings(shop.serving_policy) == [version]
    with django_capture_on_commit_callbacks(execute=True):
        stage(row.pk)
        stage(row.pk)
    row.refresh_from_db()
    assert (row.state, row.tag, row.attempts) == ("staged", "models.invalid/touchstone/shop:v1", 1)
    assert heard == [row.pk]
    assert due_stagings(shop.serving_policy) == []


def test_a_server_that_is_away_is_asked_again_and_given_up_at_last(shop, standin, heard):
    (row,) = request_staging(make_version(shop, 1))
    standin.die()
    for attempt in range(1, MAX_ATTEMPTS + 1):
        stage(row.pk)
        row.refresh_from_db()
        assert row.state == ("waiting" if attempt < MAX_ATTEMPTS else "failed")
    assert "probe" in row.error
    assert heard == []


def test_what_a_server_refuses_is_not_asked_again(shop, standin):
    version = make_staged(shop, 1)
    StagedVersion.objects.all().delete()
    other = make_version(shop, 2)
    brought = other.artifacts.get()
    version.artifacts.update(path=brought.path, digest=brought.digest)
    (row,) = request_staging(version)
    stage(row.pk)
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("failed", 1)
    assert "other content" in row.error


@pytest.fixture
def pair(shop, standin, tmp_path):
    """Version 1 on the first of two servers of one release, with a layer that no other writes; the second's row."""
    with ollama_standin(tmp_path / "second") as running:
        second = make_server(running.url, name="second")
        serve_from(shop, *shop.serving_policy.servers.all(), second)
        rows = request_staging(make_version(shop, 1))
        first, other = sorted(rows, key=lambda row: row.server == second)
        assert {probe_server(SYSTEM, server) for server in InferenceServer.objects.all()} == {"ok"}
        stage(first.pk)
        StagedVersion.objects.filter(pk=first.pk).update(layer_digest="0" * 64)
        yield other, running


def test_two_servers_that_hold_one_file_differently_are_told_apart(pair):
    row, second = pair
    stage(row.pk)
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("failed", 1)
    assert row.error.startswith("second serves the layer ")
    assert f"and standin {'0' * 64} of one uploaded file" in row.error
    assert "look at its disk, then stage again" in row.error
    assert second.models() == {}


def test_servers_of_two_releases_may_write_a_file_differently(pair):
    row, second = pair
    InferenceServer.objects.filter(name="standin").update(version="0.33.0")
    stage(row.pk)
    row.refresh_from_db()
    assert (row.state, row.error) == ("staged", "")
    assert list(second.models()) == [row.tag]


def test_a_missing_file_fails_with_its_name(shop):
    version = make_version(shop, 1)
    version.artifacts.update(path="shop/gone.gguf")
    (row,) = request_staging(version)
    stage(row.pk)
    row.refresh_from_db()
    assert row.state == "waiting"
    assert "gone.gguf" in row.error


def test_trained_versions_of_served_projects_are_due_to_be_built(shop, sent):
    version = make_version(shop, 1)
    assert list(due_builds(shop)) == []
    version.artifacts.all().delete()  # as where the news of the version was lost
    sweep_project_by_id(shop.pk)
    assert sent == [("deployment.build", version.artifacts.get().pk)]
    shop.serving_policy.delete()
    sweep_project_by_id(shop.pk)
    assert len(sent) == 1


@pytest.mark.django_db(transaction=True)
def test_health_names_the_server_that_is_away(shop, standin):
    assert check_servers(2.0) == "ok"
    standin.die()
    assert check_servers(2.0).startswith("standin: ")
    InferenceServer.objects.update(is_active=False)
    assert check_servers(2.0) == "ok"


def test_how_far_an_upload_is(shop, client, monkeypatch):
    seen, renew = [], leases.renew

    def noting(model, pk, token, **values):
        seen.extend(values.values())
        renew(model, pk, token, **values)

    monkeypatch.setattr(leases, "renew", noting)
    (row,) = request_staging(make_version(shop, 1, content=b"GGUF" + bytes(3 << 20)))
    stage(row.pk)
    row.refresh_from_db()
    assert (row.state, row.uploaded_percent) == ("staged", 100)
    assert seen == sorted(set(seen))
    assert len(seen) >= 3
    client.force_login(make_operator(shop))
    url = reverse("deployment:version", args=["shop", 1])
    assert "<progress" not in client.get(url).text
    StagedVersion.objects.update(state="staging", uploaded_percent=45)
    for page in (url, reverse("deployment:deployments", args=["shop"])):
        assert 'value="45"' in client.get(page).text
