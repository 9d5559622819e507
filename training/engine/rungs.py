"""Where memory does not suffice: the same updates in smaller parts, rung by rung. Pure but for the file.

The rows of an update stay the same, and so does its gradient: a batch is taken in parts whose gradients are summed.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from common.files import write_json
from training.engine.config import EngineConfig
from training.engine.recipe import Recipe

# Rows shorter than this say nothing.
SHORTEST = 16


@dataclass(frozen=True)
class Rung:
    """In how many parts a batch is taken, whether activations are computed again, and a lower `max_length`."""

    parts: int = 1
    recompute: bool = False
    max_length: int | None = None

    def batch_size(self, recipe: Recipe) -> int:
        """Rows that a device takes at once."""
        return recipe.batch_size // self.parts

    def accumulation(self, recipe: Recipe) -> int:
        """Parts of an update."""
        return recipe.accumulation * self.parts

    def said(self, recipe: Recipe) -> str:
        """What is done on it, in words."""
        parts = [f"{self.batch_size(recipe)} rows at once, {self.accumulation(recipe)} times an update"]
        if self.recompute:
            parts.append("activations computed again")
        if self.max_length is not None:
            parts.append(f"rows of at most {self.max_length} tokens")
        return ", ".join(parts)

    def facts(self, recipe: Recipe) -> dict[str, Any]:
        """The same in numbers, for an event."""
        rows, parts = self.batch_size(recipe), self.accumulation(recipe)
        return {
            "rows_at_once": rows,
            "accumulation": parts,
            "recompute": self.recompute,
            "max_length": self.max_length,
        }


def next_rung(rung: Rung, config: EngineConfig, recipe: Recipe, longest: int) -> Rung | None:
    """What needs less memory; None where nothing is left that the options allow. `longest`: tokens of a row, now."""
    rows = rung.batch_size(recipe)
    if rows > 1:
        return Rung(rung.parts * _least_factor(rows), rung.recompute, rung.max_length)
    if not rung.recompute and config.gradient_checkpointing == "auto":
        return Rung(rung.parts, recompute=True, max_length=rung.max_length)
    if config.allow_shorter and longest // 2 >= SHORTEST:
        return Rung(rung.parts, rung.recompute, longest // 2)
    return None


def read_rung(path: Path) -> Rung:
    """The rung that the run came to; the first one where it never ran out."""
    try:
        return Rung(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Rung()


def write_rung(path: Path, rung: Rung) -> None:
    """Keep it: a run that goes on does so on the same rung."""
    write_json(path, asdict(rung), durable=True)


def _least_factor(number: int) -> int:
    return next(factor for factor in range(2, number + 1) if number % factor == 0)
