"""From a fitted head to a proven file and a served version: what is made, what is refused, what is made again."""

import hashlib
import subprocess
import sys
import zlib

import numpy as np
import pytest

from common.problems import ConflictError
from deployment import storage
from deployment.artifacts.build import build as build_artifact
from deployment.artifacts.build import request_build
from deployment.artifacts.editing import editable
from deployment.artifacts.heads.proving import HERE, Answered, prove
from deployment.artifacts.pipeline import processes, store
from deployment.artifacts.placement import why_nowhere
from deployment.artifacts.rebuilding import can_be_rebuilt, rebuild
from deployment.artifacts.staging import MAX_ATTEMPTS, request_staging, stage
from deployment.files import file_of
from deployment.models import Artifact, ParityReport, ServingPolicy, StagedVersion
from deployment.promotion.plan import plan_promotion
from deployment.serving.predict import ask, predict
from deployment.sweep import due_builds, due_stagings, reap
from labeling.services import update_project
from tests.deployment.moves import promote, rollback
from tests.deployment.standins import build, make_server, make_staged, serve_from
from tests.encoders import make_encoder
from tests.factories import SYSTEM, acting, make_admin, make_operator, make_project
from tests.heads import NAME, have_encoder, make_answers, make_head
from tests.training.heads.folders import VOCABULARY
from training.engine.rundir import RunDir
from training.heads.folder import load, load_proof
from training.services import run_folder

pytestmark = pytest.mark.django_db
State = Artifact.State


@pytest.fixture
def encoder(settings, tmp_path):
    settings.LOCAL_MODEL_SERVER_KEY = "for-tests"
    return have_encoder(settings, tmp_path / "models")


@pytest.fixture
def project(encoder, local_url, request):
    key = request.node.name[:40].replace("_", "-").strip("-")
    project = make_project(key)
    serve_from(project, make_server(local_url, kind="local", name="local", slots=2), proof_prompts=20)
    # Other rows for each test: what was built of the same ones would be found again.
    make_answers(project, 40, seed=zlib.crc32(request.node.name.encode()))
    return project


@pytest.fixture
def version(project):
    return make_head(project)


def staged(version) -> StagedVersion:
    (row,) = request_staging(version)
    stage(row.pk)
    row.refresh_from_db()
    return row


def test_it_is_built_by_workers_without_torch_and_proven_twice(version, sent):
    request_build(version)
    artifact = Artifact.objects.get()
    assert sent == [("deployment.build_head", artifact.pk)]
    assert (artifact.format, artifact.quantization) == ("onnx", "f32")
    file = build(version)
    assert (file.state, file.error) == ("built", "")
    artifact.refresh_from_db()
    assert artifact.digest == hashlib.sha256(storage.path_of(artifact.path).read_bytes()).hexdigest()
    assert artifact.proof["ok"]
    assert "answers and probabilities equal the fitted head's on" in artifact.proof["sentence"]
    row = staged(version)
    assert (row.state, row.error, row.uploaded_digest) == ("staged", "", artifact.digest)
    here, there = ParityReport.objects.order_by("id")
    assert (here.question, here.ok, here.checked) == ("head", True, here.agreed)
    assert here.checked > 20, "all validation texts, training texts beside the few, and odd ones"
    assert (there.question, there.ok, there.checked, there.server.name) == ("head", True, 20, "local")
    answer = ask(row, version.spec.to_spec(), "where is my parcel")
    assert (answer.parsed.answer, str(answer.parsed.status)) == ({"labels": ["delivery"]}, "strict")
    assert 0 < answer.confidence < 1
    assert (due_builds(version.project), due_stagings(ServingPolicy.objects.get())) == ([], [])


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


def test_a_damaged_file_is_seen_and_made_again(version):
    build(version)
    artifact = Artifact.objects.get()
    path, digest = storage.path_of(artifact.path), artifact.digest
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    assert can_be_rebuilt(version)
    rebuild(SYSTEM, version)
    assert build(version).digest == digest
    path.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    Artifact.objects.update(state=State.WAITING)
    assert build(version).digest == digest
    assert path.read_bytes() == whole


