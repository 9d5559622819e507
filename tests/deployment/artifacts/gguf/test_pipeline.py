"""The pipeline over a real tiny model: built once for equal inputs, whole or not at all, refused with the reason."""

import json
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings

from common import jsonl
from common.files import write_json
from deployment.artifacts.build import wanted_artifact
from deployment.artifacts.pipeline import Pipeline, store
from deployment.artifacts.pipeline.proof import evidence_of
from deployment.artifacts.pipeline.steps import marked_labels
from deployment.models import Artifact, ParityReport, StagedVersion
from labeling.answers import parse
from labeling.kinds import LabelDef, Spec
from labeling.models import TaskSpec
from labeling.services import import_file
from tests.deployment.artifacts.gguf.conftest import TRAPS, spoil
from tests.deployment.standins import build, serve_from
from tests.factories import SYSTEM, make_project, make_sample
from training.engine.merge import RECORD
from training.models import BaseModel, ModelVersion

pytestmark = [pytest.mark.ml, pytest.mark.django_db]
DECODING = {"temperature": 0, "seed": 7, "num_ctx": 512, "num_predict": 80}


@pytest.fixture(autouse=True)
def steps(settings, tmp_path):
    """Results of a test's own."""
    settings.ARTIFACTS_DIR = tmp_path / "artifacts"
    return settings.ARTIFACTS_DIR / "steps"


@pytest.fixture
def base(model: Path) -> BaseModel:
    return BaseModel.objects.create(name="tiny", location=str(model))


@pytest.fixture
def project(base, converter):
    found = make_project("pipes", decoding=DECODING)
    serve_from(found, answer_prompts=2, proof_prompts=3)
    for split in ("train", "validation", "test"):
        make_sample(found, f"where is my parcel, asks {split}", split=split)
    return found


def make_trained(project, base, number: int = 0, **fields) -> ModelVersion:
    return ModelVersion.objects.create(project=project, number=number, spec=project.spec, base=base, **fields)


def states(artifact: Artifact) -> dict[str, tuple[str, bool]]:
    return {row.name: (row.state, row.reused) for row in artifact.build_steps.all()}


def pipeline(version: ModelVersion) -> Pipeline:
    return Pipeline(wanted_artifact(version), version.project.serving_policy)


def with_merged(steps: Path, version: ModelVersion, folder: Path) -> None:
    """Put `folder` where the merge step's result is looked for."""

    def work(place: store.Workplace) -> None:
        shutil.copytree(folder, place.folder / "model")
        write_json(place.folder / "model" / RECORD, {"adapter": None})

    store.make("merge", pipeline(version)._merge_key, work)


def test_a_version_is_built_proven_and_found_again(project, base, steps):
    v0 = build(make_trained(project, base))
    first = v0.artifact
    assert (v0.state, v0.error) == ("built", "")
    assert states(first) == dict.fromkeys(("merge", "convert", "inspect", "prove"), ("done", False))
    gguf = Path(settings.ARTIFACTS_DIR) / first.path
    assert store.sha256_of(gguf) == v0.digest
    assert gguf.stat().st_size == v0.bytes == first.build_steps.get(name="convert").size_bytes
    assert first.build_steps.get(name="inspect").detail["architecture"] == "llama"
    report = ParityReport.objects.get(artifact=first)
    assert (report.question, report.ok, report.checked, report.trap) == ("tokens", True, report.agreed, "")
    assert v0.proof["sentence"] == report.sentence
    assert first.marks == []  # the generous list has all of this tokenizer's

    evidence = steps / "prove" / first.build_steps.get(name="prove").key
    assert "<|im_end|>" in json.loads((evidence / "marks.json").read_text())
    asked = (evidence / "prompts.jsonl").read_text()
    assert asked.index("asks validation") < asked.index("asks train")
    assert "asks test" not in asked
    answers = [row["text"] for row in jsonl.read(evidence / "answers.jsonl")]
    assert len(answers) == 2
    # A grammar cannot say that no label comes twice, and this model knows nothing.
    said = [parse(answer, project.spec.to_spec(), None) for answer in answers]
    assert all(each.answer is not None and set(each.repairs) <= {"a repeated label taken once"} for each in said)

    # Another version from the same inputs: nothing is worked on, not even where the merged model is gone.
    shutil.rmtree(steps / "merge")
    before = gguf.stat().st_mtime_ns
    v1 = build(make_trained(project, base, 1))
    assert (v1.state, v1.artifact.path) == ("built", first.path)
    assert states(v1.artifact) == dict.fromkeys(("merge", "convert", "inspect", "prove"), ("done", True))
    assert gguf.stat().st_mtime_ns == before
    assert not (steps / "merge").exists()


