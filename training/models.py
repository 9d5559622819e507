"""Base models, snapshots, profiles, runs and the versions that come out of them."""

from typing import Any, Self

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from labeling.models import Project, PublicModel, TaskSpec
from training.server_names import server_tag


class BaseModelQuerySet(models.QuerySet["BaseModel"]):
    def trainable(self) -> Self:
        """Those whose 16-bit weights can be had."""
        return self.filter(server_name="")


class BaseModel(PublicModel):
    """A causal language model that adapters are trained on: a hub name or a folder, pinned by revision."""

    name = models.CharField(max_length=200, unique=True)
    location = models.CharField(max_length=500, help_text="Hugging Face name, or a folder with the 16-bit weights.")
    revision = models.CharField(max_length=100, blank=True, help_text="Commit of the hub, or the folder's own digest.")
    token_env = models.CharField(
        max_length=100, blank=True, help_text="Environment variable of the worker that holds the hub's token."
    )
    server_name = models.CharField(
        max_length=200,
        blank=True,
        editable=False,
        help_text="Its name in the catalogues of model servers: such a base is served as it is, never trained on.",
    )
    notes = models.TextField(blank=True)

    objects = BaseModelQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class TrainingProfile(PublicModel):
    """Named engine options; `developer` and `production` come from YAML files in the repository."""

    name = models.SlugField(max_length=60, unique=True)
    description = models.CharField(max_length=300, blank=True)
    config = models.JSONField(default=dict, help_text="Options of the engine; unknown ones are refused.")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class RetrainPolicy(PublicModel):
    """When a project trains by itself, and what."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="retrain_policy")
    enabled = models.BooleanField(default=True)
    threshold = models.PositiveIntegerField(
        default=50, validators=[MinValueValidator(1)], help_text="New golden samples outside the test split."
    )
    profile = models.ForeignKey(TrainingProfile, on_delete=models.PROTECT, related_name="+")
    base = models.ForeignKey(
        BaseModel, on_delete=models.PROTECT, related_name="+", limit_choices_to={"server_name": ""}
    )
    # The newest golden sample that a triggered run has already counted; moved by conditional update only.
    counted_to = models.BigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name_plural = "retrain policies"

    def __str__(self) -> str:
        return f"{self.project.key}: retrain at {self.threshold}"


class Snapshot(PublicModel):
    """A frozen, hashed export of the golden samples. The same samples give the same digest, and the same row."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="snapshots")
    spec = models.ForeignKey(TaskSpec, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    folder = models.CharField(max_length=500, help_text="Relative to the snapshots folder.")
    train_rows = models.PositiveIntegerField()
    validation_rows = models.PositiveIntegerField()
    test_rows = models.PositiveIntegerField()
    left_out = models.JSONField(
        default=dict, help_text="Approved answers that do not fit the spec: how many, by reason."
    )
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["project", "digest"], name="one_snapshot_per_digest")]

    def __str__(self) -> str:
        return f"{self.project.key} {self.short}"

    @property
    def short(self) -> str:
        """The start of the digest, enough to tell snapshots apart."""
        return self.digest[:12]

    @property
    def left_out_total(self) -> int:
        """How many approved answers did not fit the spec."""
        return sum(self.left_out.values())


class TrainingRun(PublicModel):
    """One training. The row is the truth: claimed by conditional update, held by lease and heartbeat."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"

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
    cancel_requested = models.BooleanField(default=False)
    step = models.PositiveIntegerField(default=0)
    total_steps = models.PositiveIntegerField(default=0)
    loss = models.FloatField(null=True)
    metrics = models.JSONField(default=dict)
    environment = models.JSONField(default=dict, help_text="Library versions and device, as the engine saw them.")
    error = models.TextField(blank=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        permissions = [("start_run", "Can start, cancel and repeat training runs")]

    def __str__(self) -> str:
        return f"{self.project.key} run {self.short}"

    @property
    def short(self) -> str:
        """How people name the run: the start of its public id."""
        return str(self.uid)[:8]

    @property
    def unfinished(self) -> bool:
        """It waits or works."""
        return self.state in {self.State.QUEUED, self.State.RUNNING}

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


class ModelVersion(PublicModel):
    """An immutable model of a project. Number 0 is its baseline, an untrained model.

    An edited version has the weights of the one it is derived from, and parameters or a SYSTEM of its own.
    """

    class State(models.TextChoices):
        TRAINED = "trained", "Trained, GGUF to be built"
        BUILDING = "building"
        BUILT = "built", "GGUF built and proven"
        FAILED = "failed", "Build failed"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    spec = models.ForeignKey(TaskSpec, on_delete=models.PROTECT, related_name="+")
    base = models.ForeignKey(BaseModel, on_delete=models.PROTECT, related_name="versions")
    run = models.OneToOneField(TrainingRun, null=True, on_delete=models.PROTECT, related_name="version")
    derived_from = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="derived")
    parameters = models.JSONField(null=True, help_text="In place of the task's decoding; empty: as the task says.")
    system = models.TextField(null=True, help_text="The SYSTEM for outside clients; empty: the task's own prompt.")
    note = models.CharField(max_length=300, blank=True, help_text="Why it was made, where a person made it.")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.TRAINED)
    adapter_digest = models.CharField(max_length=64, blank=True)
    gguf_path = models.CharField(max_length=500, blank=True, help_text="Relative to the artifacts folder.")
    adapter_path = models.CharField(
        max_length=500, blank=True, help_text="GGUF of the adapter where it is served apart; the GGUF is then its base."
    )
    gguf_digest = models.CharField(max_length=64, blank=True)
    gguf_bytes = models.BigIntegerField(null=True)
    quantization = models.CharField(max_length=20, blank=True)
    proof = models.JSONField(default=dict, help_text="Token proof: GGUF against the training tokenizer.")
    lease_token = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["project", "-number"]
        constraints = [models.UniqueConstraint(fields=["project", "number"], name="versions_are_numbered")]

    def __str__(self) -> str:
        return self.tag

    @property
    def tag(self) -> str:
        """The tag that predictions carry, such as `support-tags:v7`."""
        return f"{self.project.key}:v{self.number}"

    @property
    def server_tag(self) -> str:
        """The immutable tag on model servers."""
        return server_tag(self.tag)

    @property
    def trained_by(self) -> TrainingRun | None:
        """The run that its weights come from; None for an untrained model."""
        return self.derived_from.trained_by if self.derived_from else self.run

    @property
    def origin(self) -> str:
        """Where it comes from, in a few words."""
        if self.derived_from:
            return f"{self.derived_from} with another Modelfile"
        if self.run:
            return f"trained on {self.run.snapshot.short}"
        return f"{self.base.server_name} of the servers' catalogue" if self.base.server_name else "bare base"

    @property
    def decoding(self) -> dict[str, Any]:
        """How it is asked: its own parameters, else the task's."""
        return dict(self.spec.decoding if self.parameters is None else self.parameters)


class WorkerHeartbeat(models.Model):
    """The last sign of life of a Celery worker, per queue."""

    worker = models.CharField(max_length=200)
    queue = models.CharField(max_length=50)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["worker", "queue"], name="one_heartbeat_per_worker_and_queue")]

    def __str__(self) -> str:
        return f"{self.worker} on {self.queue}"


UNFINISHED = Q(state__in=[TrainingRun.State.QUEUED, TrainingRun.State.RUNNING])
