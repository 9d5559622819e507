"""Merge an adapter into its 16-bit base: a plain Hugging Face folder for the GGUF converter."""

import logging
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.engine.config import BaseModelConfig, load_config
from training.engine.errors import EngineError
from training.engine.files import built_folder, sha256_of, write_json
from training.engine.manifest import base_of
from training.engine.models import hub_arguments, load_base, load_tokenizer
from training.engine.rundir import RunDir

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel

logger = logging.getLogger(__name__)

RECORD = "merge.json"
# `save_pretrained` drops `tokenizer.model` and flags such as `add_bos_token`; without them the converter guesses, and
# llama.cpp tokenizes differently. So the base's own files are copied as they are.
TOKENIZER_FILES = (
    "tokenizer.model",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "vocab.txt",
    "merges.txt",
    "chat_template.jinja",
    "chat_template.json",
    "*.tiktoken",
    "tekken.json",
)


def merge_run(path: Path, out: Path) -> None:
    """Write `out` from a finished run: base plus adapter. Nothing is done where `out` holds just that already."""
    run = RunDir(path)
    if not run.complete:
        raise EngineError(f"{path} is not finished: it has no manifest.json.")
    config = load_config(run.config)
    weights = run.adapter / "adapter_model.safetensors"
    _write(
        config.base_model,
        out,
        {"base": base_of(config.base_model), "adapter": sha256_of(weights)},
        run.adapter,
    )


def save_base(base: BaseModelConfig, out: Path) -> None:
    """Write `out` from a bare base model, as `merge_run` would with an adapter that changes nothing."""
    _write(base, out, {"base": base_of(base), "adapter": None}, None)


def _write(base: BaseModelConfig, out: Path, record: dict[str, Any], adapter: Path | None) -> None:
    import json

    done = out / RECORD
    if done.is_file() and json.loads(done.read_text(encoding="utf-8")) == record:
        logger.info("%s is there already", out)
        return
    model = load_sixteen_bit(base)
    if adapter is not None:
        from peft import PeftModel

        # safe_merge: weights that are no numbers end here, not in a served model.
        model = PeftModel.from_pretrained(model, str(adapter)).merge_and_unload(safe_merge=True)
    with built_folder(out) as folder:
        model.save_pretrained(str(folder), safe_serialization=True)
        _copy_tokenizer(base, folder)
        write_json(folder / RECORD, record)


def load_sixteen_bit(base: BaseModelConfig) -> "PreTrainedModel":
    """The base in 16-bit weights. A quantized base is refused: merging into it ruins the adapter."""
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(**hub_arguments(base))
    if getattr(config, "quantization_config", None) is not None:
        raise EngineError(
            f"{base.name} holds quantized weights. An adapter is merged into the 16-bit base only, "
            "since merging into 4-bit weights ruins it. Use the base model's 16-bit weights."
        )
    return load_base(base, dtype=_sixteen_bit(config))


def _sixteen_bit(config: Any) -> "torch.dtype":
    import torch

    return torch.bfloat16 if config.dtype == torch.bfloat16 else torch.float16


def _copy_tokenizer(base: BaseModelConfig, folder: Path) -> None:
    source = _files_of(base)
    copied = []
    for pattern in TOKENIZER_FILES:
        for path in source.glob(pattern):
            shutil.copyfile(path, folder / path.name)
            copied.append(path.name)
    if not {"tokenizer.json", "tokenizer.model"} & set(copied):
        # Neither file in the base: let transformers write what it has built.
        load_tokenizer(base).save_pretrained(str(folder))


def _files_of(base: BaseModelConfig) -> Path:
    """The folder with the base's original tokenizer files."""
    if Path(base.name).is_dir():
        return Path(base.name)
    from huggingface_hub import snapshot_download

    arguments = hub_arguments(base)
    downloaded = snapshot_download(
        base.name,
        revision=arguments["revision"],
        token=arguments["token"],
        allow_patterns=list(TOKENIZER_FILES),
    )
    return Path(downloaded)
