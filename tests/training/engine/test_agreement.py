"""A merged model is held against base and adapter: what cannot be merged is refused, before the run or after it."""

import json
import shutil
from pathlib import Path

import pytest

from tests.training.engine.folders import events_of, make_run
from training.engine.config import BaseModelConfig
from training.engine.errors import EngineError, Exit
from training.engine.merge import RECORD, merge_run
from training.engine.train import train

pytestmark = pytest.mark.ml


@pytest.fixture(scope="module")
def run(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = make_run(tmp_path_factory.mktemp("run"), tiny_base, max_steps=2, learning_rate=1e-2, warmup_ratio=0)
    assert train(found) is Exit.OK
    return found


def with_adapter_on(layers: list[str], run: Path, tiny_base: Path, folder: Path) -> Path:
    """The finished run with another adapter in it, of random weights, on `layers`."""
    import torch
    from peft import LoraConfig, get_peft_model

    from training.engine.models import load_base

    shutil.copytree(run, folder)
    torch.manual_seed(3)
    base = load_base(BaseModelConfig(name=str(tiny_base)), dtype=torch.float32)
    model = get_peft_model(base, LoraConfig(r=8, lora_alpha=16, target_modules=layers, init_lora_weights=False))
    model.save_pretrained(str(folder / "adapter"), save_embedding_layers=False)
    return folder


def test_an_adapter_on_tied_embeddings_is_refused_before_the_first_step(tiny_base: Path, tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", tiny_base, lora={"target_modules": ["embed_tokens", "q_proj"]})
    with pytest.raises(EngineError, match=r"weights of model\.embed_tokens twice .* lora\.target_modules") as refused:
        train(folder)
    assert refused.value.code is Exit.BAD_CONFIG
    assert events_of(folder, "step") == []
    assert "embed_tokens" in events_of(folder, "failed")[0]["error"]


def test_a_merge_is_held_against_base_and_adapter(run: Path, tmp_path: Path) -> None:
    merge_run(run, tmp_path / "merged")
    found = json.loads((tmp_path / "merged" / RECORD).read_text())["agreement"]
    assert found["prompts"] == found["same_token"] == 8
    assert found["difference"] < found["effect"] / 10


def test_a_merge_that_makes_another_model_is_refused(run: Path, tiny_base: Path, tmp_path: Path) -> None:
    other = with_adapter_on(["embed_tokens"], run, tiny_base, tmp_path / "run")
    with pytest.raises(EngineError, match="The merged model is not what was trained: on 8 prompts"):
        merge_run(other, tmp_path / "merged")
    assert not (tmp_path / "merged").exists()


def test_the_same_adapter_on_other_layers_is_merged(run: Path, tiny_base: Path, tmp_path: Path) -> None:
    merge_run(with_adapter_on(["q_proj", "v_proj"], run, tiny_base, tmp_path / "run"), tmp_path / "merged")
    assert (tmp_path / "merged" / RECORD).is_file()
