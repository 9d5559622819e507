"""A language model with a classification head: one proven file on the local server, told and refused like any head."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from common.encoder.record import FULL, RECORD
from common.environment import child_environment
from common.files import sha256_of
from common.problems import ConflictError
from deployment.artifacts.build import request_build
from deployment.artifacts.editing import editable
from deployment.artifacts.placement import why_nowhere
from deployment.artifacts.rebuilding import rebuild
from deployment.artifacts.staging import request_staging
from deployment.files import file_of
from deployment.models import Artifact, ParityReport
from deployment.promotion.plan import plan_promotion
from deployment.servers.headroom import OVERHEAD, READING, memory_for
from deployment.serving.predict import predict
from deployment.serving.why import why
from labeling.models import Prediction
from labeling.services.vectors.making import make_vectors
from tests.deployment.artifacts.heads.conftest import staged
from tests.deployment.moves import promote
from tests.deployment.standins import build, make_server, serve_from
from tests.factories import SYSTEM, acting, make_admin, make_project
from tests.heads import have_encoder, make_answers, make_version
from tests.training.engine.conftest import tiny_base  # noqa: F401  (a fixture)
from tests.training.helpers import make_base
from tests.workers import ROOT
from training.engine.bases.record import read_record
from training.engine.rundir import RunDir
from training.higher import serving_obstacle
from training.methods import METHODS
from training.models import ModelVersion, TrainingRun
from training.services import run_folder

pytestmark = [pytest.mark.django_db, pytest.mark.ml, pytest.mark.timeout(600)]
QUICK = {"max_steps": 40, "eval_steps": 20, "learning_rate": 2e-3, "threads": 1}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the first test keeps what the engine made of its run, for the others."""
    return tmp_path_factory.mktemp("trained") / "run"


@pytest.fixture
def version(settings, tmp_path, local_url, request, tiny_base, trained) -> ModelVersion:  # noqa: F811  (the fixture)
    settings.LOCAL_MODEL_SERVER_KEY = "for-tests"
    settings.MODELS_DIR, settings.ENCODER_DIR = tmp_path / "models", tmp_path / "models" / "none"
    project = make_project(f"lm-{request.node.name[5:40]}".replace("_", "-").strip("-"))
    serve_from(project, make_server(local_url, kind="local", name="local", slots=2), proof_prompts=20)
    make_answers(project, 80, seed=5)
    base = make_base(tiny_base, revision=read_record(tiny_base)["revision"])

    def work(folder: Path) -> None:
        if not trained.exists():
            command = [sys.executable, "-m", "training.engine", "train", "--run", str(folder)]
            subprocess.run(command, cwd=ROOT, env={**child_environment(), "OMP_NUM_THREADS": "1"}, check=True)
            shutil.copytree(folder, trained)
        for name in ("head", "adapter"):
            shutil.copytree(trained / name, folder / name, dirs_exist_ok=True)
        shutil.copyfile(trained / "manifest.json", folder / "manifest.json")

    return make_version(project, work, method="lm_head", base=base, overrides=QUICK)


def test_it_is_built_without_its_base_proven_served_promoted_and_told(version, client, sent):
    run = version.run
    assert (run.way.name, run.config["task"]["key"], version.is_head, version.base.is_encoder) == (
        "lm_head", "labels", True, False,
    )  # fmt: skip
    assert version.adapter_digest == sha256_of(RunDir(run_folder(run)).head / "head.npz")
    request_build(version)
    assert sent == [("deployment.build_head", Artifact.objects.get().pk)]
    file = build(version)
    assert (file.state, file.error) == ("built", "")
    artifact = Artifact.objects.get()
    assert (artifact.format, artifact.quantization) == ("onnx", "f32")
    assert [step.name for step in artifact.build_steps.all()] == ["compose", "prove"]
    row = staged(version)
    assert (row.state, row.error, row.uploaded_digest) == ("staged", "", artifact.digest)
    assert memory_for(row) == int(row.bytes * OVERHEAD) + READING
    here, there = ParityReport.objects.order_by("id")
    assert (here.question, here.ok, here.checked) == ("head", True, here.agreed)
    assert (there.question, there.ok, there.checked, there.server.name) == ("head", True, 20, "local")
    ada = make_admin("ada")
    done = promote(acting(ada), version, reason="the first one")
    assert "onnx sha256" in done.modelfile
    found = predict(SYSTEM, version.project, "where is my refund")
    assert found.model_tag == version.tag
    assert set(found.answer) == {"labels"}
    assert 0 < found.confidence < 1
    predict(SYSTEM, version.project, "refund " * 3000)
    newest = Prediction.objects.order_by("-id").first()
    assert newest.reason == (
        "Instruction and text together are longer than the 1024 tokens that are read; the text's rest was not read."
    )
    with pytest.raises(ConflictError, match="asked by no prompt"):
        editable(version)
    client.force_login(ada)
    page = client.get(f"/projects/{version.project.key}/versions/{version.number}/").content.decode()
    for words in (
        "Language model",
        "with its adapter in it, in 32 bits",
        "ONNX",
        "1024 tokens of instruction and text",
    ):
        assert words in page
    (told,) = client.get(f"/api/v1/projects/{version.project.key}/versions").json()["results"]
    assert told["head"]["language_model"] is True


