"""Disk space, looked at before a step begins rather than found missing in its middle."""

import shutil
from pathlib import Path

from django.template.defaultfilters import filesizeformat

from deployment.artifacts.pipeline import store
from deployment.artifacts.pipeline.processes import BuildError

# What logs, locks and file systems take beside the files that are counted.
RESERVE = 64 << 20


def require_space(needed: int, step: str) -> None:
    """Raise `BuildError`, with the bytes needed and free, where the step's result would not fit."""
    folder = store.made_folder()
    wanted, free = needed + RESERVE, shutil.disk_usage(folder).free
    if free < wanted:
        raise BuildError(
            f"Not enough disk space for the step {step}: about {wanted} bytes ({_shown(wanted)}) are needed in "
            f"{folder}, and {free} ({_shown(free)}) are free. Free some space, unpin old versions or lower the serving "
            "policy's retention; then rebuild the version."
        )


def _shown(size: int) -> str:
    return filesizeformat(size).replace("\xa0", " ")


def weights_bytes(folder: Path) -> int:
    """Bytes of the weight files in a Hugging Face folder; 0 where it is none on this host."""
    kinds = ("*.safetensors", "*.bin")
    return sum(path.stat().st_size for kind in kinds for path in folder.glob(kind)) if folder.is_dir() else 0
