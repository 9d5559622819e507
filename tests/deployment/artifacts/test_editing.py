"""An edited Modelfile: a version of its own with the same weights, on every way in, and what an edit may not do."""

import httpx
import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from common.problems import ConflictError, ProblemError
from deployment.artifacts.editing import edit, editable
from deployment.artifacts.modelfiles import parameters_of, system_of
from deployment.files import artifact_of
from deployment.modelfile import grammar
from deployment.models import Artifact, Finding, StagedVersion
from deployment.monitoring.reconcile import reconcile
from deployment.promotion.plan import plan_promotion
from deployment.servers import catalogue
from deployment.servers.drivers import driver_for
from deployment.servers.headroom import Headroom, look
from deployment.servers.memory import has_in_memory, unload_idle
from labeling.models import Scope
from labeling.services import create_token
from tests.deployment.moves import promote, rollback
from tests.deployment.standins import make_server, make_staged, make_version, serve_from, stage_version
from tests.factories import SYSTEM, acting, make_admin, make_expert, make_operator, make_project, remade
from tests.training.helpers import make_run
from training.models import ModelVersion

pytestmark = pytest.mark.django_db
DECODING = {"temperature": 0, "num_ctx": 512, "stop": ["###"]}


@pytest.fixture
def shop(standin):
    project = make_project("shop", decoding=DECODING)
    serve_from(project, make_server(standin.url))
    return project


@pytest.fixture
def ada(shop):
    return make_operator(shop, "ada")


@pytest.fixture
def v1(shop):
    return make_staged(shop, 1)


def with_more(version, **parameters) -> str:
    return editable(version) + "".join(f"PARAMETER {name} {value}\n" for name, value in parameters.items())


def staged(version) -> ModelVersion:
    stage_version(version)
    return version


def test_an_edit_is_a_new_version_with_the_same_weights(ada, v1):
    text = with_more(v1, top_k=5, num_ctx=256, stop="END").replace('SYSTEM """', 'SYSTEM """Be brief. ')
    v2 = edit(acting(ada), v1, text, " Shorter answers ")
    assert (v2.number, v2.derived_from, v2.run, v2.base, v2.spec) == (2, v1, None, v1.base, v1.spec)
    assert (v2.method, v2.note, v2.made_by) == (v1.method, "Shorter answers", ada)
    assert artifact_of(v2) == artifact_of(v1), "one file for both"
    assert parameters_of(v2) == {"num_ctx": 256, "top_k": 5, "temperature": 0.0, "stop": ["###", "END"]}
    assert system_of(v2).startswith("Be brief. ")
    assert v2.origin == "shop:v1 with another Modelfile"
    v1.refresh_from_db()
    assert (v1.parameters, v1.system) == (None, None)


def test_it_is_served_as_edited(ada, v1, standin):
    v2 = edit(acting(ada), v1, with_more(v1, top_k=5).replace('SYSTEM """', 'SYSTEM """Be brief. '), "why")
    row = stage_version(v2)
    first = StagedVersion.objects.get(version=v1)
    assert row.layer_digest == first.layer_digest
    assert row.manifest_digest != first.manifest_digest
    shown = httpx.post(f"{standin.url}/api/show", json={"model": row.tag}).json()
    assert "top_k" in shown["parameters"]
    assert shown["system"].startswith("Be brief. ")

    promote(ada, v1)
    live = promote(ada, v2)
    assert "edited from shop:v1: why" in live.modelfile
    assert grammar.parse(live.modelfile).system.startswith("Be brief. ")
    back = rollback(ada, v1.project, reason="longer again")
    assert back.version == v1


def test_an_edit_of_an_edit_keeps_what_it_does_not_touch(ada, v1):
    v2 = edit(acting(ada), v1, editable(v1).replace('SYSTEM """', 'SYSTEM """Be brief. '), "one")
    v3 = edit(acting(ada), v2, with_more(v2, top_k=5), "two")
    assert system_of(v3) == system_of(v2)
    assert v3.derived_from == v2
    assert v3.trained_by is v1.trained_by is None
    remade(v1, run=make_run(v1.project))
    assert ModelVersion.objects.get(pk=v3.pk).trained_by == v1.run


