"""A fine-tuned encoder with its head: one proven file, served by the same child, told from its run's folder alone."""

import shutil
import zlib
from pathlib import Path

import pytest

from deployment.artifacts.rebuilding import rebuild
from deployment.models import Artifact, ParityReport
from deployment.serving.predict import predict
from tests.deployment.artifacts.heads.conftest import staged
from tests.deployment.moves import promote
from tests.deployment.standins import build, make_server, serve_from
from tests.factories import SYSTEM, acting, make_admin, make_project
from tests.heads import ENCODER as FOLDER
from tests.heads import make_answers, make_version
from tests.training.engine.conftest import tunable  # noqa: F401  (a fixture)
from training.engine.finetuning.run import finetune_run
from training.engine.rundir import RunDir
from training.models import ModelVersion
from training.services import run_folder

pytestmark = [pytest.mark.django_db, pytest.mark.ml]
QUICK = {"epochs": 4, "learning_rate": 1e-3, "threads": 1}


@pytest.fixture
def version(settings, tmp_path, local_url, request, tunable) -> ModelVersion:  # noqa: F811
    settings.LOCAL_MODEL_SERVER_KEY = "for-tests"
    settings.MODELS_DIR = tmp_path / "models"
    settings.ENCODER_DIR = Path(shutil.copytree(tunable, tmp_path / "models" / FOLDER))
    project = make_project(request.node.name[:40].replace("_", "-").strip("-"))
    serve_from(project, make_server(local_url, kind="local", name="local", slots=2), proof_prompts=20)
    make_answers(project, 80, seed=zlib.crc32(request.node.name.encode()))
    return make_version(project, finetune_run, method="encoder", overrides=QUICK)


def test_it_is_built_without_its_base_proven_served_and_promoted(version, settings, client):
    shutil.rmtree(settings.ENCODER_DIR)
    file = build(version)
    assert (file.state, file.error) == ("built", "")
    artifact = Artifact.objects.get()
    assert (artifact.format, artifact.quantization) == ("onnx", "f32")
    row = staged(version)
    assert (row.state, row.error) == ("staged", "")
    here, there = ParityReport.objects.order_by("id")
    assert (here.question, here.ok, here.checked) == ("head", True, here.agreed)
    assert (there.question, there.ok, there.server.name) == ("head", True, "local")
    ada = make_admin("ada")
    promote(acting(ada), version, reason="the first one")
    found = predict(SYSTEM, version.project, "where is my refund")
    assert (found.model_tag, found.answer) == (version.tag, {"labels": ["billing"]})
    assert 0 < found.confidence < 1
    client.force_login(ada)
    page = client.get(f"/projects/{version.project.key}/versions/{version.number}/").content.decode()
    for words in ("Passes over the rows", "chosen by training rows left out", "ONNX", "48 tokens of a text"):
        assert words in page


def test_a_trained_encoder_that_is_damaged_is_told_and_one_that_is_put_back_is_built(version):
    encoder = RunDir(run_folder(version.run)).head / "encoder"
    whole = (encoder / "model.onnx").read_bytes()
    (encoder / "model.onnx").write_bytes(whole[:-1])
    file = build(version)
    assert file.state == "failed"
    assert "The model that the run of" in file.error
    assert "Copy the run's folder back, or train again." in file.error
    (encoder / "model.onnx").write_bytes(whole)
    rebuild(SYSTEM, version)
    assert build(version).state == "built"
