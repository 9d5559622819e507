"""The model catalogue: what stands where and who uses it; load, unload, delete, pull and cancel."""

import threading

import httpx
import pytest
from django.core.exceptions import PermissionDenied

from common.problems import ConflictError, ProblemError, UnavailableError
from deployment.models import InferenceServer, ModelPull
from deployment.servers import catalogue, pulls
from tests.deployment.moves import promote
from tests.deployment.standins import make_server, make_staged, serve_from
from tests.factories import acting, make_admin, make_operator, make_project

TAG = "models.invalid/touchstone/shop:v{}"


@pytest.fixture
def ada(db):
    return make_admin("ada")


@pytest.fixture
def server(ada, standin):
    """Version 1 is live, version 2 stands beside it, and somebody's own model too."""
    project = make_project("shop")
    found = make_server(standin.url)
    serve_from(project, found)
    for number in (1, 2):
        make_staged(project, number)
    promote(acting(ada), project.versions.get(number=1))
    body = {"model": "own", "from": TAG.format(1), "system": "else"}
    httpx.post(f"{standin.url}/api/create", json=body).raise_for_status()
    return found


def rows(ada, server):
    return {row.entry.tag.removesuffix(":latest"): row for row in catalogue.look(acting(ada), server).rows}


def test_every_model_with_its_users(ada, server):
    found = rows(ada, server)
    assert found[TAG.format(1)].users == ("live in shop",)
    assert found[TAG.format(2)].users == ("a version of shop",)
    assert found["shop"].users == ("live in shop: the alias for outside clients",)
    assert found["own"].users == ()
    whole = catalogue.look(acting(ada), server)
    assert whole.disk_bytes == sum(row.entry.size_bytes for row in whole.rows) > 0
    assert whole.loaded_bytes > 0


def test_what_a_project_uses_is_not_deleted(ada, server):
    with pytest.raises(ConflictError, match="is not deleted: it is live in shop"):
        catalogue.delete(acting(ada), server, TAG.format(1))
    with pytest.raises(ConflictError, match="it is a version of shop"):
        catalogue.delete(acting(ada), server, TAG.format(2))
    catalogue.delete(acting(ada), server, "own")
    assert "own" not in rows(ada, server)


def test_load_and_unload(ada, server):
    catalogue.unload(acting(ada), server, TAG.format(2))
    assert not rows(ada, server)[TAG.format(2)].entry.loaded
    catalogue.load(acting(ada), server, TAG.format(2))
    assert rows(ada, server)[TAG.format(2)].entry.loaded
    with pytest.raises(ConflictError, match="stays loaded: it is live in shop"):
        catalogue.unload(acting(ada), server, TAG.format(1))
    with pytest.raises(ProblemError):
        catalogue.load(acting(ada), server, "nowhere")


def test_a_server_that_is_away_is_listed_with_its_error(ada, server, standin):
    standin.die()
    assert "does not answer" in catalogue.look(acting(ada), server).error or catalogue.look(acting(ada), server).error
    with pytest.raises(UnavailableError):
        catalogue.load(acting(ada), server, "own")


def test_a_pull_shows_its_progress_and_ends(ada, server, standin):
    standin.offer("small:1m", size=3000, steps=3)
    row = pulls.pull(acting(ada), server, "small:1m")
    pulls.run_pull(row.pk)
    row.refresh_from_db()
    assert (row.state, row.error) == ("done", "")
    assert row.bytes_done == row.bytes_total > 3000  # with what describes the model
    assert "small:1m" in rows(ada, server)


@pytest.mark.django_db(transaction=True)
def test_a_pull_is_cancelled(ada, server, standin):
    standin.offer("big:7b", size=100_000, steps=400, pause=0.05)
    row = pulls.pull(acting(ada), server, "big:7b")
    worker = threading.Thread(target=pulls.run_pull, args=(row.pk,))
    worker.start()
    while not ModelPull.objects.filter(pk=row.pk, bytes_done__gt=0).exists():
        assert worker.is_alive()
    pulls.cancel_pull(acting(ada), row)
    worker.join()
    row.refresh_from_db()
    assert row.state == "cancelled"
    assert "big:7b" not in rows(ada, server)
    with pytest.raises(ConflictError, match="has ended already"):
        pulls.cancel_pull(acting(ada), row)


def test_an_unknown_name_fails_with_what_to_do(ada, server):
    row = pulls.pull(acting(ada), server, "nosuch:1b")
    for _ in range(3):
        pulls.run_pull(row.pk)
    row.refresh_from_db()
    assert row.state == "failed"
    assert "nosuch" in row.error


@pytest.mark.parametrize("name", ["shop", "shop:v9", "models.invalid/touchstone/shop:v1", "", "two words"])
def test_a_name_of_the_house_is_not_asked_for_outside(ada, server, name):
    with pytest.raises(ProblemError):
        pulls.pull(acting(ada), server, name)
    assert not ModelPull.objects.exists()


def test_the_same_name_once_at_a_time(ada, server):
    pulls.pull(acting(ada), server, "small:1m")
    with pytest.raises(ConflictError, match="is being pulled"):
        pulls.pull(acting(ada), server, "small:1m")


def test_operators_of_a_project_do_not_manage_servers(server):
    olaf = make_operator(make_project("other"), "olaf")
    with pytest.raises(PermissionDenied):
        catalogue.look(acting(olaf), server)
    with pytest.raises(PermissionDenied):
        pulls.pull(acting(olaf), server, "small:1m")


def test_the_pages(client, ada, server):
    client.force_login(ada)
    assert "standin" in client.get("/servers/").content.decode()
    html = client.get("/servers/standin/").content.decode()
    assert TAG.format(2) in html
    assert "a version of shop" in html
    refused = client.post("/servers/standin/delete/", {"model": TAG.format(1)}, follow=True).content.decode()
    assert "is not deleted" in refused
    client.post("/servers/standin/pull/", {"model": "small:1m"})
    assert 'hx-trigger="every 1s"' in client.get("/servers/standin/").content.decode()
    client.post(f"/servers/standin/pulls/{ModelPull.objects.get().uid}/cancel/")
    assert ModelPull.objects.get().state == "cancelled"
    client.force_login(make_operator(make_project("other"), "olaf"))
    assert client.get("/servers/").status_code == 403


def test_the_api(client, ada, server):
    client.force_login(ada)
    (found,) = client.get("/api/v1/servers").json()
    assert {model["model"] for model in found["models"]} >= {TAG.format(1), TAG.format(2)}

    def post(path, model):
        return client.post(f"/api/v1/servers/standin/{path}", {"model": model}, content_type="application/json")

    assert post("models/delete", TAG.format(1)).status_code == 409
    assert post("models/load", TAG.format(2)).status_code == 204
    pulled = post("pulls", "small:1m")
    assert pulled.status_code == 202
    assert client.get("/api/v1/servers/standin/pulls").json()[0]["model"] == "small:1m"
    cancel = f"/api/v1/servers/standin/pulls/{pulled.json()['uid']}/cancel"
    assert client.post(cancel).status_code == 204
    assert client.post(cancel).status_code == 409
    assert InferenceServer.objects.count() == 1
    client.force_login(make_operator(make_project("other"), "olaf"))
    assert client.get("/api/v1/servers").status_code == 403