def test_a_graph_that_was_changed_is_refused_though_its_record_agrees(version):
    import onnx
    from onnx import numpy_helper

    folder = RunDir(run_folder(version.run)).head / "encoder"
    model = onnx.load(folder / FULL)
    weights = max(model.graph.initializer, key=lambda each: len(each.raw_data))
    weights.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weights) * 1.5, weights.name))
    (folder / FULL).write_bytes(model.SerializeToString())
    file = build(version)
    assert (file.state, "is not whole in" in file.error) == ("failed", True)
    record = json.loads((folder / RECORD).read_text())
    record["files"][FULL] = sha256_of(folder / FULL)
    (folder / RECORD).write_text(json.dumps(record))
    rebuild(SYSTEM, version)
    file = build(version)
    assert file.state == "failed"
    assert "The file is not what was trained: answers and probabilities equal the fitted head's on" in file.error
    assert request_staging(version)[0].state == "waiting"


def test_one_that_an_earlier_release_made_says_to_train_it_again(version, client):
    run, head = version.run, RunDir(run_folder(version.run)).head
    shutil.rmtree(head)
    config = {name: value for name, value in run.config.items() if name != "task"}
    metrics = {name: value for name, value in run.metrics.items() if name != "head"}
    TrainingRun.objects.filter(pk=run.pk).update(config=config, metrics=metrics)
    version = ModelVersion.objects.get(pk=version.pk)
    file = build(version)
    assert file.state == "failed"
    said = "asked for by an earlier release, which left nothing of a classification head to be served. Train it again."
    assert said in file.error
    assert said in why_nowhere(version).sentence
    client.force_login(make_admin("ada"))
    page = client.get(f"/projects/{version.project.key}/versions/{version.number}/").content.decode()
    assert "Train it again." in page
    assert "The head</h2>" not in page


def test_ollama_alone_cannot_serve_it(version, standin):
    serve_from(version.project, make_server(standin.url, name="ollama-one"))
    build(version)
    assert request_staging(version) == []
    assert "ollama-one (Ollama) cannot serve" in why_nowhere(version).sentence
    (obstacle,) = plan_promotion(version).obstacles
    assert "ollama-one (Ollama) cannot serve" in obstacle
    assert "choose it in the serving policy" in serving_obstacle(version.project, METHODS["lm_head"])
    assert serving_obstacle(version.project, METHODS["sft"]) == ""


def test_why_shows_golden_samples_by_the_installations_encoder_or_what_is_missing(version, settings, tmp_path, client):
    settings.VECTORS_DIR = tmp_path / "vectors"
    build(version)
    staged(version)
    ada = make_admin("ada")
    promote(acting(ada), version, reason="the first one")
    found = predict(SYSTEM, version.project, "where is my refund")
    make_vectors(version.project.pk)
    told = why(acting(ada), found)
    assert (told.likes.found, told.encoder) == ([], "")
    assert "There is no sentence encoder in" in told.likes.note
    have_encoder(settings, tmp_path / "models")
    make_vectors(version.project.pk)
    told = why(acting(ada), found)
    assert len(told.likes.found) == 5
    assert told.note == f"Compared by the vectors of tests/words; {version} itself reads texts as a language model."
    client.force_login(ada)
    page = client.get(f"/projects/{version.project.key}/predictions/{found.uid}/why/").content.decode()
    assert f"{version} is a head on the language model some-base" in page
    shown = client.get(f"/api/v1/projects/{version.project.key}/predictions/{found.uid}/why").json()
    assert (shown["encoder"], len(shown["samples"])) == ("tests/words", 5)


def test_its_file_is_under_way_like_any(version):
    request_build(version)
    assert file_of(version).under_way
