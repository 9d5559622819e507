"""What pages, API and admin ask of this floor's rows, each spelled once and without a query per row."""

from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet
from django.db.models.functions import Mod

from labeling.models import Project
from training.models import UNFINISHED, ModelVersion, RetrainPolicy, RunEvent, Snapshot, TrainingRun
from training.services.triggers import new_golden_samples

# A chart of more points than this shows nothing more.
MAX_POINTS = 1500
CURVE_KINDS = ("step", "evaluation")


@dataclass(frozen=True)
class Retraining:
    """How far a project is from training by itself."""

    policy: RetrainPolicy | None
    fresh: int
    last: TrainingRun | None

    @property
    def percent(self) -> int:
        """New golden samples as a share of the threshold, in percent."""
        return min(100, round(100 * self.fresh / self.policy.threshold)) if self.policy else 0


def retraining(project: Project) -> Retraining:
    """The project's policy, the golden samples that it counts, and the newest run."""
    policy = RetrainPolicy.objects.select_related("profile", "base", "project").filter(project=project).first()
    fresh = new_golden_samples(policy) if policy else 0
    return Retraining(policy, fresh, run_rows(project).first())


def run_rows(project: Project) -> QuerySet[TrainingRun]:
    """The project's runs with their lineage, newest first."""
    rows = TrainingRun.objects.filter(project=project).order_by("-id")
    return rows.select_related("project", "snapshot", "profile", "base", "requested_by", "version__project")


def snapshot_rows(project: Project) -> QuerySet[Snapshot]:
    """The project's snapshots, newest first."""
    return Snapshot.objects.filter(project=project).order_by("-id").select_related("project", "spec")


def version_rows(project: Project) -> QuerySet[ModelVersion]:
    """The project's versions with their lineage, newest first."""
    rows = ModelVersion.objects.filter(project=project).order_by("-number")
    return rows.select_related("project", "base", "spec", "run__snapshot", "derived_from__project")


def version_of(run: TrainingRun) -> ModelVersion | None:
    """The version that came out of the run, if any."""
    return ModelVersion.objects.select_related("project").filter(run=run).first()


def runs_ahead(run: TrainingRun) -> int:
    """How many unfinished runs, of any project, were there before this one."""
    return TrainingRun.objects.filter(UNFINISHED, pk__lt=run.pk).count()


def curve(run: TrainingRun, after: int = 0) -> dict[str, Any]:
    """Points of the loss after event `after`: `steps` and `evaluations` as [step, loss], `last` event, `total_steps`.

    Long runs are thinned to about `MAX_POINTS`; a step that was done again after a resume comes again, later.
    """
    rows = RunEvent.objects.filter(run=run, kind__in=CURVE_KINDS, seq__gt=after).order_by("seq")
    stride = 1 + rows.count() // MAX_POINTS
    if stride > 1:
        rows = rows.annotate(nth=Mod(F("seq"), stride)).exclude(kind="step", nth__gt=0)
    steps, evaluations, last = [], [], after
    values = rows.values_list("seq", "kind", "payload__step", "payload__loss", "payload__eval_loss")
    for seq, kind, step, loss, eval_loss in values:
        last = seq
        if kind == "step":
            steps.append([step, loss])
        else:
            evaluations.append([step, eval_loss])
    return {"steps": steps, "evaluations": evaluations, "last": last, "total_steps": run.total_steps}


def newest_evaluation(run: TrainingRun) -> float | None:
    """The last validation loss; None before the first."""
    rows = RunEvent.objects.filter(run=run, kind="evaluation").order_by("-seq")
    loss: float | None = rows.values_list("payload__eval_loss", flat=True).first()
    return loss


def figures(run: TrainingRun, rows: int = 8) -> list[dict[str, Any]]:
    """A few points of the curve for the eye and for pages without JavaScript: step, loss, eval_loss."""
    points = curve(run)
    table: dict[int, dict[str, Any]] = {}
    for step, loss in points["steps"]:
        table[step] = {"step": step, "loss": loss, "eval_loss": None}
    for step, loss in points["evaluations"]:
        table.setdefault(step, {"step": step, "loss": None})["eval_loss"] = loss
    ordered = [table[step] for step in sorted(table)]
    if len(ordered) <= rows:
        return ordered
    stride = (len(ordered) - 1) / (rows - 1)
    return [ordered[round(number * stride)] for number in range(rows)]


def has_baseline(project: Project) -> bool:
    """It has a version 0."""
    return ModelVersion.objects.filter(project=project, number=0).exists()
