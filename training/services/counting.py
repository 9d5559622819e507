"""Which golden samples the trigger has counted: a run that it starts takes them, one that fails gives them back."""

from training.models import RetrainPolicy, TrainingRound, TrainingRun


def give_back(held: TrainingRun | TrainingRound) -> None:
    """Let the trigger count the samples of a run, or round, again, unless a later one has counted them."""
    if held.counted_to is not None:
        policies = RetrainPolicy.objects.filter(project_id=held.project_id, counted_to=held.counted_to)
        policies.update(counted_to=held.counted_from or 0)


def take_again(held: TrainingRun | TrainingRound) -> None:
    """The samples of what goes on count as trained on, unless a later run counts them."""
    if held.counted_to is not None:
        policies = RetrainPolicy.objects.filter(project_id=held.project_id, counted_to=held.counted_from or 0)
        policies.update(counted_to=held.counted_to)
