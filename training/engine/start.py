"""A command's start without the libraries that its work never comes to: most of a short command is imports."""

import sys
from contextlib import suppress
from pathlib import Path

from training.engine.config import load_config
from training.engine.errors import EngineError
from training.engine.rundir import RunDir


def leave_out(library: str) -> None:
    """Have an optional library be as if it were not installed; nothing where it is imported already."""
    sys.modules.setdefault(library, None)  # type: ignore[arg-type]  # Python's way to say: not there


def leave_out_four_bits(run: Path) -> None:
    """The library of 4 bits, where the run's settings ask for none: an eighth of the start."""
    with suppress(EngineError):  # said where the run begins
        if load_config(RunDir(run).config).method != "qlora":
            leave_out("bitsandbytes")
