"""The engine's options, as `config.yaml` in a run folder gives them. Unknown keys are refused. No torch here."""

from pathlib import Path
from typing import Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from training.engine.errors import EngineError, Exit

DEFAULT_EPOCHS = 3.0


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", protected_namespaces=())


class BaseModelConfig(_Strict):
    """Which model the adapter is trained on. Code that comes with a model is never run."""

    name: str = Field(min_length=1, description="A Hugging Face name, or a folder with the 16-bit weights.")
    revision: str | None = None
    token_env: str | None = Field(default=None, description="Environment variable that holds the hub's token.")
    trust_remote_code: Literal[False] = False


class LoraOptions(_Strict):
    """The adapter. Dropout costs a quarter of a step's time on a CPU, so it is off unless asked for."""

    r: int = Field(default=16, ge=1)
    alpha: int = Field(default=32, ge=1)
    dropout: float = Field(default=0.0, ge=0, lt=1)
    target_modules: str | list[str] = "all-linear"


class EngineConfig(_Strict):
    """Everything that decides a run's result. Give `max_steps` or `epochs`, not both; neither means three epochs."""

    base_model: BaseModelConfig
    method: Literal["lora", "qlora"] = "lora"
    lora: LoraOptions = LoraOptions()
    max_length: int = Field(default=2048, ge=8, description="Tokens of prompt and answer; longer rows are dropped.")
    max_steps: int | None = Field(default=None, ge=1)
    epochs: float | None = Field(default=None, gt=0)
    batch_size: int = Field(default=8, ge=1, description="Rows a device takes at once.")
    gradient_accumulation: int = Field(default=1, ge=1)
    learning_rate: float = Field(default=5e-4, gt=0)
    scheduler: Literal["cosine", "linear", "constant", "constant_with_warmup"] = "cosine"
    warmup_steps: int = Field(default=2, ge=0)
    weight_decay: float = Field(default=0.0, ge=0)
    max_grad_norm: float = Field(default=1.0, gt=0)
    seed: int = Field(default=42, ge=0, lt=2**32)
    logging_steps: int = Field(default=1, ge=1)
    eval_steps: int | None = Field(default=None, ge=1, description="Unset: a fifth of the run, at least 25.")
    save_steps: int | None = Field(default=None, ge=1, description="Unset: a tenth of the run, at least 5.")
    keep_checkpoints: int = Field(default=2, ge=1)
    threads: int | None = Field(default=None, ge=1, description="CPU threads; unset: as torch decides.")
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    gradient_checkpointing: Literal["auto"] | bool = "auto"
    answer_logits: bool = Field(default=True, description="Compute logits only where the loss needs them.")

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        if self.max_steps is not None and self.epochs is not None:
            raise ValueError("give max_steps or epochs, not both")
        if self.max_steps is None and self.epochs is None:
            self.epochs = DEFAULT_EPOCHS
        return self


def load_config(path: Path) -> EngineConfig:
    """Read `config.yaml`; `EngineError` with code BAD_CONFIG says what is wrong with it."""
    try:
        return EngineConfig.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise EngineError(f"There is no {path}.", Exit.BAD_CONFIG) from error
    except (yaml.YAMLError, RecursionError) as error:  # the reader goes down the levels by recursion
        raise EngineError(f"{path} is not YAML that can be read: {error}", Exit.BAD_CONFIG) from error
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors())
        raise EngineError(f"{path} cannot be used: {problems}", Exit.BAD_CONFIG) from error
