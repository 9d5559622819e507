"""The options of a head, as `config.yaml` in its run folder gives them. Unknown keys are refused."""

from pathlib import Path
from typing import Literal, Self, TypeVar

import yaml
from pydantic import Field, model_validator

from common.options import Options, OptionsError, checked
from training.engine.errors import EngineError, Exit
from training.heads.choosing import FOLDS, STRENGTHS

Read = TypeVar("Read", bound=Options)


class EncoderConfig(Options):
    """The sentence encoder that stays as it is: a folder, and the revision that must be in it."""

    name: str = Field(min_length=1)
    revision: str = Field(min_length=1)


class HeadLabel(Options):
    """A label as answers write it, and what the task says of it."""

    name: str = Field(min_length=1)
    description: str = ""


class HeadTask(Options):
    """What is answered: JSON with the labels under `key`, `several` of them or one, `limit` at most."""

    labels: list[HeadLabel] = Field(min_length=1)
    key: str = Field(min_length=1)
    several: bool
    limit: int = Field(ge=1)

    @model_validator(mode="after")
    def _labels_tell_apart(self) -> Self:
        if not self.several and len(self.labels) < 2:
            raise ValueError("with one label there is nothing to tell apart")
        if len({label.name for label in self.labels}) < len(self.labels):
            raise ValueError("two labels have one name")
        return self


class HeadConfig(Options):
    """Everything that decides a head.

    `strengths` are tried over `folds` parts of the training rows, and the best is taken.
    """

    base_model: EncoderConfig
    objective: Literal["head"] = "head"
    task: HeadTask
    strengths: list[float] = Field(
        default=list(STRENGTHS), min_length=1, max_length=20, description="How freely it may fit, from stiff to free."
    )
    folds: int = Field(default=FOLDS, ge=2, le=20)
    seed: int = Field(default=7, ge=0, lt=2**32)
    threads: int = Field(default=1, ge=1, le=1024, description="CPU threads.")

    @model_validator(mode="after")
    def _strengths_are_positive(self) -> Self:
        if any(not 0 < each <= 1e6 for each in self.strengths):
            raise ValueError("strengths lie above 0, and at 1000000 at most")
        return self


def load_config(path: Path) -> HeadConfig:
    """The options of a run folder. Raises `EngineError` BAD_CONFIG."""
    return read_options(HeadConfig, path)


def read_options(schema: type[Read], path: Path) -> Read:
    """The options of a file. Raises `EngineError` BAD_CONFIG."""
    try:
        return checked(schema, yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, OptionsError) as error:
        raise EngineError(f"{path.name} cannot be used. {error}", Exit.BAD_CONFIG) from error
