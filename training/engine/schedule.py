"""The learning rate over the updates of a run. It begins above zero: a first update of rate 0 teaches nothing."""

import math
from typing import Any

from training.engine.config import EngineConfig
from training.engine.recipe import Recipe


def share_of_rate(scheduler: str, update: int, recipe: Recipe) -> float:
    """The share of the full rate at an update, counted from 0."""
    if update < recipe.warmup:
        return (update + 1) / (recipe.warmup + 1)
    if scheduler.startswith("constant"):
        return 1.0
    done = min(1.0, (update - recipe.warmup) / max(1, recipe.updates - recipe.warmup))
    return 1.0 - done if scheduler == "linear" else 0.5 * (1.0 + math.cos(math.pi * done))


def scheduled(trainer_class: type[Any], config: EngineConfig, recipe: Recipe) -> type[Any]:
    """`trainer_class` with this schedule; the libraries' own ones begin at zero."""
    import torch

    class Scheduled(trainer_class):  # type: ignore[misc]  # the class comes as a value
        def create_scheduler(self, num_training_steps: int, optimizer: torch.optim.Optimizer | None = None) -> Any:
            if getattr(self, "lr_scheduler", None) is None:
                self.lr_scheduler = torch.optim.lr_scheduler.LambdaLR(
                    optimizer or self.optimizer, lambda update: share_of_rate(config.scheduler, update, recipe)
                )
                self._created_lr_scheduler = True
            return self.lr_scheduler

    return Scheduled