def test_a_version_without_effect_is_not_made(ada, v1):
    lines = editable(v1).splitlines()
    parameters = [line for line in lines if line.startswith("PARAMETER")]
    others = [line for line in lines if not line.startswith("PARAMETER")]
    with pytest.raises(ProblemError, match="has already"):
        edit(acting(ada), v1, "\n".join([*others, *reversed(parameters)]), "another order")


def test_a_prompt_that_no_modelfile_can_carry(ada, v1, client):
    remade(v1, system='Say """\nand on')
    client.force_login(ada)
    assert client.get("/api/v1/projects/shop/versions/1").json()["modelfile"] == ""
    page = client.get(reverse("deployment:edit", args=["shop", 1]), follow=True)
    assert "No Modelfile can be written for shop:v1" in page.text


def test_edited_versions_cost_lists_no_query_each(ada, v1, client, standin):
    client.force_login(make_admin("root"))
    pages = ["/api/v1/projects/shop/versions", reverse("admin:deployment_stagedversion_changelist")]
    pages += [reverse("admin:training_modelversion_changelist"), reverse("deployment:deployments", args=["shop"])]
    counts = []
    for number in (1, 2):
        for _ in range(number):
            staged(edit(acting(ada), v1, with_more(v1, top_k=5), "why"))
        for page in pages:
            client.get(page)  # whatever is asked for once only
        with CaptureQueriesContext(connection) as seen:
            for page in pages:
                assert client.get(page).status_code == 200
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_both_are_one_model_in_the_memory_of_ollama(ada, v1, standin):
    """The live version answers from the runner that the other was loaded by, so that is not taken away."""
    server = v1.project.serving_policy.servers.get()
    v2 = edit(acting(ada), v1, with_more(v1, top_k=5), "why")
    stage_version(v2)
    promote(ada, v1)
    promote(ada, v2)
    v1.project.serving_policy.rollback_minutes = 0
    v1.project.serving_policy.save()
    driver = driver_for(server)
    assert [model.tag for model in driver.measure().loaded] == [v1.server_tag]
    assert unload_idle(server) == []
    assert reconcile() == 0
    assert not Finding.objects.exists()
    assert look(StagedVersion.objects.filter(version=v2)) == Headroom()
    with pytest.raises(ConflictError, match="shop:v2, too, and that is live in shop"):
        catalogue.unload(acting(make_admin("root")), server, v1.server_tag)
    assert plan_promotion(v1).price == ""
    v3 = edit(acting(ada), v2, with_more(v2, num_ctx=256), "shorter")
    assert "num_ctx 256 in place of 512: the move reloads the model" in plan_promotion(staged(v3)).price


def test_on_the_local_server_each_has_memory_of_its_own(ada, shop, local_url, settings, tiny_ggufs):
    settings.LOCAL_MODEL_SERVER_KEY, settings.LOCAL_MODEL_SERVER_URL = "for-tests", ""
    server = make_server(local_url, "local", name="local", slots=1)
    serve_from(shop, server)
    first = make_staged(shop, 1, content=tiny_ggufs[0].read_bytes())
    second = edit(acting(ada), first, with_more(first, num_ctx=256), "why")
    row, driver = stage_version(second), driver_for(server)
    driver.load(first.server_tag)
    driver.unload(second.server_tag)
    assert not has_in_memory(driver, row, driver.measure().loaded)
    driver.load(second.server_tag)
    assert has_in_memory(driver, row, driver.measure().loaded)
    for version in (first, second):
        driver.remove(version.server_tag)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda text: text, "what shop:v1 has already"),
        (lambda text: text.replace("FROM /", "FROM /elsewhere/"), "FROM stays"),
        (lambda text: text + "TEMPLATE {{ .Prompt }}\n", "new task"),
        (lambda text: text + "ADAPTER a.gguf\n", "leave the line out"),
        (lambda text: text + "MESSAGE user hi\n", "Examples belong"),
        (lambda text: text + "LICENSE mine\n", "license"),
        (lambda text: text + "PARAMETER num_thread 4\n", "set it on the server"),
        (lambda text: text + "PARAMETER top_kk 4\n", "Unknown parameter 'top_kk'"),
        (lambda text: text + "PARAMETER top_k many\n", "Line .*whole number"),
        (lambda text: "", "no FROM"),
    ],
)
def test_what_an_edit_may_not_change(ada, v1, change, problem):
    with pytest.raises(ProblemError, match=problem):
        edit(acting(ada), v1, change(editable(v1)), "why")
    assert ModelVersion.objects.count() == 1


