"""What a phase leaves behind for the next one, and what a run that ends well leaves: figures, adapter, manifest."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.engine.best import Evaluation, best_of, load_adapter
from training.engine.config import EngineConfig
from training.engine.errors import Exit
from training.engine.events import EventLog, finite
from training.engine.heads.leaving import Learnt, leave_head
from training.engine.heads.serving import Servable
from training.engine.manifest import save_adapter, save_part, save_weights, step_seconds, write_manifest
from training.engine.phases import Phase, Phases
from training.engine.rundir import RunDir
from training.engine.runrows import RunRows
from training.engine.seeds import write_average
from training.engine.stopping import Stop, StoppedError
from training.engine.validated import VALIDATED, newest, of_best, scores_of_best
from training.engine.weights import require_finite

if TYPE_CHECKING:
    from trl.trainer.sft_trainer import SFTTrainer

    from training.engine.answer_loss import AnswerLossTrainer

_EXPORTS = "It is trained. What is served is written, and held against the model on every question."


def finish_phase(phases: Phases, phase: Phase, events: EventLog, trainer: "SFTTrainer") -> None:
    """Keep what the phase is for: the best step, or the adapter of its seed. The next phase begins."""
    if phase.name != "select":
        model = trainer.accelerator.unwrap_model(trainer.model)
        if phases.keeps_best and best_of(phase.run):
            load_adapter(model, phase.run.best)
        require_finite(model)
        save_part(phase.run, model)
    phases.finish(trainer.state.global_step, trainer.state.num_input_tokens_seen, best_of(phase.run))
    following = phases.now()
    events.emit("phase", name=following.name, message=phases.said(), step=following.steps_before)


def finish(
    phases: Phases,
    phase: Phase,
    config: EngineConfig,
    events: EventLog,
    trainer: "AnswerLossTrainer",
    rows: RunRows,
    stop: Stop,
) -> None:
    """Write adapter, what is served of a head, manifest. Stopped with OK before its end, with the best that there is.

    Raises `StoppedError` where `stop` is asked for, or ordered, while a head's questions are answered.
    """
    stopped = stop.reason is Exit.OK
    run, model, metrics = (
        phase.run,
        trainer.accelerator.unwrap_model(trainer.model),
        figures(phase, trainer, rows.counts),
    )
    best, folder = _chosen(phases, phase, stopped=stopped)
    if best is not None:
        metrics |= finite({"kept_step": best.step, "eval_loss": best.eval_loss, "figure": best.figure})
    elif stopped:
        # Nothing says which step was the best: the last one is kept.
        metrics["kept_step"] = metrics["steps"]
    if folder is not None:
        load_adapter(model, folder)
    require_finite(model)
    outcome = trainer.outcome(best)
    metrics |= outcome.figures
    done = [part.part for part in phases.parts if part.part.is_dir()]
    if done and not stopped:
        save_part(run, model)
        done = [part.part for part in phases.parts]
    if done and folder != phases.selection.best:
        metrics["seeds"] = len(done)
        save_adapter(run, config, metrics, lambda out: write_average(done, out))
    else:
        save_adapter(run, config, metrics, lambda out: save_weights(model, outcome.tensors, out))
    if rows.servable is not None:
        learnt = _learnt(phases, phase, folder, outcome.told["head"])
        events.emit("phase", name="export", message=_EXPORTS, step=metrics["steps"])
        metrics |= _left(run, config, events, trainer, rows.servable, learnt, stop)
    events.emit("finished", step=metrics["steps"], metrics=metrics)
    numbers = phases.validation_numbers
    if phases.selected is not None:
        validated = of_best(phases.selection, numbers)
    else:
        validated = of_best(run, numbers) if best is not None else newest(run, numbers)
    write_manifest(run, config, metrics, {**outcome.told, VALIDATED: validated})


def _learnt(phases: Phases, phase: Phase, folder: Path | None, told: Mapping[str, Any]) -> Learnt:
    """`folder`: that of the adapter which was chosen, where one was."""
    # Trained anew, it has learnt from the validation rows.
    refitted, numbers = phase.name == "refit" and folder != phases.selection.best, phases.validation_numbers
    before = scores_of_best(phases.selection) if refitted and phases.selected else None
    scores = before if before is not None and len(before) == len(numbers) else None
    return Learnt(tuple(told["labels"]), told.get("threshold"), numbers, scores, seen=refitted and scores is None)


def _left(
    run: RunDir,
    config: EngineConfig,
    events: EventLog,
    trainer: "AnswerLossTrainer",
    servable: Servable,
    learnt: Learnt,
    stop: Stop,
) -> dict[str, Any]:
    """The head's folder; its metrics. Whoever is killed or stopped here finds all steps made, and begins it anew."""
    tokenizer: Any = trainer.processing_class
    if trainer.args.device.type == "cpu" and config.method != "qlora":
        # What it learnt is in the run's folder by now, and the export needs the memory.
        trainer.accelerator.unwrap_model(trainer.model).to("meta")
    with run.beating():
        return leave_head(
            *(run, config, servable, learnt, tokenizer),
            tell=lambda words: events.emit("warning", message=words),
            look=lambda: look(run, stop),
        )


def look(run: RunDir, stop: Stop) -> None:
    """Raise `StoppedError` where the work is to stop; a run that was to end with its best is cancelled alone."""
    order = run.order()
    if order is Exit.CANCELLED or (order is Exit.PAUSED and stop.reason is not Exit.OK):
        stop.reason = order
    if stop.reason not in {None, Exit.OK}:
        raise StoppedError


def _chosen(phases: Phases, phase: Phase, *, stopped: bool) -> tuple[Evaluation | None, Path | None]:
    """What the validation found best, and the folder of that adapter where it is the one to be kept."""
    if phases.selected is not None:
        # Stopped in the midst of training anew: the phase before it has an adapter that was judged.
        return phases.selected, phases.selection.best if stopped else None
    best = best_of(phase.run)
    return (best, phase.run.best) if best and (stopped or phases.keeps_best) else (None, None)


def figures(phase: Phase, trainer: "SFTTrainer", counts: dict[str, int]) -> dict[str, Any]:
    """The run in numbers that JSON and a database take; its losses are those of its last phase."""
    history = trainer.state.log_history
    losses = [entry["loss"] for entry in history if "loss" in entry]
    evaluations = [entry for entry in history if "eval_loss" in entry]
    last = evaluations[-1] if evaluations else {}
    found: dict[str, Any] = finite(
        {
            "steps": phase.steps_before + trainer.state.global_step,
            "epochs": round(trainer.state.epoch or 0.0, 3),
            "first_loss": losses[0] if losses else None,
            "train_loss": losses[-1] if losses else None,
            "eval_loss": last.get("eval_loss"),
            "figure": last.get("eval_figure"),
            "tokens": phase.tokens_before + trainer.state.num_input_tokens_seen,
            "seconds": step_seconds(phase.run),
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
