"""A head as a version: on servers that can serve it, promoted, rolled back, told."""

import pytest

from common.problems import ConflictError
from deployment.artifacts.editing import editable
from deployment.artifacts.placement import why_nowhere
from deployment.artifacts.staging import request_staging
from deployment.files import file_of
from deployment.models import ServingPolicy
from deployment.promotion.plan import plan_promotion
from deployment.serving.predict import predict
from deployment.sweep import due_stagings
from labeling.services import update_project
from tests.deployment.artifacts.heads.conftest import staged
from tests.deployment.moves import promote, rollback
from tests.deployment.standins import build, make_server, make_staged, serve_from
from tests.factories import SYSTEM, acting, make_admin, make_operator
from tests.heads import NAME

pytestmark = pytest.mark.django_db


def test_promotion_and_rollback_between_heads_and_language_models(version, tiny_ggufs):
    project, ada = version.project, make_admin("ada")
    build(version)
    staged(version)
    done = promote(acting(ada), version, reason="the first one")
    assert "onnx sha256" in done.modelfile
    assert "SYSTEM" not in done.modelfile
    language = make_staged(project, 2, content=tiny_ggufs[0].read_bytes())
    promote(acting(ada), language)
    assert predict(SYSTEM, project, "Hello").model_tag == language.tag
    rollback(acting(ada), project, reason="the head was better")
    found = predict(SYSTEM, project, "where is my refund")
    assert (found.model_tag, found.answer) == (version.tag, {"labels": ["billing"]})
    found.refresh_from_db()
    assert max(found.label_chances, key=found.label_chances.get) == "billing"
    assert min(found.label_chances.values()) >= 0.01


def test_ollama_cannot_serve_it_and_the_local_server_is_offered(version, standin, client):
    project = version.project
    ollama = make_server(standin.url, name="ollama-one")
    policy = serve_from(project, ollama)
    build(version)
    assert request_staging(version) == []
    assert due_stagings(policy) == []
    reason = why_nowhere(version)
    assert reason.sentence.startswith(
        f"ollama-one (Ollama) cannot serve {version}, a file of the form “ONNX of model and head”"
    )
    assert "the kind “local”" in reason.sentence
    (obstacle,) = plan_promotion(version).obstacles
    assert "ollama-one (Ollama) cannot serve" in obstacle
    client.force_login(make_operator(project, "olga"))
    assert "cannot serve" in client.get(f"/projects/{project.key}/versions/{version.number}/").content.decode()


def test_beside_an_ollama_it_stands_on_the_local_server_and_says_what_is_in_the_way(version, standin):
    policy = ServingPolicy.objects.get()
    policy.servers.add(make_server(standin.url, name="ollama-one"))
    build(version)
    assert [row.server.name for row in request_staging(version)] == ["local"]
    staged(version)
    assert due_stagings(policy) == []
    (obstacle,) = plan_promotion(version).obstacles
    assert "ollama-one (Ollama) cannot serve" in obstacle
    assert "take those out of the serving policy first, or say there that the alias may stay" in obstacle


def test_pages_and_api_tell_what_it_is(version, client):
    build(version)
    staged(version)
    project, olga = version.project, make_operator(version.project, "olga")
    client.force_login(olga)
    page = client.get(f"/projects/{project.key}/versions/{version.number}/").content.decode()
    for words in ("The head", NAME, "16 tokens of a text", "Calibration", "ONNX"):
        assert words in page
    assert "Edit the Modelfile" not in page
    with pytest.raises(ConflictError, match="is asked by no prompt"):
        editable(version)
    update_project(SYSTEM, project, labels=[("billing", ""), ("delivery", ""), ("praise", ""), ("complaint", "")])
    page = client.get(f"/projects/{project.key}/versions/{version.number}/").content.decode()
    assert "labels that this version does not know and so never gives: complaint" in page
    found = client.get(f"/api/v1/projects/{project.key}/versions/{version.number}").json()
    assert file_of(version).state == "built"
    assert found
