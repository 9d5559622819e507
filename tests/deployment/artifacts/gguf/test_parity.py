"""Parity on a real llama.cpp server: what was built is staged, and each mistake is refused there and taken away."""

import json
import shutil
from pathlib import Path

import pytest
from safetensors.numpy import load_file, save_file

from deployment import storage
from deployment.artifacts.editing import edit, editable
from deployment.artifacts.gguf.converter import convert
from deployment.artifacts.parity import prove_on_server
from deployment.artifacts.staging import request_staging, stage
from deployment.files import artifact_of
from deployment.models import InferenceServer, ParityReport, StagedVersion
from deployment.servers.drivers import driver_for
from labeling.models import Project
from tests.deployment.standins import build, make_server, make_version, serve_from
from tests.factories import SYSTEM, make_project, make_sample, remade
from training.models import BaseModel, ModelVersion, Snapshot, TrainingRun

pytestmark = [pytest.mark.ml, pytest.mark.django_db]
DECODING = {"temperature": 0, "seed": 7, "num_ctx": 512, "num_predict": 80}
LABELS = ("parcel", "refund", "order", "late", "thank", "cancel", "account", "broken", "invoice")
TEMPLATE = "{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }}\n{% endfor %}"


@pytest.fixture
def server(request, db, settings) -> InferenceServer:
    """The local server; where a test asks for `ollama`, the stand-in with a real llama.cpp behind it."""
    settings.LOCAL_MODEL_SERVER_KEY, settings.LOCAL_MODEL_SERVER_URL = "for-tests", ""
    kind = getattr(request, "param", "local")
    url = request.getfixturevalue({"local": "local_url", "ollama": "llama_standin_url"}[kind])
    return make_server(url, kind, slots=1, threads=1)


on_both = pytest.mark.parametrize("server", ["local", "ollama"], indirect=True)


@pytest.fixture
def project(server, model, converter) -> Project:
    # One label of several: a model of random weights has its preferences, and other weights have others.
    found = make_project("parity", "single_label", LABELS, decoding=DECODING)
    serve_from(found, server, answer_prompts=4, proof_prompts=3)
    for split in ("train", "validation"):
        make_sample(found, f"where is my parcel, asks {split}", split=split)
    return found


@pytest.fixture
def built(project, model) -> ModelVersion:
    """Version 1, built by the real pipeline; its inputs are the bare base model's."""
    base = BaseModel.objects.create(name="tiny", location=str(model))
    version = ModelVersion.objects.create(project=project, number=1, spec=project.spec, base=base)
    file = build(version)
    assert file.state == "built", file.error
    # From here on it counts as trained: its answers are held to the policy.
    remade(version, run=make_run(project, base))
    yield version
    for row in StagedVersion.objects.filter(version__project=project):
        driver_for(row.server).remove(row.tag)


def make_run(project: Project, base: BaseModel, digest: str = "d") -> TrainingRun:
    counts = dict.fromkeys(("train_rows", "validation_rows", "test_rows"), 1)
    snapshot = Snapshot.objects.create(project=project, spec=project.spec, digest=digest, folder="d", **counts)
    return TrainingRun.objects.create(project=project, snapshot=snapshot, base=base, trigger="manual")


def staged(version: ModelVersion) -> StagedVersion:
    (row,) = request_staging(version)
    stage(row.pk)
    row.refresh_from_db()
    return row


def served_as(version: ModelVersion, path: Path, sha256: str) -> StagedVersion:
    """The version staged with another file than it was built as."""
    name = f"other/{path.name}"
    target = storage.path_of(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, target)
    version.artifacts.update(path=name, digest=sha256, bytes=path.stat().st_size)
    return staged(version)


def report(version: ModelVersion, question: str) -> ParityReport:
    return ParityReport.objects.get(version=version, question=question)


def assert_not_there(row: StagedVersion) -> None:
    assert row.state == "failed"
    assert driver_for(row.server).digest_of(row.tag) == ""


