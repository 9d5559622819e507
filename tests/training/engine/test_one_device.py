"""A run sees one device: several would share its batches out and multiply its passes."""

import os
import stat
from pathlib import Path

import pytest

from training.engine.devices import Gpu, choose, pin

SMALL, LARGE = Gpu("0", "GPU-aaa", 1000), Gpu("1", "GPU-bbb", 8000)


@pytest.mark.parametrize(
    ("gpus", "visible", "chosen"),
    [
        ([], None, None),
        ([SMALL], None, None),
        ([SMALL, LARGE], None, "GPU-bbb"),
        ([SMALL, LARGE], "0", None),
        ([SMALL, LARGE], "", None),
        ([SMALL, LARGE], "0,1", "GPU-bbb"),
        ([SMALL, LARGE], "GPU-aaa,GPU-bb", "GPU-bbb"),
        ([LARGE], "MIG-1,MIG-2", "MIG-1"),
        ([], "3,4", "3"),
    ],
)
def test_the_one_with_the_most_free_memory(gpus: list[Gpu], visible: str | None, chosen: str | None) -> None:
    assert choose(gpus, visible) == chosen


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that lists two GPUs as the driver's does."""
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho '0, GPU-aaa, 1000'\necho '1, GPU-bbb, [N/A]'\n")
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")


def test_it_is_pinned_before_torch_looks_for_devices(driver: None) -> None:
    environ: dict[str, str] = {}
    pin(environ)
    assert environ == {"CUDA_VISIBLE_DEVICES": "GPU-aaa", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}
    given = {"CUDA_VISIBLE_DEVICES": "1"}
    pin(given)
    assert given == {"CUDA_VISIBLE_DEVICES": "1"}


def test_a_process_of_a_distributed_run_has_been_given_its_own(driver: None) -> None:
    environ = {"LOCAL_RANK": "1"}
    pin(environ)
    assert environ == {"LOCAL_RANK": "1"}
