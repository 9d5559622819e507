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

from benchmarks.recipes.engine import answers_of, base_of, classes_of, file_answers, train_run
from benchmarks.recipes.sets import Drawn, Row
from benchmarks.training.entry import MODELS
from common import jsonl
from common.encoder import EncoderError, open_encoder, read_record
from common.options import checked
from evaluation.methods.learned import Vectors
from evaluation.scorers import Example, Scored, Task, scorer_of
from labeling import prompts
from labeling.kinds import Spec
from labeling.marks import neutralise
from training.engine.config import EngineConfig
from training.engine.finetuning.config import FinetuneConfig
from training.headtasks import head_task
from training.overrides import merged, nested

ROOT = Path(__file__).resolve().parents[2]
ENCODER = MODELS / "all-minilm-l6-v2"
PROFILE = ROOT / "training/profiles/developer.yaml"
# Options of the task, not of the engine.
TASK_OPTIONS = {"lists_labels"} & {each.name for each in dataclasses.fields(Spec)}
# The data set says it.
_ANY_TASK = {"labels": [{"name": "a"}, {"name": "b"}], "key": "labels", "several": True, "limit": 2}
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
    wants_encoder: ClassVar[bool] = False
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
        method = scorer_of(spec).baselines[self.name]
        began = time.process_time()
        told = {label.name: label.description for label in spec.labels}
        task = Task(spec.label_limit, told, self.vectors())
        answers = method.run(_examples(spec, drawn.train), _examples(spec, drawn.cases), task)
        return Outcome(answers, time.process_time() - began, 0.0)

    def vectors(self) -> Vectors | None:
        """What makes vectors of texts, where the method needs them."""
        return None


class ByVectors(Simple):
    """One that needs the sentence encoder, with one thread. Its seconds hold those of the vectors, and its opening."""

    code = (*_COMMON, "evaluation/methods", "common/encoder", "training/heads")
    wants_encoder = True

    def recipe(self, base: Path, options: Sequence[str], draw: int) -> dict[str, Any]:
        """Which encoder, and which of its files; nothing where there is none."""
        try:
            return read_record(ENCODER).model_dump(mode="json", include={"name", "revision", "runs"})
        except EncoderError:
            return {}

    def vectors(self) -> Vectors | None:
        """Of the encoder that `make encoder` made."""
        encoder = open_encoder(ENCODER)
        return lambda texts: encoder.encode(texts).vectors


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
    objective = "sft"

    def __init__(self, **options: Any) -> None:
        self.options = options

    def recipe(self, base: Path, options: Sequence[str], draw: int) -> dict[str, Any]:
        """The whole configuration after defaults; the draw is its seed. Raises as `EngineConfig` does."""
        profile = yaml.safe_load(PROFILE.read_text(encoding="utf-8"))["config"]
        task, said = _parted(options)
        above = merged(merged(profile, self.options), nested(said))
        chosen = {"objective": self.objective, "base_model": {"name": str(base)}}
        config = checked(EngineConfig, {"seed": draw, **above, **chosen})
        return {"config": config.model_dump(mode="json"), "base_model": base_of(base), "task": task}

    def run(self, drawn: Drawn, recipe: Mapping[str, Any]) -> Outcome:
        """In the engine's processes, one after the other."""
        with tempfile.TemporaryDirectory() as folder:
            run = Path(folder) / "run"
            rows = {"train": drawn.train, "validation": drawn.validation}
            trained, metrics = train_run(
                run, recipe["config"], {name: _lines(drawn.spec, split) for name, split in rows.items()}
            )
            answers, asked = self.answers(run, drawn, Path(folder))
        return Outcome(answers, trained, asked, metrics)

    def answers(self, run: Path, drawn: Drawn, folder: Path) -> tuple[list[Scored], float]:
        """By the run's adapter."""
        return answers_of(["--run", str(run)], drawn, folder)


class Classified(Trained):
    """The same with a classification head, asked by `classify`."""

    objective = "lm_head"

    def run(self, drawn: Drawn, recipe: Mapping[str, Any]) -> Outcome:
        """In the engine's processes, one after the other."""
        instruction = neutralise(drawn.spec.instruction.strip())
        return super().run(drawn, {**recipe, "config": {**recipe["config"], "instruction": instruction}})

    def answers(self, run: Path, drawn: Drawn, folder: Path) -> tuple[list[Scored], float]:
        """By the run's head."""
        return classes_of(run, drawn, folder)


class Finetuned(Method):
    """A run folder of the method encoder, trained by the engine's own command, its file asked as it is served."""

    code = (*_COMMON, "training/engine/finetuning", "training/engine/encoders", "training/heads", "common/encoder")
    is_trained = True
    wants_encoder = True

    def recipe(self, base: Path, options: Sequence[str], draw: int) -> dict[str, Any]:
        """The whole configuration after defaults, but for the task, which the data set says; the draw is its seed."""
        found = ByVectors("head").recipe(base, options, draw)
        where = {"name": str(ENCODER), "revision": found.get("revision", "none")}
        _, said = _parted(options)
        chosen = {"seed": draw, "threads": 1, **nested(said), "base_model": where, "task": _ANY_TASK}
        config = checked(FinetuneConfig, chosen).model_dump(mode="json", exclude={"task"})
        return {"config": config, "base_model": found}

    def run(self, drawn: Drawn, recipe: Mapping[str, Any]) -> Outcome:
        """In the engine's process; the answers in this one."""
        config = {**recipe["config"], "task": head_task(drawn.spec)}
        rows = {"train": drawn.train, "validation": drawn.validation}
        lines = {name: _lines(drawn.spec, split) for name, split in rows.items()}
        with tempfile.TemporaryDirectory() as folder:
            run = Path(folder) / "run"
            trained, metrics = train_run(run, config, lines, "finetune")
            answers, asked = file_answers(run, drawn, Path(folder))
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
    "knn": ByVectors("nearest_encoder"),
    "tfidf_logreg": Simple("tfidf_logreg"),
    "head": ByVectors("head"),
    "bare": Bare(),
    "sft": Trained(),
    # A head wants more passes than answers do.
    "lm_head": Classified(epochs=8),
    "encoder": Finetuned(),
}
