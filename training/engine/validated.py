"""How each validation row was answered, as the parts of the figure: kept, so that runs can be held against each other.

Beside the checkpoints lies what the newest evaluation found, and with the best adapter what was found of that. Rows are
counted from one, as in their file; those that were left out have no entry. Of a classification head the scores are kept
as well: rows that are learnt from later said by them how sure it may be.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from common.files import write_json
from training.engine.figure import Parts
from training.engine.rundir import RunDir

if TYPE_CHECKING:
    from training.heads.linear import Array

_FILE, _SCORES = "validated.json", "scores.npy"
# Key of the manifest: a list of [row, parts...].
VALIDATED = "validated"
Validated = list[list[float]]


def keep(run: RunDir, parts: Mapping[int, Parts]) -> None:
    """The newest evaluation's, by place among the rows that are answered, from 0."""
    run.checkpoints.mkdir(parents=True, exist_ok=True)
    write_json(run.checkpoints / _FILE, [[at, *parts[at]] for at in sorted(parts)])


def keep_scores(run: RunDir, scores: "Array") -> None:
    """Those of the newest evaluation, shape (rows, labels)."""
    import numpy as np

    run.checkpoints.mkdir(parents=True, exist_ok=True)
    np.save(run.checkpoints / _SCORES, scores)


def scores_of_best(run: RunDir) -> "Array | None":
    """Those of the best adapter; None where none were kept."""
    import numpy as np

    try:
        found: Array = np.load(run.best / _SCORES, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return found


def keep_with(run: RunDir, folder: Path) -> None:
    """The newest evaluation is that of the adapter in `folder`."""
    for name in (_FILE, _SCORES):
        if (run.checkpoints / name).is_file():
            shutil.copyfile(run.checkpoints / name, folder / name)


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
