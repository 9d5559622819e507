"""What this machine has: library versions and device, as the record of a run keeps them."""

import platform
import subprocess
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

from training.engine.devices import pinned

LIBRARIES = (
    "torch",
    "transformers",
    "peft",
    "trl",
    "accelerate",
    "bitsandbytes",
    "datasets",
    "tokenizers",
    "safetensors",
    "huggingface_hub",
    "sentencepiece",
    "numpy",
)


def environment() -> dict[str, Any]:
    """Python, platform, library versions and device."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "libraries": library_versions(),
        "device": device(),
    }


def library_versions(names: Iterable[str] = LIBRARIES) -> dict[str, str | None]:
    """The installed version of every library that a run's result may depend on; None where it is missing."""
    return {name: _version(name) for name in names}


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def device() -> dict[str, Any]:
    """The device that training uses, with its memory in bytes, and the CPU threads."""
    import psutil
    import torch

    if torch.cuda.is_available():
        gpu = torch.cuda.get_device_properties(0)
        return {
            "type": "cuda",
            "name": gpu.name,
            "pinned": pinned(),
            "uuid": str(getattr(gpu, "uuid", "")),
            "memory": gpu.total_memory,
            "bf16": torch.cuda.is_bf16_supported(),
        }
    return {
        "type": "cpu",
        "name": platform.processor() or platform.machine(),
        "count": psutil.cpu_count(logical=False) or 1,
        "memory": psutil.virtual_memory().total,
        "threads": torch.get_num_threads(),
        "bf16": native_bf16(),
    }


def native_bf16() -> bool:
    """Whether this CPU multiplies bfloat16 by itself. Emulated, it is slower than float32."""
    import torch

    capabilities = torch.cpu.get_capabilities()
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def git_commit() -> str | None:
    """The commit of the source tree that the engine runs from; None outside a git checkout."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
