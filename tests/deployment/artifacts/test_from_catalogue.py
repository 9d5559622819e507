"""A model of the servers' catalogues as a version of a project: version 0, or a rival of what is live."""

import httpx
import pytest
from django.contrib.auth.models import Permission
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from common.problems import ConflictError, ProblemError, UnavailableError
from deployment.artifacts.editing import edit, editable
from deployment.artifacts.from_catalogue import use_in_project
from deployment.artifacts.rebuilding import rebuild
from deployment.artifacts.retention import removed, retain
from deployment.files import file_of
from deployment.models import ParityReport, ServingPolicy, StagedVersion
from deployment.promotion.plan import plan_promotion
from deployment.servers import catalogue
from deployment.sweep import due_stagings
from evaluation.services import advance
from labeling import services
from labeling.models import Scope
from labeling.services import create_token
from tests.deployment.moves import promote
from tests.deployment.standins import build, make_server, make_staged, ollama_standin, serve_from, stage_version
from tests.factories import SYSTEM, acting, make_admin, make_operator, make_project
from training.forms import StartRunForm
from training.models import BaseModel, ModelVersion

pytestmark = pytest.mark.django_db
NAME = "smollm2:135m"


@pytest.fixture
def ada(db):
    return make_admin("ada")


@pytest.fixture
def server(standin):
    return make_server(standin.url)


@pytest.fixture
def shop(server):
    project = make_project("shop", decoding={"temperature": 0, "num_ctx": 512})
    serve_from(project, server)
    return project


@pytest.fixture
def pulled(standin):
    """The server has a model of the registry."""
    return pull(standin)


def pull(standin, name: str = NAME) -> str:
    standin.offer(name)
    httpx.post(f"{standin.url}/api/pull", json={"model": name, "stream": False}).raise_for_status()
    return standin.models()[name]


def built(version) -> ModelVersion:
    build(version)
    return version


def test_it_is_version_0_staged_judged_and_live(ada, shop, server, standin, pulled):
    v0 = built(use_in_project(acting(ada), server, NAME, shop, "the free one"))
    assert (v0.number, v0.method, v0.note, v0.made_by) == (0, "none", "the free one", ada)
    file = file_of(v0)
    assert (file.artifact, file.state, file.digest, v0.base.server_name) == (None, "built", pulled, NAME)
    assert file.bytes > 0
    assert v0.trained_by is None
    row = stage_version(v0, verdict="")
    assert standin.lookups() == [NAME], "asked for by the pull alone"
    assert not ParityReport.objects.exists()
    assert advance(row.pk).verdict == "baseline"
    done = promote(ada, v0, reason="the first one")
    assert f"FROM {NAME}" in done.modelfile
    assert standin.models()["shop:latest"] == standin.models()[row.tag] == row.manifest_digest
    shown = httpx.post(f"{standin.url}/api/show", json={"model": row.tag}).json()
    assert "num_ctx" in shown["parameters"]


def test_later_it_is_a_candidate_and_can_be_edited(ada, shop, server, pulled):
    make_staged(shop, 1)
    v2 = built(use_in_project(acting(ada), server, NAME, shop))
    assert v2.number == 2
    stage_version(v2)
    assert plan_promotion(v2).obstacles == ()
    v3 = built(edit(acting(ada), v2, editable(v2) + "PARAMETER top_k 5\n", "calmer"))
    assert (file_of(v3).state, file_of(v3).digest) == ("built", pulled)
    assert stage_version(v3).manifest_digest != StagedVersion.objects.get(version=v2).manifest_digest
    with pytest.raises(ConflictError, match=f"shop:v2 is {NAME} already"):
        use_in_project(acting(ada), server, NAME, shop)


def test_nothing_is_trained_from_it(ada, shop, server, pulled):
    use_in_project(acting(ada), server, NAME, shop)
    BaseModel.objects.create(name="real", location="somewhere")
    assert [base.name for base in StartRunForm().fields["base"].queryset] == ["real"]


def test_its_model_is_not_deleted_and_must_stay_the_same(ada, shop, server, standin, pulled):
    v0 = built(use_in_project(acting(ada), server, NAME, shop))
    stage_version(v0)
    with pytest.raises(ConflictError, match=f"{NAME} is not deleted: it is what shop:v0 is made of"):
        catalogue.delete(acting(ada), server, NAME)
    v1 = built(edit(acting(ada), v0, editable(v0) + "PARAMETER top_k 5\n", "calmer"))
    httpx.request("DELETE", f"{standin.url}/api/delete", json={"model": NAME}).raise_for_status()
    httpx.post(f"{standin.url}/api/create", json={"model": NAME, "from": v0.server_tag, "system": "another"})
    with pytest.raises(AssertionError, match="is another model than before"):
        stage_version(v1)
    httpx.request("DELETE", f"{standin.url}/api/delete", json={"model": NAME}).raise_for_status()
    StagedVersion.objects.filter(version=v1).update(state="waiting")
    with pytest.raises(AssertionError, match="is not on this server; pull it"):
        stage_version(v1)
    assert standin.lookups() == [NAME]


