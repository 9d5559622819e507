"""Adapters into 16-bit bases, with the tokenizer's own files; QLoRA on the way."""

import json
import shutil
from pathlib import Path

import pytest

from tests.training.engine.folders import make_rows, make_run
from training.engine.config import BaseModelConfig, ChatOptions
from training.engine.errors import EngineError, Exit
from training.engine.merge import merge_run, save_base
from training.engine.train import train

pytestmark = pytest.mark.ml


@pytest.fixture(scope="module")
def qlora_run(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = make_run(
        tmp_path_factory.mktemp("qlora"),
        tiny_base,
        method="qlora",
        max_steps=3,
        learning_rate=5e-2,
        warmup_ratio=0,
    )
    assert train(run) is Exit.OK
    return run


def test_a_qlora_run_trains_on_four_bits_and_merges_into_sixteen(qlora_run: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    merge_run(qlora_run, tmp_path / "merged")
    merged = load_file(tmp_path / "merged" / "model.safetensors")
    base = load_file(
        Path(json.loads((qlora_run / "manifest.json").read_text())["base"]["location"], "model.safetensors")
    )
    assert {weight.dtype for weight in merged.values()} == {torch.float16}
    name = "model.layers.0.self_attn.q_proj.weight"
    assert merged[name].shape == base[name].shape
    assert not torch.equal(merged[name], base[name])
    assert torch.equal(merged["model.norm.weight"], base["model.norm.weight"])


def test_the_bases_own_tokenizer_files_are_kept(qlora_run: Path, tiny_base: Path, tmp_path: Path) -> None:
    merge_run(qlora_run, tmp_path / "merged")
    for name in ("tokenizer.model", "tokenizer_config.json"):
        assert (tmp_path / "merged" / name).read_bytes() == (tiny_base / name).read_bytes()
    assert not (tmp_path / "merged" / "tokenizer.json").exists()


def test_merging_again_changes_nothing(qlora_run: Path, tmp_path: Path) -> None:
    merge_run(qlora_run, tmp_path / "merged")
    before = (tmp_path / "merged" / "model.safetensors").stat().st_mtime_ns
    merge_run(qlora_run, tmp_path / "merged")
    assert (tmp_path / "merged" / "model.safetensors").stat().st_mtime_ns == before
    assert [path.name for path in tmp_path.iterdir()] == ["merged"]


def test_the_merged_model_answers_like_base_plus_adapter(qlora_run: Path, tiny_base: Path, tmp_path: Path) -> None:
    import torch
    from peft import PeftModel

    from training.engine.chat import render, token_ids
    from training.engine.models import load_base, load_tokenizer

    merge_run(qlora_run, tmp_path / "merged")
    base = BaseModelConfig(name=str(tiny_base))
    tokenizer = load_tokenizer(base)
    ids = torch.tensor([token_ids(tokenizer, render(tokenizer, make_rows(1)[0]["prompt"]))])
    adapted = PeftModel.from_pretrained(load_base(base, dtype=torch.float32), str(qlora_run / "adapter"))
    merged = load_base(BaseModelConfig(name=str(tmp_path / "merged")), dtype=torch.float32)
    with torch.no_grad():
        assert torch.allclose(adapted(ids).logits, merged(ids).logits, atol=0.05)


def test_a_four_bit_base_is_refused(qlora_run: Path, tiny_base: Path, tmp_path: Path) -> None:
    four_bit = tmp_path / "four-bit"
    shutil.copytree(tiny_base, four_bit)
    (four_bit / "base.json").unlink()
    config = json.loads((four_bit / "config.json").read_text())
    config["quantization_config"] = {"quant_method": "bitsandbytes", "load_in_4bit": True}
    (four_bit / "config.json").write_text(json.dumps(config))
    with pytest.raises(EngineError, match="16-bit base only"):
        save_base(BaseModelConfig(name=str(four_bit)), ChatOptions(), tmp_path / "out")
    run = tmp_path / "run"
    shutil.copytree(qlora_run, run)
    text = (run / "config.yaml").read_text().replace(str(tiny_base), str(four_bit))
    (run / "config.yaml").write_text(text)
    with pytest.raises(EngineError, match="16-bit base only"):
        merge_run(run, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_unfinished_run_is_not_merged(tiny_base: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="not finished"):
        merge_run(make_run(tmp_path / "run", tiny_base), tmp_path / "out")


def test_a_bare_base_makes_the_same_kind_of_folder(tiny_base: Path, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    save_base(BaseModelConfig(name=str(tiny_base)), ChatOptions(), tmp_path / "v0")
    kept = load_file(tmp_path / "v0" / "model.safetensors")
    for name, weight in load_file(tiny_base / "model.safetensors").items():
        assert weight.equal(kept[name])
    assert (tmp_path / "v0" / "tokenizer.model").is_file()
