"""The same services over the real local server with real, tiny models: predict, promote, roll back, die."""

import threading

import pytest
from django.db import connection

from common.problems import ConflictError, ProblemError
from deployment.live import live_version
from deployment.models import Deployment, StagedVersion
from deployment.servers.memory import unload_idle
from deployment.serving.predict import predict
from deployment.serving.reload import reload_serving
from labeling.answers import Status
from labeling.models import Prediction
from tests.deployment.moves import promote, rollback
from tests.deployment.standins import local_server, make_server, make_staged, serve_from
from tests.factories import SYSTEM, acting, make_admin, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _key(settings):
    settings.LOCAL_MODEL_SERVER_KEY = "for-tests"


@pytest.fixture
def versions(local_url, tiny_ggufs, request):
    """Two versions of a project of this test's own name, on the real local server."""
    key = request.node.name[:50].replace("_", "-").strip("-")
    project = make_project(key, decoding={"temperature": 0, "seed": 7, "num_predict": 64, "num_ctx": 512})
    serve_from(project, make_server(local_url, kind="local", name="local", slots=4))
    return [make_staged(project, number, content=path.read_bytes()) for number, path in enumerate(tiny_ggufs, start=1)]


def test_a_real_model_answers_within_the_schema(versions):
    project = versions[0].project
    promote(acting(make_admin()), versions[0])
    prediction = predict(SYSTEM, project, "Where is my parcel?")
    assert prediction.model_tag == versions[0].tag
    assert prediction.status != Status.FAILED
    assert 0 < prediction.confidence <= 1


def test_promotion_and_rollback_load_first_and_name_what_they_proved(versions):
    v1, v2 = versions
    user = make_admin()
    promote(acting(user), v1)
    done = promote(acting(user), v2)
    assert done.evidence["proofs"]["local"].startswith(
        f"the live row leads to models.invalid/touchstone/{v2.tag}, digest"
    )
    assert predict(SYSTEM, v1.project, "Hello").model_tag == v2.tag
    rollback(acting(user), v1.project, reason="back")
    assert predict(SYSTEM, v1.project, "Hello").model_tag == v1.tag
    assert reload_serving(acting(user), v1.project)["loaded_on"] == ["local"]


@pytest.mark.django_db(transaction=True)
def test_four_clients_lose_nothing_during_rollback_and_forward(versions):
    v1, v2 = versions
    user, project = make_admin(), v1.project
    promote(acting(user), v1)
    promote(acting(user), v2)
    stop, tags, failures = threading.Event(), [], []

    def client(name):
        turn = 0
        while not stop.is_set():
            turn += 1
            try:
                tags.append(predict(SYSTEM, project, f"{name} asks {turn}").model_tag)
            except ProblemError as error:
                failures.append(str(error))
        connection.close()

    clients = [threading.Thread(target=client, args=(f"Client {number}",)) for number in range(4)]
    for thread in clients:
        thread.start()
    try:
        for _ in range(2):
            rollback(acting(user), project, to=v1, reason="back")
            wait_for_more(tags, stop)
            promote(acting(user), v2)
            wait_for_more(tags, stop)
    finally:
        stop.set()
        for thread in clients:
            thread.join()
    assert failures == []
    assert set(tags) == {v1.tag, v2.tag}
    assert Prediction.objects.count() == len(tags)


def wait_for_more(tags: list, stop: threading.Event) -> None:
    seen = len(tags)
    while len(tags) < seen + 8:
        stop.wait(0.01)


def test_a_server_without_the_model_leaves_the_old_version_live(versions):
    v1, v2 = versions
    user = make_admin()
    promote(acting(user), v1)
    from deployment.servers.drivers import driver_for

    driver_for(StagedVersion.objects.get(version=v2).server).remove(v2.server_tag)
    with pytest.raises(ConflictError, match="is still live"):
        promote(acting(user), v2)
    assert Deployment.objects.get(version=v2).state == "failed"
    assert live_version(v1.project) == v1
    assert predict(SYSTEM, v1.project, "Hello").model_tag == v1.tag


def test_what_nobody_asks_is_unloaded(versions):
    v1, v2 = versions
    promote(acting(make_admin()), v2, reason="it passed against the first, which was never live")
    from deployment.servers.drivers import driver_for

    staged = StagedVersion.objects.get(version=v1)
    driver_for(staged.server).load(v1.server_tag)
    assert unload_idle(staged.server) == [v1.server_tag]


def test_a_server_that_dies_and_comes_back_serves_again(tmp_path, tiny_ggufs):
    project = make_project("again", decoding={"temperature": 0, "num_predict": 64, "num_ctx": 512})
    server = make_server("http://127.0.0.1:9", kind="local", name="local")
    serve_from(project, server)
    with local_server(tmp_path) as url:
        type(server).objects.update(url=url)
        version = make_staged(project, 1, content=tiny_ggufs[0].read_bytes())
        promote(acting(make_admin()), version)
    with pytest.raises(ProblemError) as away:
        predict(SYSTEM, project, "Hello")
    assert away.value.problem_status == 503
    with local_server(tmp_path) as url:
        type(server).objects.update(url=url)
        assert predict(SYSTEM, project, "Hello").model_tag == version.tag
