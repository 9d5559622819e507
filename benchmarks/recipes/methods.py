"""What answers the cases of a draw, by name: the trained methods, and those that stand beside them.

A further method of the engine is one more entry of `METHODS`.
"""

import dataclasses
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import yaml

from benchmarks.recipes.engine import answers_of, base_of, train_run
from benchmarks.recipes.sets import Drawn, Row
from common import jsonl
from common.options import checked
from evaluation.scorers import Example, Scored, Task, scorer_of
from labeling import prompts
from labeling.kinds import Spec
from training.engine.config import EngineConfig
from training.overrides import merged, nested

ROOT = Path(__file__).resolve().parents[2]
PROFILE = ROOT / "training/profiles/developer.yaml"
# Options of the task, not of the engine.
TASK_OPTIONS = {"lists_labels"} & {each.name for each in dataclasses.fields(Spec)}
# What all figures hang on: the rows, how they are asked, how answers are read and counted.
_COMMON = ("benchmarks/recipes/sets.py", "demo/support_tags.py", "demo/data/support_tags", "labeling/kinds")
_COMMON += ("labeling/prompts.py", "labeling/answers.py", "labeling/splits.py", "evaluation/scorers")


@dataclass(frozen=True)
class Outcome:
    """The answers to a draw's cases, and the CPU seconds that learning and answering took."""

    answers: list[Scored]
    cpu_s: float
    answering_s: float
    more: dict[str, Any] = field(default_factory=dict)


class Method(ABC):
    """One way to answer. `code`: what its figures hang on, below the project's folder."""

    code: tuple[str, ...] = _COMMON
    is_trained: ClassVar[bool] = False
    wants_base: ClassVar[bool] = False
    # Without a draw: it learns from no rows, so the test cases are answered once.
    once: ClassVar[bool] = False

    @abstractmethod
    def recipe(self, base: Path, options: Sequence[str], draw: int) -> dict[str, Any]:
        """All that decides the figure beside rows and code. `options`: NAME=VALUE, in place of what is shipped."""

    @abstractmethod
    def run(self, drawn: Drawn, recipe: Mapping[str, Any]) -> Outcome:
        """Learn and answer."""


class Simple(Method):
    """A method of the comparison page, on the train split as there."""

    code = (*_COMMON, "evaluation/methods")

    def __init__(self, name: str) -> None:
        self.name = name

    def recipe(self, base: Path, options: Sequence[str], draw: int) -> dict[str, Any]:
        """Nothing can be chosen."""
        return {}

    def run(self, drawn: Drawn, recipe: Mapping[str, Any]) -> Outcome:
        """In this process."""
        spec = drawn.spec
        task = Task(spec.label_limit, {label.name: label.description for label in spec.labels})
        method = scorer_of(spec).baselines[self.name]
        began = time.process_time()
        answers = method.run(_examples(spec, drawn.train), _examples(spec, drawn.cases), task)
        return Outcome(answers, time.process_time() - began, 0.0)


class Bare(Method):
    """The base model, untrained, held to the schema."""

    code = (*_COMMON, "training/engine")
    wants_base = True
    once = True

    def recipe(self, base: Path, options: Sequence[str], draw: int) -> dict[str, Any]:
        """How it is asked."""
        return {"base_model": base_of(base), "task": _parted(options)[0]}

    def run(self, drawn: Drawn, recipe: Mapping[str, Any]) -> Outcome:
        """In the engine's process."""
        with tempfile.TemporaryDirectory() as folder:
            answers, seconds = answers_of(["--base", recipe["base_model"]["location"]], drawn, Path(folder))
        return Outcome(answers, 0.0, seconds)


class Trained(Method):
    """A run folder with the shipped recipe, trained and asked by the engine's own commands."""

    code = (*_COMMON, "training/engine", "training/profiles/developer.yaml")
    is_trained = True
    wants_base = True

    def __init__(self, **options: Any) -> None:
        self.options = options

    def recipe(self, base: Path, options: Sequence[str], draw: int) -> dict[str, Any]:
        """The whole configuration after defaults; the draw is its seed. Raises as `EngineConfig` does."""
        profile = yaml.safe_load(PROFILE.read_text(encoding="utf-8"))["config"]
        task, said = _parted(options)
        above = merged(merged(profile, self.options), nested(said))
        config = checked(EngineConfig, {"seed": draw, **above, "base_model": {"name": str(base)}})
        return {"config": config.model_dump(mode="json"), "base_model": base_of(base), "task": task}

    def run(self, drawn: Drawn, recipe: Mapping[str, Any]) -> Outcome:
        """In the engine's processes, one after the other."""
        with tempfile.TemporaryDirectory() as folder:
            run = Path(folder) / "run"
            rows = {"train": drawn.train, "validation": drawn.validation}
            trained, metrics = train_run(
                run, recipe["config"], {name: _lines(drawn.spec, split) for name, split in rows.items()}
            )
            answers, asked = answers_of(["--run", str(run)], drawn, Path(folder))
        return Outcome(answers, trained, asked, metrics)


def _lines(spec: Spec, rows: Iterable[Row]) -> list[str]:
    """As a snapshot freezes them: sorted by content."""
    return sorted(jsonl.dumps(prompts.training_row(spec, text, answer), sort_keys=True) for text, answer in rows)


def _examples(spec: Spec, rows: Iterable[Row]) -> list[Example]:
    """What is asked, without what is always said, as the product gives it to its simple methods."""
    return [("\n".join(turn["content"] for turn in prompts.messages(spec, text)[1:]), answer) for text, answer in rows]


def _parted(options: Sequence[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Options of the task and of the engine. Raises `ValueError` on what is no NAME=VALUE."""
    said = {}
    for option in options:
        name, equals, value = option.partition("=")
        if not name or not equals:
            raise ValueError(f"{option!r} is no NAME=VALUE.")
        said[name] = yaml.safe_load(value)
    task = {name: said.pop(name) for name in TASK_OPTIONS & set(said)}
    return task, said


METHODS: dict[str, Method] = {
    "constant": Simple("constant"),
    "word_overlap": Simple("word_overlap"),
    "nearest": Simple("nearest"),
    "tfidf_logreg": Simple("tfidf_logreg"),
    "bare": Bare(),
    "sft": Trained(),
}
