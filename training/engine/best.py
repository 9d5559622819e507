"""The adapter with the lowest validation loss so far: what a run that is stopped early keeps."""

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.files import built_folder, write_json
from training.engine.rundir import RunDir

if TYPE_CHECKING:
    from peft import PeftModel

_FIGURES = "best.json"


def best_of(run: RunDir) -> dict[str, Any] | None:
    """`step` and `eval_loss` of the best adapter that is kept; None before the first validation."""
    try:
        found = json.loads((run.best / _FIGURES).read_text(encoding="utf-8"))
        return {"step": int(found["step"]), "eval_loss": float(found["eval_loss"])}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def keep_if_best(run: RunDir, model: "PeftModel", step: int, eval_loss: float) -> None:
    """Keep the adapter as it is now, where it is better than what is kept."""
    best = best_of(run)
    if best is not None and best["eval_loss"] <= eval_loss:
        return
    for leftover in run.path.glob(f".{run.best.name}-*"):
        shutil.rmtree(leftover)  # of an attempt that was killed here
    with built_folder(run.best) as folder:
        model.save_pretrained(str(folder), safe_serialization=True)
        write_json(folder / _FIGURES, {"step": step, "eval_loss": eval_loss})


def load_adapter(model: "PeftModel", folder: Path) -> None:
    """Put the weights of a saved adapter, or of a checkpoint, in the place of the model's own."""
    model.load_adapter(str(folder), model.active_adapter, is_trainable=True)
