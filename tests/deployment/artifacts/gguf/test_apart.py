"""Adapters apart: only because an operator asked for it, and only where the server takes them."""

import json
from pathlib import Path

import gguf
import numpy as np
import pytest
from django.conf import settings
from safetensors.numpy import save_file

from deployment.artifacts.staging import request_staging, stage
from deployment.models import StagedVersion
from deployment.promotion.plan import plan_promotion
from tests.deployment.artifacts.gguf.conftest import WIDTH
from tests.deployment.artifacts.gguf.test_parity import make_run
from tests.deployment.standins import build, make_server, ollama_standin, serve_from
from tests.factories import make_project, make_sample
from training.models import BaseModel, ModelVersion

pytestmark = [pytest.mark.ml, pytest.mark.django_db]
DECODING = {"temperature": 0, "seed": 7, "num_ctx": 512, "num_predict": 80}
TARGET = "base_model.model.model.layers.0.self_attn.q_proj"


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """One for all: what a test has built of the first version is found again by the next."""
    return tmp_path_factory.mktemp("apart")


@pytest.fixture
def project(model, converter, settings, folder):
    settings.ARTIFACTS_DIR, settings.RUNS_DIR = folder / "artifacts", folder / "runs"
    found = make_project("apart", decoding=DECODING)
    serve_from(found, adapters=True, answer_prompts=0, proof_prompts=3)
    make_sample(found, "where is my parcel", split="validation")
    BaseModel.objects.create(name="tiny", location=str(model))
    return found


def make_trained(project, number: int) -> ModelVersion:
    """A version whose run left an adapter as PEFT writes it."""
    base = BaseModel.objects.get()
    run = make_run(project, base, str(number))
    run.folder = f"run{number}"
    run.save(update_fields=["folder"])
    folder = Path(settings.RUNS_DIR) / run.folder / "adapter"
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(number)
    named = {f"{TARGET}.lora_A.weight": (2, WIDTH), f"{TARGET}.lora_B.weight": (WIDTH, 2)}
    tensors = {name: random.standard_normal(shape).astype(np.float32) for name, shape in named.items()}
    save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    config = {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["q_proj"], "task_type": "CAUSAL_LM"}
    (folder / "adapter_config.json").write_text(json.dumps(config))
    return ModelVersion.objects.create(project=project, number=number, spec=project.spec, base=base, run=run)


def built(version: ModelVersion) -> ModelVersion:
    file = build(version)
    assert file.state == "built", file.error
    return version


def staged_on(version: ModelVersion, url: str) -> StagedVersion:
    serve_from(version.project, make_server(url, name=f"ollama-{version.number}"))
    row = request_staging(version)[-1]
    stage(row.pk)
    row.refresh_from_db()
    return row


def test_the_base_is_made_once_and_each_version_adds_a_small_file(project):
    v1, v2 = built(make_trained(project, 1)), built(make_trained(project, 2))
    one, two = (version.artifacts.get() for version in (v1, v2))
    assert one.format == two.format == "gguf+adapter"
    assert one.path == two.path
    assert one.adapter_path != two.adapter_path
    reused = {row.name: row.reused for row in two.build_steps.all()}
    assert (reused["base"], reused["adapter"], reused["prove"]) == (True, False, False)
    adapter = gguf.GGUFReader(Path(settings.ARTIFACTS_DIR) / one.adapter_path)
    assert {tensor.name for tensor in adapter.tensors} == {f"blk.0.attn_q.weight.lora_{side}" for side in "ab"}
    assert not (Path(settings.ARTIFACTS_DIR) / "steps" / "merge").exists()


def test_it_is_staged_with_the_price_told_where_the_server_takes_adapters(project, tmp_path):
    version = built(make_trained(project, 1))
    with ollama_standin(tmp_path, "--llama", "--version", "0.33.0") as old:
        row = staged_on(version, old.url)
        assert (row.state, row.error) == ("staged", "")
        assert old.models().keys() == {row.tag}
        plan = plan_promotion(version)
        assert "the move reloads the model" in plan.price
        assert f"ADAPTER {settings.ARTIFACTS_DIR / row.artifact.adapter_path}" in plan.modelfile


def test_a_newer_server_refuses_it_and_says_what_to_do(project, tmp_path):
    version = built(make_trained(project, 1))
    with ollama_standin(tmp_path, "--version", "0.34.1") as new:
        row = staged_on(version, new.url)
    assert row.state == "failed"
    assert "takes no LoRA adapters (only up to 0.33); stage merged GGUFs" in row.error
