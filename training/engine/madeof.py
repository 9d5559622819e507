"""What a run is made of, and whether that is still so: a checkpoint goes on only with what it was made with. Pure."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common.files import sha256_of
from training.engine.config import EngineConfig
from training.engine.recipe import Recipe
from training.engine.rundir import RunDir

# What may differ from one attempt to the next: it decides how the work is done, not what comes out of it.
_FREE = {
    # What is answered decides how it is served; the labels that are learnt are those of the rows.
    *(
        "base_model",
        "task",
        "threads",
        "logging_steps",
        "eval_steps",
        "save_steps",
        "keep_checkpoints",
        "left_out_share",
    ),
    *("gradient_checkpointing", "allow_shorter", "batch_size", "gradient_accumulation"),
    *("epochs", "max_steps", "min_updates", "max_updates", "warmup_ratio"),
}


def made_of(
    run: RunDir, config: EngineConfig, recipe: Recipe, base: Mapping[str, Any], processes: int, phase: str = "train"
) -> dict[str, Any]:
    """Data, options and base of a run's phase, each as one flat value by the name that people know.

    `base`: its name and revision. The folder that it lies in differs from host to host.
    """
    options = config.model_dump(mode="json", exclude=_FREE)
    options |= {f"lora.{name}": value for name, value in options.pop("lora").items()}
    files = {f"data/{path.name}": sha256_of(path) for path in (run.train, run.validation) if path.is_file()}
    return {
        **files,
        **options,
        "the phase": phase,
        "the base model": base["revision"] or Path(str(base["name"])).name,
        "rows of an update": recipe.batch_size * recipe.accumulation * processes,
        "updates": recipe.updates,
        "updates of the warm-up": recipe.warmup,
    }


def change_since(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What differs, in words; empty where nothing does, or nothing is known of then."""
    changed = [name for name in {**then, **now} if then and then.get(name) != now.get(name)]
    return ", ".join(_difference(name, then.get(name), now.get(name)) for name in changed)


def _difference(name: str, then: Any, now: Any) -> str:
    if name.startswith("data/"):
        return f"{name} has changed" if then and now else f"{name} is {'gone' if then else 'new'}"
    return f"{name} was {then} and is {now}"
