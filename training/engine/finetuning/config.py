"""The options of a fine-tuned encoder, as `config.yaml` in its run folder gives them. No torch here."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from common.options import Options
from training.heads.config import EncoderConfig, HeadTask, read_options

# Of fewer validation rows a figure is mostly chance: each part of the training rows is left out once instead.
ENOUGH = 50


class FinetuneConfig(Options):
    """Everything that decides a fine-tuned encoder.

    It is passed over the rows `epochs` times at most. How often in the end is chosen by rows that it did not learn
    from: the validation rows where they are enough, else `folds` parts of the training rows, each left out once.
    """

    base_model: EncoderConfig
    objective: Literal["encoder"] = "encoder"
    task: HeadTask
    epochs: int = Field(default=10, ge=1, le=1000, description="Passes over the rows, at most.")
    patience: int = Field(default=3, ge=1, le=1000, description="Passes without a better one after which it stops.")
    batch_size: int = Field(default=16, ge=1, le=4096)
    learning_rate: float = Field(default=1e-4, gt=0, le=1, description="Of the encoder.")
    head_learning_rate: float = Field(default=1e-2, gt=0, le=1, description="Of the head on it.")
    warmup_ratio: float = Field(default=0.1, ge=0, le=0.5, description="Of all passes; then the rate falls to nothing.")
    weight_decay: float = Field(default=0.01, ge=0, le=1)
    balance: float = Field(
        default=0.5, ge=0, le=1, description="How far rare labels count as much as frequent ones: 0 not, 1 wholly."
    )
    folds: int = Field(default=3, ge=2, le=20, description="Parts of the training rows.")
    save_seconds: float = Field(
        default=30,
        ge=0,
        le=86_400,
        description="From one checkpoint to the next, more where writing one takes long; 0: after each update.",
    )
    seed: int = Field(default=42, ge=0, lt=2**32)
    threads: int | None = Field(default=None, ge=1, le=1024, description="CPU threads; unset: as torch decides.")


def load_config(path: Path) -> FinetuneConfig:
    """The options of a run folder. Raises `EngineError` BAD_CONFIG."""
    return read_options(FinetuneConfig, path)
