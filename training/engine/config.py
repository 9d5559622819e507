"""The engine's options, as `config.yaml` in a run folder gives them. Unknown keys are refused. No torch here."""

import datetime
from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import ConfigDict, Field, model_validator

from common.environment import KEY_PATTERN
from common.options import Options, OptionsError, checked
from training.engine.errors import EngineError, Exit
from training.heads.config import HeadTask

DEFAULT_EPOCHS = 3.0
DEFAULT_WARMUP = 0.05
DEFAULT_ANSWER_ROWS = 100


class BaseModelConfig(Options):
    """Which model the adapter is trained on. Code that comes with a model is never run."""

    name: str = Field(min_length=1, description="A Hugging Face name, or a folder with the 16-bit weights.")
    revision: str | None = None
    token_env: str | None = Field(
        default=None, pattern=KEY_PATTERN, description="Environment variable that holds the hub's token."
    )
    trust_remote_code: Literal[False] = False


class LoraOptions(Options):
    """The adapter. Dropout costs a quarter of a step's time on a CPU, so it is off unless asked for."""

    r: int = Field(default=16, ge=1, le=4096)
    alpha: int = Field(default=32, ge=1, le=65_536)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    target_modules: str | list[str] = Field(default="all-linear", min_length=1)


class ChatOptions(Options):
    """How the model is asked, beside what is said: frozen into the chat template (`training.engine.template`).

    The day is the one that Llama's own template falls back to.
    """

    thinking: bool = Field(default=False, description="The model thinks aloud before its answer.")
    date: datetime.date = Field(default=datetime.date(2024, 7, 26), description="Where the template writes a date.")


