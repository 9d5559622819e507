"""What pages, API and admin ask of this floor's rows, each spelled once and without a query per row."""

from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet
from django.db.models.functions import Mod

from labeling.models import Project
from training.draft_facts import DraftFacts, draft_facts
from training.models import (
    UNFINISHED,
    BaseModel,
    ModelVersion,
    RetrainMethod,
    RetrainPolicy,
    RunEvent,
    Snapshot,
    TrainingRun,
    on_queue,
)
from training.services.rounds import methods_of
from training.services.snapshots import samples_of
from training.services.triggers import new_golden_samples, what_holds_back

# A chart of more points than this shows nothing more.
MAX_POINTS = 1500
CURVE_KINDS = ("step", "evaluation")


@dataclass(frozen=True)
class Retraining:
    """How far a project is from training by itself, and what else it waits for."""

    policy: RetrainPolicy | None
    fresh: int
    last: TrainingRun | None
    held_back: str = ""
    methods: tuple[RetrainPolicy | RetrainMethod, ...] = ()
    draft: DraftFacts | None = None

    @property
    def percent(self) -> int:
        """New golden samples as a share of the threshold, in percent."""
        return min(100, round(100 * self.fresh / self.policy.threshold)) if self.policy else 0


def retraining(project: Project) -> Retraining:
    """The project's policy, the golden samples that it counts, and the newest run."""
    policy = RetrainPolicy.objects.select_related("profile", "base", "project").filter(project=project).first()
    fresh = new_golden_samples(policy) if policy else 0
    due = policy is not None and policy.enabled and fresh >= policy.threshold
    held_back = what_holds_back(project) if due else ""
    last, draft = run_rows(project).first(), draft_facts(project, policy)
    return Retraining(policy, fresh, last, held_back, tuple(methods_of(project)), draft)


def run_rows(project: Project) -> QuerySet[TrainingRun]:
    """The project's runs with their lineage, newest first."""
    rows = TrainingRun.objects.filter(project=project).order_by("-id")
    rows = rows.select_related("project", "snapshot", "profile", "base", "requested_by", "version__project", "round")
    # As long as the validation rows are many, and asked for by nobody here.
    return rows.defer("result")


def snapshot_rows(project: Project) -> QuerySet[Snapshot]:
    """The project's snapshots, newest first."""
    return Snapshot.objects.filter(project=project).order_by("-id").select_related("project", "spec")


def version_of(run: TrainingRun) -> ModelVersion | None:
    """The version that came out of the run, if any."""
    return ModelVersion.objects.select_related("project").filter(run=run).first()


def runs_ahead(run: TrainingRun) -> int:
    """How many unfinished runs, of any project, were there before this one on its queue."""
    return TrainingRun.objects.filter(UNFINISHED, on_queue(run.way.queue), pk__lt=run.pk).count()


def curve(run: TrainingRun, after: int = 0) -> dict[str, Any]:
    """Points after event `after`: `steps` and `evaluations` as [step, loss], `figures` as [step, validation figure].

    Beside them stand the `last` event and `total_steps`. Long runs are thinned to about `MAX_POINTS`; a step that was
    done again after a resume comes again, later.
    """
    rows = RunEvent.objects.filter(run=run, kind__in=CURVE_KINDS, seq__gt=after).order_by("seq")
    stride = 1 + rows.count() // MAX_POINTS
    if stride > 1:
        rows = rows.annotate(nth=Mod(F("seq"), stride)).exclude(kind="step", nth__gt=0)
    found: dict[str, list[list[Any]]] = {"steps": [], "evaluations": [], "figures": []}
    last = after
    names = ("payload__step", "payload__loss", "payload__eval_loss", "payload__figure")
    for seq, kind, step, loss, eval_loss, figure in rows.values_list("seq", "kind", *names):
        last = seq
        if kind == "step":
            found["steps"].append([step, loss])
        else:
            found["evaluations"].append([step, eval_loss])
            if figure is not None:
                found["figures"].append([step, figure])
    return {**found, "last": last, "total_steps": run.total_steps}


def newest_evaluation(run: TrainingRun) -> dict[str, Any]:
    """What the last validation said, as `eval_loss` and `figure`; empty before the first."""
    event = RunEvent.objects.filter(run=run, kind="evaluation").order_by("-seq").first()
    return event.payload if event else {}


# More links than this to samples that were left out help nobody.
_MOST_SAMPLES = 20


