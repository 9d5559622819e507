"""The steps of a new project that this floor knows of: version 0, and the first training."""

from django.urls import reverse

from labeling.access import Right
from labeling.models import Project
from labeling.steps import State, Step
from training.higher import has_live
from training.models import UNFINISHED, BaseModel, ModelVersion, TrainingRun
from training.queries import has_baseline, retraining, run_rows


def baseline(project: Project) -> Step:
    """The bare base model stands as version 0; a project that is served without one needs none."""
    title, url = "First version", reverse("training:runs", args=[project.key])
    if has_baseline(project):
        return Step(title, State.DONE, "The bare base model is version 0.", url, "Runs")
    if has_live(project):
        return Step(title, State.DONE, "A version is live; none is the bare base model.", url, "Runs")
    if not BaseModel.objects.language_models().exists():
        said = "No language model is registered, so there is nothing to begin with. An administrator registers one."
        return Step(title, State.TROUBLE, said, url, "Runs", Right.OPERATE)
    said = "No version proposes answers yet: make the bare base model version 0. Trained versions must beat it."
    return Step(title, State.OPEN, said, f"{url}#baseline-title", "Make version 0", Right.OPERATE)


def first_training(project: Project) -> Step:
    """A version was trained on the project's own answers."""
    title, url = "First training", reverse("training:runs", args=[project.key])
    newest = ModelVersion.objects.filter(project=project, number__gt=0).order_by("-number").first()
    if newest is not None:
        said = f"Version {newest.number} is the newest."
        return Step(title, State.DONE, said, url, "Runs", health=f"v{newest.number} trained")
    if (run := run_rows(project).filter(UNFINISHED).first()) is not None:
        return Step(title, State.WAITS, f"Run {run.short} is {run.state}.", _run(project, run), "Watch the run")
    found = retraining(project)
    if found.policy is None:
        said = "Nothing says what to train: choose a method and its base."
        settings = reverse("labeling:settings_of", args=[project.key, "retraining"])
        return Step(title, State.OPEN, said, settings, "Set retraining up", Right.OPERATE)
    if found.last is not None and found.last.state == TrainingRun.State.FAILED:
        said = f"Run {found.last.short} failed: its page says why."
        return Step(title, State.TROUBLE, said, _run(project, found.last), "Look at the run")
    if found.policy.enabled and found.fresh >= found.policy.threshold:
        said = found.held_back or "There are golden samples enough: a worker starts a run within a minute."
        return Step(title, State.TROUBLE if found.held_back else State.WAITS, said, url, "Runs")
    ending = "a run starts by itself then" if found.policy.enabled else "runs start by hand only, as the policy is off"
    said = f"{found.fresh:,} of {found.policy.threshold:,} golden samples outside the test split; {ending}."
    return Step(title, State.OPEN, said, reverse("labeling:review", args=[project.key]), "Review texts", Right.REVIEW)


def _run(project: Project, run: TrainingRun) -> str:
    return reverse("training:run", args=[project.key, run.uid])
