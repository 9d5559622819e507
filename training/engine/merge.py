"""Merge an adapter into its 16-bit base: a plain Hugging Face folder for the GGUF converter."""

import json
import logging
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.files import built_folder, sha256_of, write_json
from training.engine.agreement import Witness, prompts_of
from training.engine.config import BaseModelConfig, ChatOptions, load_config
from training.engine.errors import EngineError
from training.engine.manifest import base_of
from training.engine.models import hub_arguments, load_base, load_tokenizer
from training.engine.rundir import WEIGHTS, RunDir

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

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
_CONFIG = "config.json"


def merge_run(path: Path, out: Path) -> None:
    """Write `out` from a finished run: base plus adapter. Nothing is done where `out` holds just that already."""
    run = RunDir(path)
    if not run.complete:
        raise EngineError(f"{path} is not finished: it has no manifest.json.")
    config = load_config(run.config)
    if config.objective == "lm_head":
        raise EngineError(f"{path} has a classification head and writes no text: it is not merged into a model.")
    record = _record(config.base_model, config.chat) | {"adapter": sha256_of(run.adapter / WEIGHTS)}
    if not _is_there(out, record):
        _write(config.base_model, config.chat, out, record, run)


def save_base(base: BaseModelConfig, chat: ChatOptions, out: Path) -> None:
    """Write `out` from a bare base model, as `merge_run` would with an adapter that changes nothing."""
    record = _record(base, chat)
    if not _is_there(out, record):
        _write(base, chat, out, record, None)


def _record(base: BaseModelConfig, chat: ChatOptions) -> dict[str, Any]:
    return {"base": base_of(base), "chat": chat.model_dump(mode="json"), "adapter": None}


def _is_there(out: Path, record: dict[str, Any]) -> bool:
    path = out / RECORD
    found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    is_there = {name: found.get(name) for name in record} == record
    if is_there:
        logger.info("%s is there already", out)
    return is_there


def _write(base: BaseModelConfig, chat: ChatOptions, out: Path, record: dict[str, Any], run: RunDir | None) -> None:
    dtype, tokenizer, witness = sixteen_bit(base), load_tokenizer(base, chat), None
    if run is None:
        model = load_base(base, dtype=dtype)
    else:
        model, witness = _merged(base, run, tokenizer)
        model.to(dtype=dtype)  # type: ignore[call-arg]  # its decorator hides the signature
    with built_folder(out) as folder:
        model.save_pretrained(str(folder), safe_serialization=True)
        del model
        _keep_config(base, folder)
        _copy_tokenizer(base, folder, tokenizer)
        if witness is not None:
            # As it was written: what is lost in writing is lost in serving.
            written = load_base(BaseModelConfig(name=str(folder)), dtype=witness.adapted.dtype)
            record |= {"agreement": witness.agreement(written)}
        write_json(folder / RECORD, record)


def _merged(
    base: BaseModelConfig, run: RunDir, tokenizer: "PreTrainedTokenizerBase"
) -> tuple["PreTrainedModel", Witness]:
    """Base and adapter as one, and what they said as two: in 32 bits, in which a CPU multiplies at full speed."""
    import torch
    from peft import PeftModel

    adapted = PeftModel.from_pretrained(load_base(base, dtype=torch.float32), str(run.adapter))
    witness = Witness.of(adapted, prompts_of(run, tokenizer))
    # safe_merge: weights that are no numbers end here, not in a served model.
    return adapted.merge_and_unload(safe_merge=True), witness


def sixteen_bit(base: BaseModelConfig) -> "torch.dtype":
    """The base's own form of 16 bits. A quantized base is refused: merging into it ruins the adapter."""
    import torch
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(**hub_arguments(base))
    if getattr(config, "quantization_config", None) is not None:
        raise EngineError(
            f"{base.name} holds quantized weights. An adapter is merged into the 16-bit base only, "
            "since merging into 4-bit weights ruins it. Use the base model's 16-bit weights."
        )
    return torch.bfloat16 if config.dtype == torch.bfloat16 else torch.float16


def _keep_config(base: BaseModelConfig, folder: Path) -> None:
    """What the base says of itself stays in its own words: the library's new ones are not known to every converter."""
    path = folder / _CONFIG
    written = json.loads(path.read_text(encoding="utf-8"))
    own = json.loads((_files_of(base) / path.name).read_text(encoding="utf-8"))
    write_json(path, written | own | {name: written[name] for name in ("dtype", "torch_dtype") if name in written})


def _copy_tokenizer(base: BaseModelConfig, folder: Path, tokenizer: "PreTrainedTokenizerBase") -> None:
    """The base's own files, with the template as the task has it where that is another one."""
    source = _files_of(base)
    copied = []
    for pattern in TOKENIZER_FILES:
        for path in source.glob(pattern):
            shutil.copyfile(path, folder / path.name)
            copied.append(path.name)
    if not {"tokenizer.json", "tokenizer.model"} & set(copied):
        # Neither file in the base: let transformers write what it has built.
        tokenizer.save_pretrained(str(folder))
    if tokenizer.chat_template and tokenizer.chat_template != load_tokenizer(base).chat_template:
        _write_template(folder, str(tokenizer.chat_template))


def _write_template(folder: Path, template: str) -> None:
    """One template, in the one place that readers of all ages look into first."""
    for name in ("chat_template.jinja", "chat_template.json"):
        (folder / name).unlink(missing_ok=True)
    path = folder / "tokenizer_config.json"
    settings = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    write_json(path, settings | {"chat_template": template})


def _files_of(base: BaseModelConfig) -> Path:
    """The folder with the base's own configuration and tokenizer files."""
    if Path(base.name).is_dir():
        return Path(base.name)
    from huggingface_hub import snapshot_download

    arguments = hub_arguments(base)
    downloaded = snapshot_download(
        base.name,
        revision=arguments["revision"],
        token=arguments["token"],
        allow_patterns=[_CONFIG, *TOKENIZER_FILES],
    )
    return Path(downloaded)
