"""Training runs, what they report, and the workers that carry them out."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from labeling.models import Project, PublicModel
from training.methods import METHODS, SFT, Method
from training.models.bases import BaseModel
from training.models.policies import TrainingProfile
from training.models.rounds import TrainingRound
from training.models.snapshots import Snapshot


class TrainingRun(PublicModel):
    """One training. The row is the truth: claimed by conditional update, held by lease and heartbeat."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        PAUSED = "paused"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"

    class Order(models.TextChoices):
        """What a person wants of a run at work; obeyed at its next step."""

        PAUSE = "pause", "pause"
        KEEP = "keep", "stop and keep the best"
        CANCEL = "cancel", "cancel"

    class Ending(models.TextChoices):
        """Why it failed; said while it waits for another try, too."""

        TRANSIENT = "transient", "may pass by itself"
        PERSON = "person", "needs a person"
        HOPELESS = "hopeless", "comes again"

    class Trigger(models.TextChoices):
        THRESHOLD = "threshold", "Enough new golden samples"
        MANUAL = "manual", "Started by hand"
        API = "api", "Started through the API"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="runs")
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="runs")
    profile = models.ForeignKey(TrainingProfile, null=True, on_delete=models.SET_NULL, related_name="runs")
    base = models.ForeignKey(BaseModel, on_delete=models.PROTECT, related_name="runs")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED, db_index=True)
    trigger = models.CharField(max_length=10, choices=Trigger.choices)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    config = models.JSONField(default=dict, help_text="The resolved engine configuration.")
    folder = models.CharField(max_length=500, blank=True, help_text="Relative to the runs folder.")
    lease_token = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    worker = models.CharField(max_length=200, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    ordered = models.CharField(max_length=10, choices=Order.choices, blank=True)
    ending = models.CharField(max_length=10, choices=Ending.choices, blank=True)
    retry_at = models.DateTimeField(null=True, help_text="Not before then: what failed may have passed.")
    # What it counted of the project's golden samples where the trigger started it; given back where it fails.
    counted_from = models.BigIntegerField(null=True, editable=False)
    counted_to = models.BigIntegerField(null=True, editable=False)
    step = models.PositiveIntegerField(default=0)
    total_steps = models.PositiveIntegerField(default=0)
    loss = models.FloatField(null=True)
    metrics = models.JSONField(default=dict)
    round = models.ForeignKey(TrainingRound, null=True, on_delete=models.PROTECT, related_name="runs")
    result = models.JSONField(
        default=dict, help_text="What its manifest says of its file, and how each validation row was answered."
    )
    environment = models.JSONField(default=dict, help_text="Library versions and device, as the engine saw them.")
    error = models.TextField(blank=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        permissions = [("start_run", "Can start, pause, cancel and repeat training runs")]

    def __str__(self) -> str:
        return f"{self.project.key} run {self.short}"

    @property
    def short(self) -> str:
        """How people name the run: the start of its public id."""
        return str(self.uid)[:8]

    @property
    def method(self) -> str:
        """The name of the method by which it makes a version."""
        return str(self.config.get("objective", SFT.name))

    @property
    def way(self) -> Method:
        """The method itself; what an older release left unsaid was made by sft."""
        return METHODS.get(self.method, SFT)

    @property
    def unfinished(self) -> bool:
        """It waits or works."""
        return self.state in {self.State.QUEUED, self.State.RUNNING}

    @property
    def can_go_on(self) -> bool:
        """It stands still, and what it has made so far is worth going on from."""
        failed = self.state == self.State.FAILED and self.ending != self.Ending.HOPELESS
        return failed or self.state == self.State.PAUSED

    @property
    def percent(self) -> int | None:
        """Progress in percent of its steps; None before the engine has counted them."""
        return min(100, round(100 * self.step / self.total_steps)) if self.total_steps else None


class RunEvent(PublicModel):
    """One line of a run's `events.jsonl`."""

    run = models.ForeignKey(TrainingRun, on_delete=models.CASCADE, related_name="events")
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=20)
    payload = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        ordering = ["run", "seq"]
        constraints = [models.UniqueConstraint(fields=["run", "seq"], name="events_are_numbered")]

    def __str__(self) -> str:
        return f"{self.kind} {self.seq}"


class WorkerHeartbeat(models.Model):
    """The last sign of life of a Celery worker, per queue."""

    worker = models.CharField(max_length=200)
    queue = models.CharField(max_length=50)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["worker", "queue"], name="one_heartbeat_per_worker_and_queue")]

    def __str__(self) -> str:
        return f"{self.worker} on {self.queue}"


def on_queue(queue: str) -> Q:
    """Runs that workers take from this queue."""
    named = Q(config__objective__in=[way.name for way in METHODS.values() if way.queue == queue])
    return named | Q(config__objective__isnull=True) if SFT.queue == queue else named


UNFINISHED = Q(state__in=[TrainingRun.State.QUEUED, TrainingRun.State.RUNNING])
# Neither ended well nor badly: a paused run stands still, and may go on.
OPEN = UNFINISHED | Q(state=TrainingRun.State.PAUSED)
