"""The messages that have work taken up, each to the queue whose workers can do it."""

from common.queue import enqueue, remind
from training.models import BaseModel, TrainingRun


def send_run(run: TrainingRun) -> None:
    """Have a worker take up the run, after the commit."""
    enqueue(run.way.task, run.pk)


def remind_of_run(run: TrainingRun) -> None:
    """The same, unless that was done a moment ago."""
    remind(run.way.task, run.pk)


def tell_round(run: TrainingRun) -> None:
    """A run has ended: have a worker look whether its round has, after the commit."""
    if run.round_id is not None:
        enqueue("training.settle_round", run.round_id)


def look_task(base: BaseModel) -> str:
    """The message that has a base looked at: a sentence encoder is opened without torch."""
    return "training.look_at_encoder" if base.is_encoder else "training.look"