def test_every_server_of_the_project_needs_the_same_model(ada, shop, server, standin, pulled, tmp_path):
    (tmp_path / "second").mkdir()
    with ollama_standin(tmp_path / "second") as other:
        serve_from(shop, server, make_server(other.url, name="second"))
        with pytest.raises(ProblemError, match=r"second does not have smollm2:135m\. Pull it there"):
            use_in_project(acting(ada), server, NAME, shop)
        pull(other, "other:1b")
        body = {"model": NAME, "from": "other:1b", "system": "another"}
        httpx.post(f"{other.url}/api/create", json=body).raise_for_status()
        with pytest.raises(ProblemError, match="not the same model everywhere"):
            use_in_project(acting(ada), server, NAME, shop)
        other.die()
        with pytest.raises(UnavailableError, match="second does not answer"):
            use_in_project(acting(ada), server, NAME, shop)


def test_who_may_and_where(ada, shop, server, pulled):
    with pytest.raises(PermissionDenied):
        use_in_project(acting(make_operator(shop, "ole")), server, NAME, shop)
    elsewhere = make_project("elsewhere")
    with pytest.raises(ProblemError, match="not served by standin"):
        use_in_project(acting(ada), server, NAME, elsewhere)
    promote(ada, make_staged(shop, 1))
    for ours in ("models.invalid/touchstone/shop:v1", "shop"):
        with pytest.raises(ProblemError, match="a version or alias of a project here"):
            use_in_project(acting(ada), server, ours, shop)
    assert shop.versions.count() == 1


def test_who_manages_servers_but_not_the_project_may_not(shop, server, pulled, client):
    sam = make_operator(make_project("elsewhere"), "sam")
    sam.user_permissions.add(Permission.objects.get(codename="change_inferenceserver"))
    with pytest.raises(PermissionDenied):
        use_in_project(acting(sam), server, NAME, shop)
    client.force_login(sam)
    api = f"/api/v1/servers/{server.name}/use"
    assert client.post(api, {"model": NAME, "project": "shop"}, content_type="application/json").status_code == 404
    _, secret = create_token(SYSTEM, make_admin("root"), "ops", [shop], [Scope.OPERATE])
    headers = {"Authorization": f"Bearer {secret}"}
    client.logout()
    body = {"model": NAME, "project": "shop"}
    assert client.post(api, body, content_type="application/json", headers=headers).status_code == 403
    assert not shop.versions.exists()


def test_another_task_may_use_it_again(ada, shop, server, pulled):
    v0 = use_in_project(acting(ada), server, NAME, shop)
    services.update_project(acting(ada), shop, instruction="Tag it anew.")
    shop.refresh_from_db()
    v1 = use_in_project(acting(ada), server, NAME, shop)
    assert v1.base == v0.base
    assert v1.spec != v0.spec


def test_retention_takes_the_tag_and_a_rebuild_brings_it_back(ada, shop, server, standin, pulled):
    ServingPolicy.objects.update(keep_previous=0, keep_days=0)
    v0 = built(use_in_project(acting(ada), server, NAME, shop))
    stage_version(v0)
    promote(ada, make_staged(shop, 1))
    assert retain() == [v0]
    assert v0.server_tag not in standin.models()
    assert NAME in standin.models()
    assert "Rebuild" in removed(v0)
    serve_from(shop, server, make_server(standin.url, name="second"))
    assert v0 not in due_stagings(shop.serving_policy)
    assert retain() == []
    rebuild(acting(ada), v0)
    built(v0)
    stage_version(v0, verdict="")
    assert v0.server_tag in standin.models()


def test_the_pages_and_the_api(ada, shop, server, pulled, client):
    client.force_login(ada)
    url = reverse("deployment:use", args=[server.name]) + "?model=smollm2%3A135m"
    assert url in client.get(reverse("deployment:server", args=[server.name])).text
    assert "Make it a version" in client.get(url).text
    done = client.post(url, {"project": "shop", "note": "free"}, follow=True)
    assert done.redirect_chain[-1][0] == reverse("deployment:version", args=["shop", 0])
    assert "shop:v0 is smollm2:135m" in done.text
    again = client.post(url, {"project": "shop"}, follow=True)
    assert "shop:v0 is smollm2:135m already" in again.text
    api = f"/api/v1/servers/{server.name}/use"
    body = {"model": NAME, "project": "shop"}
    assert client.post(api, body, content_type="application/json").status_code == 409
    ModelVersion.objects.all().delete()
    made = client.post(api, body, content_type="application/json")
    assert made.status_code == 201, made.text
    assert (made.json()["version"], made.json()["base"]) == (0, f"{NAME} {pulled[:12]}")


def test_a_server_that_serves_no_project_says_what_to_do(ada, server, pulled, client):
    client.force_login(ada)
    page = client.get(reverse("deployment:use", args=[server.name]) + f"?model={NAME}")
    assert "serving policy" in page.text