def test_who_and_when(ada, shop, v1):
    text = with_more(v1, top_k=5)
    with pytest.raises(ProblemError, match="Say why"):
        edit(acting(ada), v1, text, " ")
    with pytest.raises(PermissionDenied):
        edit(acting(make_expert(shop, "eve")), v1, text, "why")
    Artifact.objects.update(state="removed", path="")
    with pytest.raises(ConflictError, match="Rebuild"):
        editable(v1)
    unbuilt = make_version(shop, 5)
    unbuilt.artifacts.update(path="", state="waiting")
    with pytest.raises(ConflictError, match="not built yet"):
        editable(unbuilt)


def test_the_page(ada, v1, client):
    client.force_login(ada)
    url = reverse("deployment:edit", args=["shop", 1])
    assert url in client.get(reverse("deployment:version", args=["shop", 1])).text
    shown = client.get(url)
    assert "PARAMETER num_ctx 512" in shown.text
    refused = client.post(url, {"modelfile": editable(v1), "note": "why"})
    assert refused.status_code == 400
    assert "what shop:v1 has already" in refused.text
    assert "PARAMETER num_ctx 512" in refused.text, "nothing that was typed is lost"
    text = with_more(v1, top_k=5).replace("\n", "\r\n")
    done = client.post(url, {"modelfile": text, "note": "why"}, follow=True)
    assert done.redirect_chain[-1][0] == reverse("deployment:version", args=["shop", 2])
    assert "shop:v2 is made of shop:v1" in done.text
    assert "the same weights with another Modelfile" in done.text


def test_in_the_admin(v1, client):
    client.force_login(make_admin("root"))
    row = StagedVersion.objects.get(version=v1)
    url = reverse("admin:deployment_stagedversion_edit", args=[row.pk])
    assert "PARAMETER num_ctx 512" in client.get(url).text
    assert client.post(url, {"modelfile": "", "note": ""}).status_code == 400
    done = client.post(url, {"modelfile": with_more(v1, top_k=5), "note": "why"}, follow=True)
    made = ModelVersion.objects.get(number=2)
    assert done.redirect_chain[-1][0] == reverse("admin:training_modelversion_change", args=[made.pk])
    Artifact.objects.update(state="removed", path="")
    assert "Rebuild it" in client.get(url, follow=True).text


def test_through_the_api(ada, shop, v1, client):
    _, secret = create_token(SYSTEM, ada, "ops", [shop], [Scope.OPERATE, Scope.READ])
    headers = {"Authorization": f"Bearer {secret}"}
    text = client.get("/api/v1/projects/shop/versions/1", headers=headers).json()["modelfile"]
    assert text == editable(v1)
    url = "/api/v1/projects/shop/versions/1/edit"
    body = {"modelfile": text + "PARAMETER top_k 5\n", "note": "why"}
    made = client.post(url, body, content_type="application/json", headers=headers)
    assert made.status_code == 201, made.text
    assert made.json()["derived_from"] == 1
    assert made.json()["parameters"]["top_k"] == 5
    refused = client.post(url, {**body, "modelfile": text}, content_type="application/json", headers=headers)
    assert refused.status_code == 400
