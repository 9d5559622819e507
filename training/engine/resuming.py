"""From which checkpoint a phase goes on, and whether anything is left to train in it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.engine import checkpoints
from training.engine.best import evaluations_in, load_adapter, waited
from training.engine.errors import EngineError, Exit
from training.engine.madeof import change_since
from training.engine.phases import Phase

if TYPE_CHECKING:
    from transformers import TrainerState
    from trl.trainer.sft_trainer import SFTTrainer


def checkpoint_of(folder: Path, made_of: Mapping[str, Any], warn: Callable[[str], None]) -> Path | None:
    """Where to go on. `EngineError` PERSON where data or options are not those that it was made with."""
    checkpoint, said = checkpoints.newest_sound(folder)
    for sentence in said:
        warn(sentence)
    changed = change_since(checkpoints.made_of(checkpoint), made_of) if checkpoint else ""
    if checkpoint and changed:
        raise EngineError(
            f"The run cannot go on from {checkpoint.name}: {changed}. Put back what was there, or repeat the run.",
            Exit.PERSON,
        )
    return checkpoint


def is_last(phase: Phase, checkpoint: Path, patience: int | None) -> bool:
    """No step is left to make: killed after the last one, or after patience came to its end."""
    if checkpoints.step_of(checkpoint) >= phase.recipe.updates:
        return True
    return patience is not None and waited(evaluations_in(_state_of(checkpoint).log_history)) >= patience


def restore(trainer: "SFTTrainer", checkpoint: Path) -> None:
    """The adapter and the trainer's state as they were, to make no further step."""
    load_adapter(trainer.accelerator.unwrap_model(trainer.model), checkpoint)
    trainer.state = _state_of(checkpoint)


def _state_of(checkpoint: Path) -> "TrainerState":
    from transformers import TrainerState

    state: TrainerState = TrainerState.load_from_json(str(checkpoint / "trainer_state.json"))
    return state
