"""One device for a run: with several in sight, the libraries would share each batch out and multiply the passes."""

import logging
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

logger = logging.getLogger(__name__)
VISIBLE = "CUDA_VISIBLE_DEVICES"
_QUERY = ["--query-gpu=index,uuid,memory.free", "--format=csv,noheader,nounits"]


@dataclass(frozen=True)
class Gpu:
    """A GPU as its driver lists it; `free` in MiB."""

    index: str
    uuid: str
    free: int


def pin(environ: "os._Environ[str] | dict[str, str]" = os.environ) -> None:
    """Have this process see one GPU alone, the one with the most free memory. Before torch looks for any.

    A process of a distributed run has been given its own device.
    """
    if "LOCAL_RANK" in environ:
        return
    chosen = choose(_gpus(), environ.get(VISIBLE))
    if chosen is not None:
        environ.setdefault("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
        environ[VISIBLE] = chosen
        logger.info("this run has the GPU %s to itself", chosen)


def choose(gpus: list[Gpu], visible: str | None) -> str | None:
    """What to make visible; None where one device, or none, is in sight already."""
    if visible is None:
        return max(gpus, key=lambda gpu: gpu.free).uuid if len(gpus) > 1 else None
    allowed = [name.strip() for name in visible.split(",") if name.strip()]
    if len(allowed) < 2:
        return None
    known = [gpu for gpu in gpus if gpu.index in allowed or any(gpu.uuid.startswith(name) for name in allowed)]
    # Parts of a GPU (MIG) are not in the list: the first one is as good as any.
    return max(known, key=lambda gpu: gpu.free).uuid if known else allowed[0]


def pinned(environ: Mapping[str, str] = os.environ) -> str | None:
    """The device that this process was given, for the record."""
    return environ.get(VISIBLE)


def _gpus() -> list[Gpu]:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    try:
        done = subprocess.run([tool, *_QUERY], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [gpu for line in done.stdout.splitlines() if (gpu := _read(line)) is not None]


def _read(line: str) -> Gpu | None:
    parts = [part.strip() for part in line.split(",")]
    if len(parts) != 3:
        return None
    return Gpu(parts[0], parts[1], int(parts[2]) if parts[2].isdecimal() else 0)