@pytest.mark.parametrize(
    ("trap", "name", "said"),
    [("dropped", "merges", "other merges"), ("bos", "bos", "a BOS token"), ("space", "space", "a prefix space")],
)
def test_each_trap_is_refused_for_its_reason(trap, name, said, project, base, model, steps, tmp_path):
    assert trap in TRAPS
    version = make_trained(project, base)
    with_merged(steps, version, spoil(model, trap, tmp_path / trap))
    file = build(version)
    assert file.state == "failed"
    assert said in file.error
    report = ParityReport.objects.get(artifact=file.artifact)
    assert (report.question, report.ok, report.trap) == ("tokens", False, name)
    assert report.agreed < report.checked
    assert said in report.sentence
    assert report.differences[0]["training"] != report.differences[0]["gguf"]
    assert states(file.artifact)["prove"] == ("failed", False)
    assert not StagedVersion.objects.exists()


def test_another_base_or_form_gives_another_key(project, base, model):
    policy = project.serving_policy
    keys = pipeline(make_trained(project, base))
    other = BaseModel.objects.create(name="other", location=str(model), revision="r2")
    others = pipeline(make_trained(project, other, 1))
    assert keys._merge_key != others._merge_key
    assert keys._convert_key != others._convert_key
    policy.quantization = "f16"
    policy.save()
    again = pipeline(make_trained(project, base, 2))
    assert (again._merge_key, again._convert_key != keys._convert_key) == (keys._merge_key, True)


def test_a_quantized_base_is_refused_before_its_weights_are_read(project, model, tmp_path):
    folder = shutil.copytree(model, tmp_path / "four-bit")
    config = json.loads((folder / "config.json").read_text())
    config["quantization_config"] = {"quant_method": "bitsandbytes", "load_in_4bit": True}
    (folder / "config.json").write_text(json.dumps(config))
    file = build(make_trained(project, BaseModel.objects.create(name="four", location=str(folder))))
    assert file.state == "failed"
    assert "merged into the 16-bit base only" in file.error
    assert states(file.artifact) == {"merge": ("failed", False)}


def test_a_context_beyond_the_models_is_refused(project, base, model, steps):
    TaskSpec.objects.filter(project=project).update(decoding=DECODING | {"num_ctx": 4096})
    version = make_trained(project, base)
    with_merged(steps, version, model)
    file = build(version)
    assert file.state == "failed"
    assert "num_ctx of 4096 tokens is above the model's context length of 512" in file.error
    assert states(file.artifact)["inspect"] == ("failed", False)


def test_a_model_without_a_chat_template_is_refused(project, base, model, steps, tmp_path):
    folder = shutil.copytree(model, tmp_path / "plain")
    config = json.loads((folder / "tokenizer_config.json").read_text())
    del config["chat_template"]
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    version = make_trained(project, base)
    with_merged(steps, version, folder)
    file = build(version)
    assert file.state == "failed"
    assert "The GGUF has no chat template" in file.error
    assert states(file.artifact)["inspect"] == ("failed", False)
    assert not file.artifact.build_steps.filter(name="prove").exists()


def test_a_full_disk_is_said_before_anything_is_written(project, base, steps, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 9, 1))
    file = build(make_trained(project, base))
    assert file.state == "failed"
    assert "Not enough disk space for the step merge" in file.error
    assert "1 (1 byte) are free" in file.error
    assert [path for path in steps.rglob("*") if path.is_file()] == []


