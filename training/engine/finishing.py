"""What a run that ends well leaves behind: its figures, its adapter, its manifest."""

from typing import TYPE_CHECKING, Any

from training.engine.best import best_of, load_adapter
from training.engine.config import EngineConfig
from training.engine.events import EventLog, finite
from training.engine.manifest import save_adapter, step_seconds, write_manifest
from training.engine.rundir import RunDir
from training.engine.weights import require_finite

if TYPE_CHECKING:
    from trl.trainer.sft_trainer import SFTTrainer

    from training.engine.answer_loss import AnswerLossTrainer


def finish(
    run: RunDir,
    config: EngineConfig,
    events: EventLog,
    trainer: "AnswerLossTrainer",
    counts: dict[str, int],
    *,
    best: bool,
) -> None:
    """Write adapter and manifest. `best`: of the adapter with the lowest validation loss, not of the last step."""
    model, metrics = trainer.accelerator.unwrap_model(trainer.model), figures(run, trainer, counts)
    if best:
        kept = best_of(run)
        # Without validation rows nothing says which step was the best: the last one is kept.
        metrics["kept_step"] = kept["step"] if kept else trainer.state.global_step
        if kept:
            load_adapter(model, run.best)
            metrics["eval_loss"] = kept["eval_loss"]
    require_finite(model)
    outcome = trainer.outcome()
    metrics |= outcome.figures
    save_adapter(run, config, model, metrics, outcome.tensors)
    events.emit("finished", step=trainer.state.global_step, metrics=metrics)
    write_manifest(run, config, metrics, outcome.told)


def figures(run: RunDir, trainer: "SFTTrainer", counts: dict[str, int]) -> dict[str, Any]:
    """The run in numbers that JSON and a database take."""
    history = trainer.state.log_history
    losses = [entry["loss"] for entry in history if "loss" in entry]
    evaluations = [entry["eval_loss"] for entry in history if "eval_loss" in entry]
    found: dict[str, Any] = finite(
        {
            "steps": trainer.state.global_step,
            "epochs": round(trainer.state.epoch or 0.0, 3),
            "first_loss": losses[0] if losses else None,
            "train_loss": losses[-1] if losses else None,
            "eval_loss": evaluations[-1] if evaluations else None,
            "tokens": trainer.state.num_input_tokens_seen,
            "seconds": step_seconds(run),
            **counts,
            **parameters(trainer),
        }
    )
    return found


def parameters(trainer: "SFTTrainer") -> dict[str, int]:
    """How many parameters are trained, of how many."""
    from peft import PeftModel

    assert isinstance(trainer.model, PeftModel)
    trainable, total = trainer.model.get_nb_trainable_parameters()
    return {"trainable_parameters": trainable, "total_parameters": total}
