"""How long a run is and how it takes its rows, from the options and the number of rows. Pure."""

import math
from dataclasses import dataclass

from training.engine.config import EngineConfig

# Few rows teach more in small batches: twice the updates at the same epochs and tokens.
FEW_ROWS, SMALL_BATCH, BATCH = 200, 4, 8


@dataclass(frozen=True)
class Recipe:
    """Rows that a device takes at once, batches of an update, updates of the run and of its warm-up."""

    batch_size: int
    accumulation: int
    updates: int
    warmup: int


def recipe_for(config: EngineConfig, rows: int, processes: int = 1) -> Recipe:
    """The recipe for `rows` rows that fit, shared by so many processes."""
    batch_size = config.batch_size or (SMALL_BATCH if rows < FEW_ROWS else BATCH)
    updates = config.max_steps or _updates(config, rows, batch_size * processes)
    return Recipe(batch_size, config.gradient_accumulation, updates, warmup_of(config, updates))


def warmup_of(config: EngineConfig, updates: int) -> int:
    """Updates of the warm-up, of so many. At least one is made at the full rate."""
    return min(math.ceil((config.warmup_ratio or 0.0) * updates), updates - 1)


def eval_steps(config: EngineConfig, recipe: Recipe) -> int:
    """Updates from one evaluation to the next; another one comes at the end."""
    return config.eval_steps or max(25, recipe.updates // 5)


def _updates(config: EngineConfig, rows: int, batch: int) -> int:
    an_epoch = math.ceil(math.ceil(rows / batch) / config.gradient_accumulation)
    wanted = max(math.ceil((config.epochs or 1) * an_epoch), config.min_updates or 1)
    return wanted if config.max_updates is None else min(wanted, config.max_updates)