class EngineConfig(Options):
    """Everything that decides a run's result.

    Its length is `epochs`, between a floor and a ceiling of updates, or `max_steps` exactly; unsaid: three epochs.
    An option that the others leave without effect is refused. The bounds are those of sense: beyond them a run would
    end in numbers that are none, or never.
    """

    model_config = ConfigDict(frozen=False)  # a default that hangs on another option is filled in

    base_model: BaseModelConfig
    chat: ChatOptions = ChatOptions()
    objective: Literal["sft", "lm_head"] = Field(
        default="sft", description="What is learnt: to write the answers, or their labels by a classification head."
    )
    instruction: str | None = Field(
        default=None, description="With lm_head: in place of the rows' system messages; empty: none."
    )
    task: HeadTask | None = Field(
        default=None, description="With lm_head: what is answered; the run then leaves what is served."
    )
    method: Literal["lora", "qlora"] = "lora"
    lora: LoraOptions = LoraOptions()
    max_length: int = Field(
        default=2048, ge=8, le=2**20, description="Tokens of prompt and answer; longer rows are left out."
    )
    left_out_share: float = Field(
        default=0.1, ge=0, le=1, description="Of a file's rows that may be left out; the run is refused above it."
    )
    max_steps: int | None = Field(default=None, ge=1, le=10_000_000, description="Updates, in place of epochs.")
    epochs: float | None = Field(default=None, gt=0, le=1000)
    min_updates: int | None = Field(
        default=None, ge=1, le=10_000_000, description="With epochs: few rows are passed more often, to this many."
    )
    max_updates: int | None = Field(
        default=None, ge=1, le=10_000_000, description="With epochs: many rows are passed less often, to this many."
    )
    batch_size: int | None = Field(
        default=None, ge=1, le=4096, description="Rows a device takes at once; unset: 4 of few rows, 8 of 200 or more."
    )
    gradient_accumulation: int = Field(default=1, ge=1, le=65_536)
    learning_rate: float = Field(default=5e-4, gt=0, le=1)
    scheduler: Literal["cosine", "linear", "constant", "constant_with_warmup"] = "cosine"
    warmup_ratio: float | None = Field(
        default=None, ge=0, le=0.5, description="Of the updates; unset: 0.05 where the scheduler warms up."
    )
    weight_decay: float = Field(default=0.0, ge=0, le=1)
    max_grad_norm: float = Field(default=1.0, gt=0, le=1000)
    seed: int = Field(default=42, ge=0, lt=2**32)
    logging_steps: int = Field(default=1, ge=1, le=10_000_000)
    eval_steps: int | None = Field(
        default=None, ge=1, le=10_000_000, description="Unset: a fifth of the run, at least 25."
    )
    best_by: Literal["figure", "loss"] = Field(
        default="figure", description="What the validation rows judge by: the task's figure of answers, or the loss."
    )
    answer_rows: int | None = Field(
        default=None, ge=1, le=100_000, description="Validation rows that are answered at most; unset: 100."
    )
    patience: int | None = Field(
        default=None, ge=1, le=10_000, description="Evaluations without a better one after which it stops early."
    )
    refit: bool = Field(
        default=False, description="Once its length is chosen, train anew on training and validation rows."
    )
    seeds: int = Field(default=1, ge=1, le=16, description="Adapters with a seed each, which are averaged.")
    save_steps: int | None = Field(
        default=None, ge=1, le=10_000_000, description="Unset: a tenth of the run, at least 5."
    )
    keep_checkpoints: int = Field(default=2, ge=1, le=1000)
    threads: int | None = Field(default=None, ge=1, le=1024, description="CPU threads; unset: as torch decides.")
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    gradient_checkpointing: Literal["auto"] | bool = Field(
        default="auto", description="Auto: where rows are long, or memory ran out."
    )
    allow_shorter: bool = Field(
        default=False,
        description="Where not even one row fits into memory: leave out the longest rows, within the share.",
    )

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if self.max_steps is not None:
            if self.epochs is not None:
                raise ValueError("give max_steps or epochs, not both")
            for name in ("min_updates", "max_updates"):
                if getattr(self, name) is not None:
                    raise ValueError(f"{name} has no effect beside max_steps; give epochs with it")
        elif self.epochs is None:
            self.epochs = DEFAULT_EPOCHS
        if self.min_updates is not None and self.max_updates is not None and self.min_updates > self.max_updates:
            raise ValueError("min_updates is above max_updates")
        return self

    @model_validator(mode="after")
    def _one_instruction(self) -> Self:
        if self.instruction is not None and self.objective != "lm_head":
            raise ValueError("instruction has no effect without the objective lm_head")
        if self.task is not None and self.objective != "lm_head":
            raise ValueError("task has no effect without the objective lm_head")
        if self.seeds > 1 and self.objective == "lm_head":
            raise ValueError("classification heads of several seeds are not averaged; take seeds 1 with lm_head")
        return self

    @model_validator(mode="after")
    def _warm_up(self) -> Self:
        if self.warmup_ratio is None:
            self.warmup_ratio = 0.0 if self.scheduler == "constant" else DEFAULT_WARMUP
        elif self.scheduler == "constant" and self.warmup_ratio:
            raise ValueError("warmup_ratio has no effect with the scheduler constant; take constant_with_warmup")
        elif self.scheduler == "constant_with_warmup" and not self.warmup_ratio:
            raise ValueError("the scheduler constant_with_warmup has no effect without a warmup_ratio; take constant")
        return self

    @model_validator(mode="after")
    def _answered(self) -> Self:
        if self.best_by == "figure":
            self.answer_rows = self.answer_rows or DEFAULT_ANSWER_ROWS
        elif self.answer_rows is not None:
            raise ValueError("answer_rows has no effect with best_by loss, by which no row is answered")
        return self


def load_config(path: Path) -> EngineConfig:
    """Read `config.yaml`; `EngineError` with code BAD_CONFIG says what is wrong with it."""
    try:
        return checked(EngineConfig, yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise EngineError(f"There is no {path}.", Exit.BAD_CONFIG) from error
    except (yaml.YAMLError, RecursionError) as error:  # the reader goes down the levels by recursion
        raise EngineError(f"{path} is not YAML that can be read: {error}", Exit.BAD_CONFIG) from error
    except OptionsError as error:
        raise EngineError(f"{path} cannot be used: {error}", Exit.BAD_CONFIG) from error
