"""A command's start without the libraries that its work never comes to: most of a short command is imports."""

import sys
from contextlib import suppress
from functools import cache
from importlib import metadata
from pathlib import Path

from training.engine.config import load_config
from training.engine.errors import EngineError
from training.engine.rundir import RunDir


def leave_out(library: str) -> None:
    """Have an optional library be as if it were not installed; nothing where it is imported already."""
    sys.modules.setdefault(library, None)  # type: ignore[arg-type]  # Python's way to say: not there


def leave_out_unused(run: Path) -> None:
    """What the run's settings never come to: a fifth of the start."""
    with suppress(EngineError):  # said where the run begins
        config = load_config(RunDir(run).config)
        if config.method != "qlora":
            leave_out("bitsandbytes")
        if config.objective != "lm_head":
            leave_out_scipy()


def leave_out_scipy() -> None:
    """A loss for pictures asks for it, and sampling that nobody uses; here a head's thresholds alone need it."""
    leave_out("scipy")
    leave_out("sklearn")


def list_packages_once() -> None:
    """Two libraries each have the files of all installed packages read when they are imported."""
    metadata.packages_distributions = cache(metadata.packages_distributions)