@dataclass(frozen=True)
class LeftOut:
    """Rows or answers that do not count: how many, why, and the samples that they are of, as far as they are known."""

    count: int
    reason: str
    samples: list[str]

    @property
    def more(self) -> int:
        """How many there are beside the samples that are shown."""
        return self.count - len(self.samples)


def rows_left_out(run: TrainingRun) -> list[LeftOut]:
    """The rows that the engine left out as too long, by file, as it said last."""
    told = RunEvent.objects.filter(run=run, kind="left_out").order_by("seq")
    by_file = {event.payload.get("file", ""): event.payload for event in told}
    samples = samples_of(run.snapshot) if by_file else {}
    return [
        LeftOut(said["rows"], said["message"], _samples(samples.get(name.removesuffix(".jsonl"), []), said["numbers"]))
        for name, said in by_file.items()
    ]


def _samples(uids: list[str], numbers: list[int]) -> list[str]:
    known = [uids[number - 1] for number in numbers[:_MOST_SAMPLES] if 0 < number <= len(uids)]
    return [uid for uid in known if uid]


def answers_left_out(snapshot: Snapshot) -> list[LeftOut]:
    """The approved answers that did not fit the task when the snapshot was frozen, by reason."""
    samples = samples_of(snapshot).get("left_out", {}) if snapshot.left_out else {}
    return [
        LeftOut(count, reason, samples.get(reason, [])[:_MOST_SAMPLES]) for reason, count in snapshot.left_out.items()
    ]


def warnings(run: TrainingRun) -> list[RunEvent]:
    """What the engine said that people should know, newest first: warnings, a new phase, where memory ran out."""
    rows = RunEvent.objects.filter(run=run, kind__in=["warning", "memory", "phase"]).exclude(payload__message="")
    return list(rows.order_by("-seq")[:10])


def figures(run: TrainingRun, rows: int = 8) -> list[dict[str, Any]]:
    """A few points of the curve for the eye and for pages without JavaScript: step, loss, eval_loss, figure."""
    points = curve(run)
    table: dict[int, dict[str, Any]] = {}
    for step, loss in points["steps"]:
        table[step] = {"step": step, "loss": loss}
    for key, name in (("evaluations", "eval_loss"), ("figures", "figure")):
        for step, value in points[key]:
            table.setdefault(step, {"step": step})[name] = value
    ordered = [table[step] for step in sorted(table)]
    if len(ordered) <= rows:
        return ordered
    stride = (len(ordered) - 1) / (rows - 1)
    return [ordered[round(number * stride)] for number in range(rows)]


# What a look says of a base, as people read it, in this order.
_FACTS = {
    "architecture": "Architecture",
    "encoder": "Encoder",
    "languages": "Languages",
    "limit": "Reads of a text, in tokens",
    "dimension": "Numbers of a vector",
    "runs": "File that runs",
    "bytes": "Bytes",
    "licence": "Licence",
    "parameters": "Parameters",
    "precision": "Precision",
    "quantized": "Quantized",
    "context": "Context, in tokens",
    "vocabulary": "Vocabulary, in tokens",
    "weights": "Weights",
    "chat_template": "Chat template",
    "files": "Files from",
    "revision": "Revision",
}


def facts_of(base: BaseModel) -> list[tuple[str, str]]:
    """What was seen of a base, by the names that people read."""
    found = [(title, base.facts[name]) for name, title in _FACTS.items() if base.facts.get(name) is not None]
    return [(title, _said(value)) for title, value in found]


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else str(value)


@dataclass(frozen=True)
class HeadFacts:
    """What is told of a version that is a head. `told`: its figures as the fit measured them.

    `new_labels`: those that the project has today and the version does not know.
    """

    told: dict[str, Any]
    metrics: dict[str, Any]
    new_labels: list[str]


def head_facts(version: ModelVersion) -> HeadFacts | None:
    """The facts of a head; None of any other version."""
    run = version.trained_by
    told = version.head_told
    if run is None or not told:
        return None  # no head, or made by a release that left nothing to be served
    known = {label.identity for label in version.spec.to_spec().labels}
    new = [label.name for label in version.project.spec.to_spec().labels if label.identity not in known]
    return HeadFacts(told, run.metrics, new)


def has_baseline(project: Project) -> bool:
    """It has a version 0."""
    return ModelVersion.objects.filter(project=project, number=0).exists()
