"""How each validation row was answered, as the parts of the figure: kept, so that runs can be held against each other.

Beside the checkpoints lies what the newest evaluation found, and with the best adapter what was found of that. Rows are
counted from one, as in their file; those that were left out have no entry.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from common.files import write_json
from training.engine.figure import Parts
from training.engine.rundir import RunDir

_FILE = "validated.json"
# Key of the manifest: a list of [row, parts...].
VALIDATED = "validated"
Validated = list[list[float]]


def keep(run: RunDir, parts: Mapping[int, Parts]) -> None:
    """The newest evaluation's, by place among the rows that are answered, from 0."""
    run.checkpoints.mkdir(parents=True, exist_ok=True)
    write_json(run.checkpoints / _FILE, [[at, *parts[at]] for at in sorted(parts)])


def keep_with(run: RunDir, folder: Path) -> None:
    """The newest evaluation is that of the adapter in `folder`."""
    if (run.checkpoints / _FILE).is_file():
        shutil.copyfile(run.checkpoints / _FILE, folder / _FILE)


def newest(run: RunDir, numbers: Sequence[int]) -> Validated:
    """What the newest evaluation found, by row of the file; `numbers`: those of the rows that are answered."""
    return _read(run.checkpoints, numbers)


def of_best(run: RunDir, numbers: Sequence[int]) -> Validated:
    """The same of the best adapter."""
    return _read(run.best, numbers)


def _read(folder: Path, numbers: Sequence[int]) -> Validated:
    try:
        found = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        return [[numbers[int(at)], *map(float, parts)] for at, *parts in found]
    except (OSError, ValueError, TypeError, IndexError):
        return []  # never answered, or by a release that kept no such file
