"""What a run does one after the other: choose its length by the validation rows, then train anew on all rows.

Where several seeds are asked for, the last phase is made with each of them. Pure but for the file that says which
phases are over; it lies beside the checkpoints, and goes with them.
"""

import json
import math
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

from common.files import write_json
from training.engine import checkpoints
from training.engine.best import Evaluation
from training.engine.config import EngineConfig
from training.engine.data import Encoded
from training.engine.recipe import Recipe, recipe_for, warmup_of
from training.engine.rundir import RunDir
from training.engine.runrows import RunRows

# Of fewer rows a figure is mostly chance, and so would be what it chooses (docs/training.md).
CHOOSE_FROM = 50
_FILE = "phases.json"


@dataclass(frozen=True)
class Finished:
    """A phase that is over: its updates, the tokens that it learnt from, and the best that its validation found."""

    steps: int
    tokens: int
    best: Evaluation | None = None


@dataclass(frozen=True)
class Phase:
    """One of a run's phases: its folders, options with its own seed, rows and recipe, and what lies around it."""

    name: str
    run: RunDir
    config: EngineConfig
    recipe: Recipe
    train: list[Encoded]
    validation: list[Encoded]
    before: tuple[Finished, ...]
    # Updates of the phases behind it, as far as they are known.
    after: int

    @cached_property
    def steps_before(self) -> int:
        """Updates of the phases that are over."""
        return sum(each.steps for each in self.before)

    @cached_property
    def tokens_before(self) -> int:
        """Tokens that they learnt from."""
        return sum(each.tokens for each in self.before)

    @property
    def total_steps(self) -> int:
        """Updates of all phases."""
        return self.steps_before + self.recipe.updates + self.after


class Phases:
    """The phases of one run, and how far it has come in them."""

    def __init__(self, run: RunDir, config: EngineConfig, rows: RunRows, processes: int = 1) -> None:
        self._run, self._config, self._rows = run, config, rows
        train, validation = rows.train.rows, rows.validation.rows
        judged = len(validation) if config.best_by == "loss" else min(len(validation), config.answer_rows or 0)
        self.chooses = judged >= CHOOSE_FROM
        self.refits = config.refit and bool(validation)
        # Without a choice to make, all rows are trained on from the beginning.
        self._selects = self.refits and self.chooses
        self._all = [*train, *validation] if self.refits else train
        self._first = recipe_for(config, len(train if self._selects else self._all), processes)
        self.finished = _read(run)

    @property
    def last(self) -> bool:
        """Whether nothing follows the phase that is next."""
        return len(self.finished) + 1 >= self._selects + self._config.seeds

    @property
    def keeps_best(self) -> bool:
        """Whether the phase that is next ends with its best adapter rather than with its last step's."""
        return self.chooses and (self._selecting or not self.refits)

    @property
    def selected(self) -> Evaluation | None:
        """What the phase that chose the length found best; None where there was none."""
        return self.finished[0].best if self._selects and self.finished else None

    @property
    def validation_numbers(self) -> list[int]:
        """Where the validation rows stand in their file, from 1."""
        return self._rows.validation.numbers

    @property
    def selection(self) -> RunDir:
        """The folders of the first phase."""
        return self._run.phase(0)

    @property
    def parts(self) -> list[RunDir]:
        """The folders of all phases whose adapters are averaged."""
        return [self._run.phase(number) for number in range(self._selects, self._selects + self._config.seeds)]

    def now(self) -> Phase:
        """The phase that is next, or under way."""
        number = len(self.finished)
        seeds_left = self._config.seeds - max(0, number - self._selects) - (not self._selecting)
        recipe = self._first if self._selecting else self._final(self.selected)
        follows = self._final(None) if self._selecting else recipe
        return Phase(
            name="select" if self._selecting else "refit" if self.refits else "train",
            run=self._run.phase(number),
            config=self._config.model_copy(update={"seed": self._seed(number)}),
            recipe=recipe,
            train=self._rows.train.rows if self._selecting else self._all,
            validation=self._rows.validation.rows if self._selecting or not self.refits else [],
            before=tuple(self.finished),
            after=seeds_left * follows.updates,
        )

    def finish(self, steps: int, tokens: int, best: Evaluation | None) -> None:
        """The phase is over; from here on the next one is."""
        self.finished.append(Finished(steps, tokens, best))
        self._run.checkpoints.mkdir(parents=True, exist_ok=True)
        write_json(self._run.checkpoints / _FILE, [asdict(each) for each in self.finished], durable=True)

    def reread(self) -> None:
        """In a process that did not write it itself."""
        self.finished = _read(self._run)

    def said(self) -> str:
        """What is done from here on, in words."""
        best, phase = self.selected, self.now()
        seed = f" Seed {phase.config.seed}." if self._config.seeds > 1 else ""
        if best is None:
            return seed.strip()
        figure = "" if best.figure is None else f"figure {best.figure:.3f}, "
        return (
            f"Step {best.step} was the best ({figure}loss {best.eval_loss:.4f}). Trained anew on training and "
            f"validation rows, {phase.recipe.updates} updates.{seed}"
        )

    @property
    def _selecting(self) -> bool:
        return self._selects and not self.finished

    def _seed(self, number: int) -> int:
        return (self._config.seed + max(0, number - self._selects)) % 2**32

    def _final(self, best: Evaluation | None) -> Recipe:
        """That of the last phase: as many passes over all rows as were best over the training rows."""
        if not self._selects:
            return self._first
        chosen = best.step if best else self._first.updates
        updates = max(1, math.ceil(chosen * len(self._all) / len(self._rows.train.rows)))
        return replace(self._first, updates=updates, warmup=warmup_of(self._config, updates))


def steps_behind(run: RunDir) -> int:
    """The steps that a run has made, as far as they are kept."""
    finished = _read(run)
    return sum(each.steps for each in finished) + checkpoints.steps_behind(run.phase(len(finished)).checkpoints)


def _read(run: RunDir) -> list[Finished]:
    try:
        found = json.loads((run.checkpoints / _FILE).read_text(encoding="utf-8"))
        return [_finished(each) for each in found]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _finished(said: dict[str, Any]) -> Finished:
    return Finished(said["steps"], said["tokens"], Evaluation(**said["best"]) if said["best"] else None)