@on_both
def test_what_was_built_is_proven_on_its_server(built):
    row = staged(built)
    assert (row.state, row.error) == ("staged", "")
    server = report(built, "server")
    assert (server.ok, server.checked, server.server) == (True, server.agreed, row.server)
    # The text of 4,000 words is beyond the context of 512, and its count is proven all the same.
    assert server.checked == report(built, "tokens").checked
    assert server.server_version == driver_for(row.server).probe().version
    answers = report(built, "answers")
    assert (answers.checked, answers.agreed, answers.ok, answers.bound) == (4, 4, True, 1.0)
    assert answers.sentence.endswith("so many find a server that answers 86 % otherwise, or more, nine times in ten")


def test_an_untrained_base_is_only_reported(built):
    remade(built, run=None)
    assert staged(built).state == "staged"
    assert report(built, "answers").ok is None
    assert "only reported" in report(built, "answers").sentence


def test_an_edited_version_is_the_same_file_proven_on_its_own(built):
    assert staged(built).state == "staged"
    made = edit(SYSTEM, built, editable(built) + "PARAMETER top_k 5\nPARAMETER repeat_penalty 1.5\n", "calmer")
    assert artifact_of(made) == artifact_of(built)
    row = staged(made)
    assert (row.state, row.error) == ("staged", "")
    assert report(made, "server").ok
    answers = report(made, "answers")
    assert (answers.ok, answers.agreed) == (True, 4), "held to the policy, as the run's own version is"


@pytest.mark.parametrize(("trap", "name"), [("bos", "bos"), ("dropped", "merges")])
def test_a_trap_is_refused_on_the_server_too(trap, name, built, ggufs):
    row = served_as(built, ggufs[trap].path, ggufs[trap].sha256)
    assert_not_there(row)
    found = report(built, "server")
    assert (found.ok, found.trap) == (False, name)
    assert found.sentence in row.error
    assert 0 < len(found.differences) <= 3
    assert found.differences[0]["our_tokens"] != found.differences[0]["their_tokens"]
    assert not ParityReport.objects.filter(question="answers").exists()


@on_both
def test_another_template_is_refused(built, model, converter, tmp_path):
    folder = shutil.copytree(model, tmp_path / "model")
    settings = (folder / "tokenizer_config.json").read_text()
    (folder / "tokenizer_config.json").write_text(json.dumps(json.loads(settings) | {"chat_template": TEMPLATE}))
    other = convert(folder, tmp_path / "template.gguf", "f32", converter)
    assert_not_there(served_as(built, other.path, other.sha256))
    found = report(built, "server")
    assert (found.trap, found.agreed) == ("template", 0)
    assert found.differences[0]["theirs"].startswith("[system]")
    assert "put a Jinja comment" in found.sentence, "it says what to do"


def test_other_weights_are_refused_by_their_answers(built, model, converter, tmp_path):
    folder = shutil.copytree(model, tmp_path / "model")
    weights = load_file(folder / "model.safetensors")
    weights["lm_head.weight"] = weights["lm_head.weight"][::-1].copy()
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    other = convert(folder, tmp_path / "weights.gguf", "f32", converter)
    row = served_as(built, other.path, other.sha256)
    assert_not_there(row)
    assert report(built, "server").ok
    found = report(built, "answers")
    assert (found.ok, found.trap, found.limit) == (False, "weights", 0.97)
    assert found.bound < 0.97
    assert found.sentence in row.error


def test_a_version_without_evidence_says_so(project, model):
    version = make_version(project, 5)
    server, artifact = project.serving_policy.servers.get(), version.artifacts.get()
    row = StagedVersion(version=version, artifact=artifact, server=server, tag=version.server_tag)
    (found,) = prove_on_server(row)
    assert (found.ok, found.checked) == (None, 0)
    assert "Rebuild it" in found.sentence