@pytest.mark.parametrize("name", ["head.json", "head.npz", "proof.jsonl", "proof.npz"])
@pytest.mark.parametrize("harm", ["other", "cut", "empty"])
def test_damaged_files_of_a_head_are_told_in_one_way(version, name, harm):
    path = RunDir(run_folder(version.run)).head / name
    whole = path.read_bytes()
    path.write_bytes({"other": b"PK\x03\x04" + b"x" * len(whole), "cut": whole[: len(whole) // 2], "empty": b""}[harm])
    with pytest.raises(ValueError, match="is damaged"):
        _ = load(path.parent), load_proof(path.parent).chances[7]


def test_a_damaged_proof_ends_in_words_and_a_rebuild_mends_it(version):
    build(version)
    step = Artifact.objects.get().build_steps.get(name="prove")
    path = store.steps_folder() / step.name / step.key / "proof.npz"
    path.write_bytes(b"PK\x03\x04" + b"x" * (path.stat().st_size - 4))
    (row,) = request_staging(version)
    said = []
    for _ in range(MAX_ATTEMPTS):
        stage(row.pk)
        row.refresh_from_db()
        said.append(row.error)
    assert row.state == "failed"
    assert "is damaged; rebuild the version." in said[0]
    assert all("rebuild the version." in each for each in said)
    rebuild(SYSTEM, version)
    build(version)
    assert staged(version).state == "staged"


@pytest.mark.parametrize("harm", ["encoder gone", "encoder damaged", "another encoder", "head gone", "another head"])
def test_what_it_is_made_of_must_be_there_and_be_the_right_one(version, encoder, harm):
    head = RunDir(run_folder(version.run)).head
    if harm == "encoder gone":
        (encoder / "encoder.json").unlink()
    elif harm == "encoder damaged":
        (encoder / "model.onnx").write_bytes(b"damaged")
    elif harm == "another encoder":
        make_encoder(encoder, f"{VOCABULARY} more", name=NAME)
    elif harm == "head gone":
        (head / "head.npz").unlink()
    else:
        (head / "head.npz").write_bytes(b"another")
    want = {
        "encoder gone": "no sentence encoder in",
        "encoder damaged": "is damaged or another file",
        "another encoder": "the head was fitted on",
        "head gone": "is not on this host",
        "another head": "is not the one that",
    }
    file = build(version)
    assert file.state == "failed"
    assert want[harm] in file.error
    assert not list(Artifact.objects.exclude(path=""))


def test_a_file_that_answers_otherwise_is_not_let_through(version, encoder, monkeypatch):
    folder = RunDir(run_folder(version.run)).head
    answering, proof = load(folder).record.answering, load_proof(folder)

    def shifted(messages):
        row = proof.chances[[each == messages for each in proof.messages].index(True)]
        moved = {name: min(1.0, float(each) + 0.005) for name, each in zip(answering.labels, row, strict=True)}
        return Answered(answering.text(answering.given(list(moved.values()))), moved)

    found = prove(answering, proof, shifted, tolerance=HERE)
    assert (found.ok, found.agreed) == (False, 0)
    assert found.differences[0]["apart"] == pytest.approx(0.005, abs=1e-4)
    assert prove(answering, proof, shifted, tolerance=0.02).ok
    # Another head's answers, told as this one's.
    np.savez(folder / "proof.npz", chances=proof.chances[::-1])
    file = build(version)
    assert file.state == "failed"
    assert "The file is not what was trained: answers and probabilities equal the fitted head's on" in file.error


def test_a_step_that_is_killed_is_done_again(version, monkeypatch):
    """kill -9 of the step's process: the row waits for another try, and the next worker goes on."""
    real = subprocess.Popen

    def killed(command, *args, **kwargs):
        if "deployment.artifacts.heads" in command:
            command = [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"]
        return real(command, *args, **kwargs)

    request_build(version)
    artifact = Artifact.objects.get()
    for step in ("compose", "prove"):
        with monkeypatch.context() as patch:
            patch.setattr(processes.children.subprocess, "Popen", killed)
            build_artifact(artifact.pk)
        artifact.refresh_from_db()
        assert (artifact.state, step in artifact.error, "killed by signal 9" in artifact.error) == (
            "waiting",
            True,
            True,
        )
        if step == "compose":
            from deployment.artifacts.pipeline import pipeline_for

            pipeline_for(artifact, ServingPolicy.objects.get()).compose()
    build_artifact(artifact.pk)
    artifact.refresh_from_db()
    assert artifact.state == "built", artifact.error


def test_a_lost_build_is_sent_to_the_workers_that_can(version, sent):
    request_build(version)
    artifact = Artifact.objects.get()
    Artifact.objects.filter(pk=artifact.pk).update(state=State.BUILDING, lease_until="2020-01-01T00:00Z")
    sent.clear()
    reap()
    assert sent == [("deployment.build_head", artifact.pk)]


def test_ollama_cannot_serve_it_and_the_local_server_is_offered(version, standin, client):
    project = version.project
    ollama = make_server(standin.url, name="ollama-one")
    policy = serve_from(project, ollama)
    build(version)
    assert request_staging(version) == []
    assert due_stagings(policy) == []
    reason = why_nowhere(version)
    assert reason.sentence.startswith(
        f"ollama-one (Ollama) cannot serve {version}, a file of the form “ONNX of encoder"
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
    assert "take those out of the serving policy first" in obstacle


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
