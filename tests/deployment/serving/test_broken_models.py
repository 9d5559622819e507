"""A model that its server cannot load is no fault of the text: counted, told, passed over, and brought there again."""

import shutil
from pathlib import Path

import httpx
import pytest
from django.conf import settings
from django.urls import reverse

from common.problems import ConflictError, ProblemError, UnavailableError
from deployment import storage
from deployment.artifacts.rebuilding import can_be_rebuilt, rebuild
from deployment.artifacts.staging import stage
from deployment.files import artifact_of, is_lost
from deployment.models import FailedRequest, Finding, InferenceServer, StagedVersion
from deployment.monitoring.reconcile import reconcile
from deployment.servers.drivers import ModelBrokenError, driver_for
from deployment.servers.health import check_servers
from deployment.serving.predict import predict
from tests.deployment.moves import promote
from tests.deployment.standins import local_server, make_server, make_staged, ollama_standin, serve_from
from tests.factories import SYSTEM, acting, make_operator, make_project

pytestmark = pytest.mark.django_db(transaction=True)
DECODING = {"temperature": 0, "num_predict": 32, "num_ctx": 512}


@pytest.fixture
def live(tmp_path, settings, tiny_ggufs):
    """Version 1 of `shop`, live on a local server of its own and not in memory."""
    settings.LOCAL_MODEL_SERVER_KEY, settings.LOCAL_MODEL_SERVER_URL = "for-tests", ""
    settings.ARTIFACTS_DIR = tmp_path / "artifacts"
    project = make_project("shop", decoding=DECODING)
    with local_server(tmp_path / "localserver") as url:
        serve_from(project, make_server(url, kind="local", name="box", slots=1))
        version = make_staged(project, 1, content=tiny_ggufs[0].read_bytes())
        promote(make_operator(project, "olga"), version)
        yield version


def unload(version) -> StagedVersion:
    row = version.staged.get()
    driver_for(row.server).unload(row.tag)
    return row


def file_of_live(version) -> Path:
    return storage.path_of(artifact_of(version).path)


def test_a_file_that_is_gone_is_not_said_of_the_text(live, sent, client):
    row, file = unload(live), file_of_live(live)
    file.rename(file.with_suffix(".away"))
    with pytest.raises(ModelBrokenError, match="no file"):
        driver_for(row.server).load(row.tag)
    for _ in range(3):
        with pytest.raises(UnavailableError, match="cannot be loaded on any of its servers") as refused:
            predict(SYSTEM, live.project, "Where is my parcel?")
        assert refused.value.headers["Retry-After"]
    assert FailedRequest.objects.filter(model_tag="shop:v1").count() == 3
    assert InferenceServer.objects.get().unavailable_until is not None, "like a server that gives no answer"
    found = Finding.objects.get()
    assert (found.kind, found.state, found.server) == ("broken", "open", row.server)
    assert "rebuild it on its page" in found.sentence
    assert sent == [], "there is nothing to stage it from"
    client.force_login(make_operator(live.project, "ole"))
    assert "The version cannot be loaded" in client.get(reverse("deployment:deployments", args=["shop"])).text
    assert "cannot load shop:v1" in check_servers(2.0)

    file.with_suffix(".away").rename(file)
    InferenceServer.objects.update(unavailable_until=None)
    assert predict(SYSTEM, live.project, "Where is my parcel?").model_tag == "shop:v1"
    reconcile()
    found.refresh_from_db()
    assert (found.state, check_servers(2.0)) == ("gone", "ok")


def test_it_is_staged_again_once_where_the_file_can_be_had(live, sent):
    row = unload(live)
    registered = file_of_live(live)
    copy = registered.with_name("copy.gguf")
    shutil.move(registered, copy)
    live.artifacts.update(path=storage.name_of(copy))
    with pytest.raises(UnavailableError):
        predict(SYSTEM, live.project, "Hello")
    assert sent == [("deployment.stage", row.pk)]
    assert "It is staged again." in Finding.objects.get().sentence
    with pytest.raises(UnavailableError, match="no active server has it"):
        predict(SYSTEM, live.project, "Hello")
    stage(row.pk)
    assert predict(SYSTEM, live.project, "Hello").model_tag == "shop:v1"
    assert reconcile() == 0
    assert Finding.objects.get().state == "gone"


def test_readiness_sees_a_lost_file_before_anybody_asks(live):
    file = file_of_live(live)
    assert check_servers(2.0) == "ok"
    file.rename(file.with_suffix(".away"))
    assert predict(SYSTEM, live.project, "Hello").model_tag == "shop:v1", "it is in memory"
    assert "box: the file of models.invalid/touchstone/shop:v1, which is live, is gone" in check_servers(2.0)
    assert reconcile() == 1
    assert Finding.objects.get(state="open").kind == "broken"


def test_a_live_version_whose_file_is_lost_may_be_rebuilt(live, sent):
    user = make_operator(live.project, "ole")
    with pytest.raises(ConflictError, match="nothing to rebuild"):
        rebuild(acting(user), live)
    row, before = unload(live), artifact_of(live)
    file_of_live(live).unlink()
    with pytest.raises(UnavailableError):
        predict(SYSTEM, live.project, "Hello")
    assert is_lost(before)
    assert can_be_rebuilt(live)
    rebuild(acting(user), live)
    again = artifact_of(live)
    assert (again, again.state) == (before, "waiting"), "the very same, whatever the policy says today"
    row.refresh_from_db()
    assert row.state == "waiting"
    assert sent == [("deployment.build", again.pk)]


def test_a_text_at_fault_is_still_the_texts(live):
    with pytest.raises(ProblemError, match="too long for shop:v1") as refused:
        predict(SYSTEM, live.project, "word " * 3000)
    assert refused.value.problem_status == 400
    assert not Finding.objects.exists()


def test_the_next_server_answers(tmp_path, live, tiny_ggufs):
    first = live.project.serving_policy.servers.get()
    with local_server(tmp_path / "second") as url:
        serve_from(live.project, first, make_server(url, kind="local", name="second", slots=1))
        version = make_staged(live.project, 2, content=tiny_ggufs[1].read_bytes())
        promote(make_operator(live.project, "ole"), version, reason="both")
        row = version.staged.get(server=first)
        driver_for(first).unload(row.tag)
        state = tmp_path / "localserver" / "models.json"
        assert str(settings.ARTIFACTS_DIR) not in state.read_text(), "names are relative"
        file = file_of_live(version)
        file.rename(file.with_suffix(".away"))
        for _ in range(3):
            assert predict(SYSTEM, live.project, "Hello").model_tag == "shop:v2", "in the memory of the second"
        assert Finding.objects.get().server == first


def test_of_ollama_an_empty_manifest_is_what_was_seen(tmp_path, sent):
    project = make_project("shop")
    with ollama_standin(tmp_path) as standin:
        serve_from(project, make_server(standin.url))
        version = make_staged(project, 1)
        promote(make_operator(project), version)
        row = version.staged.get()
        httpx.post(f"{standin.url}/_empty", json={"model": row.tag}).raise_for_status()
        assert predict(SYSTEM, project, "Hello").model_tag == "shop:v1", "by the alias, which has the digest"
        assert ("deployment.look_again", row.pk) in sent
        driver_for(row.server).remove("shop")
        with pytest.raises(UnavailableError, match="cannot be loaded"):
            predict(SYSTEM, project, "Hello")
        assert ("deployment.stage", row.pk) in sent
        stage(row.pk)
        assert predict(SYSTEM, project, "Hello").model_tag == "shop:v1"
