"""The best adapter so far, by the validation rows: what a run ends with where they are enough to choose by."""

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.files import built_folder, write_json
from training.engine.rundir import RunDir
from training.engine.validated import keep_with

if TYPE_CHECKING:
    from peft import PeftModel

_FIGURES = "best.json"


@dataclass(frozen=True)
class Evaluation:
    """What the validation rows said at a step; `figure` is None where they were not answered.

    `threshold`: the probability from which a head's labels are best chosen on them.
    """

    step: int
    eval_loss: float
    figure: float | None = None
    threshold: float | None = None

    def is_better(self, than: "Evaluation") -> bool:
        """By the figure; the lower loss decides between equal ones, and where there is none."""
        if self.figure is not None and than.figure is not None and self.figure != than.figure:
            return self.figure > than.figure
        return self.eval_loss < than.eval_loss


def evaluations_in(history: Iterable[Mapping[str, Any]]) -> list[Evaluation]:
    """Those that the trainer's own history tells, oldest first."""
    entries = (entry for entry in history if "eval_loss" in entry)
    return [
        Evaluation(int(entry["step"]), entry["eval_loss"], entry.get("eval_figure"), entry.get("eval_threshold"))
        for entry in entries
    ]


def waited(evaluations: Sequence[Evaluation]) -> int:
    """How many evaluations came since the best one."""
    best = 0
    for at, evaluation in enumerate(evaluations):
        if evaluation.is_better(evaluations[best]):
            best = at
    return max(0, len(evaluations) - 1 - best)


def best_of(run: RunDir) -> Evaluation | None:
    """That of the best adapter that is kept; None before the first."""
    try:
        found = json.loads((run.best / _FIGURES).read_text(encoding="utf-8"))
        figure, threshold = (None if found[name] is None else float(found[name]) for name in ("figure", "threshold"))
        return Evaluation(int(found["step"]), float(found["eval_loss"]), figure, threshold)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep_if_best(run: RunDir, model: "PeftModel", evaluation: Evaluation) -> None:
    """Keep the adapter as it is now, where it is better than what is kept."""
    best = best_of(run)
    if best is not None and not evaluation.is_better(best):
        return
    run.best.parent.mkdir(parents=True, exist_ok=True)
    for leftover in run.best.parent.glob(f".{run.best.name}-*"):
        shutil.rmtree(leftover)  # of an attempt that was killed here
    with built_folder(run.best) as folder:
        model.save_pretrained(str(folder), safe_serialization=True)
        keep_with(run, folder)
        write_json(folder / _FIGURES, asdict(evaluation))


def load_adapter(model: "PeftModel", folder: Path) -> None:
    """Put the weights of a saved adapter, or of a checkpoint, in the place of the model's own."""
    model.load_adapter(str(folder), model.active_adapter, is_trainable=True)
