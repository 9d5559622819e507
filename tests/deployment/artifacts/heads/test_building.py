"""From a fitted head to a proven file: what is made, what is refused, what is made again."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from deployment import storage
from deployment.artifacts.build import build as build_artifact
from deployment.artifacts.build import request_build
from deployment.artifacts.heads.proving import HERE, Answered, prove
from deployment.artifacts.pipeline import processes, store
from deployment.artifacts.rebuilding import can_be_rebuilt, rebuild
from deployment.artifacts.staging import MAX_ATTEMPTS, request_staging, stage
from deployment.models import Artifact, ParityReport, ServingPolicy
from deployment.serving.predict import ask
from deployment.sweep import due_builds, due_stagings, reap
from tests.deployment.artifacts.heads.conftest import staged
from tests.deployment.standins import build
from tests.encoders import make_encoder
from tests.factories import SYSTEM
from tests.heads import NAME
from tests.training.heads.folders import VOCABULARY
from training.engine.rundir import RunDir
from training.heads.folder import load, load_proof
from training.services import run_folder

pytestmark = pytest.mark.django_db
State = Artifact.State


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
