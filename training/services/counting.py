"""Which golden samples the trigger has counted: a run that it starts takes them, one that fails gives them back."""

from training.models import RetrainPolicy, TrainingRun


def give_back(run: TrainingRun) -> None:
    """Let the trigger count the run's samples again, unless a later run has counted them."""
    if run.counted_to is not None:
        policies = RetrainPolicy.objects.filter(project_id=run.project_id, counted_to=run.counted_to)
        policies.update(counted_to=run.counted_from or 0)


def take_again(run: TrainingRun) -> None:
    """The samples of a run that goes on count as trained on, unless a later run counts them."""
    if run.counted_to is not None:
        policies = RetrainPolicy.objects.filter(project_id=run.project_id, counted_to=run.counted_from or 0)
        policies.update(counted_to=run.counted_to)