def test_a_form_that_needs_a_quantizer_says_so(project, base, steps, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("LLAMA_QUANTIZE", raising=False)
    project.serving_policy.quantization = "q4_k_m"
    project.serving_policy.save()
    file = build(make_trained(project, base))
    assert file.state == "failed"
    assert "q4_k_m needs llama.cpp's llama-quantize" in file.error
    assert "LLAMA_QUANTIZE" in file.error


def test_an_adapter_that_was_changed_is_refused(project, base, steps):
    from tests.training.helpers import make_run

    run = make_run(project, folder="pipes/run")
    adapter = Path(settings.RUNS_DIR) / "pipes/run/adapter"
    adapter.mkdir(parents=True)
    (adapter / "adapter_model.safetensors").write_bytes(b"other weights")
    (adapter / "adapter_config.json").write_text("{}")
    file = build(make_trained(project, base, 1, run=run, adapter_digest="0" * 64))
    assert file.state == "failed"
    assert "not the one that pipes:v1 was made of" in file.error


def test_a_step_killed_half_way_leaves_nothing_whole(steps):
    """Killed by -9 between its files and its stamp: the next one finds no result, clears up, and makes it."""
    script = (
        "import django, os, signal; django.setup()\n"
        "from django.conf import settings\n"
        f"settings.ARTIFACTS_DIR = {str(steps.parent)!r}\n"
        "from deployment.artifacts.pipeline import store\n"
        "def work(place):\n"
        "    (place.folder / 'model.gguf').write_bytes(b'half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "store.make('convert', 'k1', work)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=settings.BASE_DIR, check=False)
    assert done.returncode == -signal.SIGKILL
    assert [path.name for path in (steps / "convert").glob(".k1.*/*")] == ["model.gguf"]
    assert store.find("convert", "k1") is None

    found, reused = store.make(
        "convert", "k1", lambda place: (place.folder / "model.gguf").write_bytes(b"whole") and None
    )
    assert not reused
    assert (found.folder / "model.gguf").read_bytes() == b"whole"
    assert [path.name for path in (steps / "convert").iterdir() if path.is_dir()] == ["k1"]


def test_two_builders_at_once_work_once(steps):
    """The first is another process, as another worker is; the second waits for it and takes what it made."""
    script = (
        "import django, sys; django.setup()\n"
        "from django.conf import settings\n"
        f"settings.ARTIFACTS_DIR = {str(steps.parent)!r}\n"
        "from deployment.artifacts.pipeline import store\n"
        "def work(place):\n"
        "    print('working', flush=True)\n"
        "    sys.stdin.readline()\n"
        "    (place.folder / 'model.gguf').write_bytes(b'by the first')\n"
        "print(store.make('convert', 'k1', work)[1])\n"
    )
    command = [sys.executable, "-c", script]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with (
        subprocess.Popen(command, cwd=settings.BASE_DIR, **pipes) as first,
        ThreadPoolExecutor(1) as pool,
    ):
        assert first.stdout.readline() == "working\n"
        second = pool.submit(store.make, "convert", "k1", lambda place: pytest.fail("worked on twice"))
        assert not store.discard_unless_held("convert", "k1")
        assert not second.done()
        said, _ = first.communicate("go on\n", timeout=60)
        found, reused = second.result(timeout=60)
    assert said == "False\n"
    assert reused
    assert (found.folder / "model.gguf").read_bytes() == b"by the first"


def test_a_result_with_a_cut_file_is_made_again(steps):
    def work(place):
        (place.folder / "model.gguf").write_bytes(b"whole")

    found, _ = store.make("convert", "k1", work)
    (found.folder / "model.gguf").write_bytes(b"who")
    assert store.find("convert", "k1") is None
    again, reused = store.make("convert", "k1", work)
    assert (again.digests, reused) == (found.digests, False)
    assert store.make("convert", "k1", work)[1]


def test_what_a_step_raises_leaves_nothing(steps):
    def work(place):
        (place.folder / "model.gguf").write_bytes(b"half")
        raise OSError("the disk went away")

    with pytest.raises(OSError, match="went away"):
        store.make("convert", "k1", work)
    assert [path for path in steps.rglob("*") if path.is_dir() and path.parent.name == "convert"] == []


def test_a_text_with_separators_of_lines_is_proven_like_any_other(project, base, tmp_path):
    odd = "Where is it?\u2028I ordered on Monday,\u2029and again on Friday.\x85Please say."
    path = tmp_path / "messages.jsonl"
    path.write_text(json.dumps({"text": odd}, ensure_ascii=False) + "\n", encoding="utf-8")
    assert import_file(SYSTEM, project, path, {"format": "jsonl"}).imported == 1
    project.samples.filter(text=odd).update(split="validation")
    file = build(make_trained(project, base))
    assert (file.state, file.error) == ("built", "")
    report = ParityReport.objects.get(artifact=file.artifact)
    assert (report.ok, report.checked) == (True, report.agreed)
    prompts = [each.messages[-1]["content"] for each in evidence_of(file.artifact).prompts]
    assert odd in prompts
    assert any("\x1e" in prompt for prompt in prompts)


def test_a_label_that_is_a_mark_of_the_tokenizer_is_refused_with_a_sentence() -> None:
    spec = Spec("single_label", "Pick.", (LabelDef("[urgent]"), LabelDef("other")))
    assert "marks of its own in the labels '[urgent]'" in marked_labels(spec, ("<turn>", "[urgent]"))
    assert marked_labels(spec, ("<turn>",)) == ""
