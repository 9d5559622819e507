"""Base models, snapshots, profiles, runs and the versions that come out of them."""

from typing import Any, Self

import pgtrigger
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from common import leases
from common.key_names import HELP, validate_key_name
from common.options import OptionsError, checked
from labeling.models import Project, PublicModel, TaskSpec
from training.engine.config import EngineConfig
from training.methods import METHODS, SFT, method_choices
from training.server_names import server_tag


class BaseModelQuerySet(models.QuerySet["BaseModel"]):
    def trainable(self) -> Self:
        """Those whose 16-bit weights can be had."""
        return self.filter(server_name="")

    def to_look_at(self) -> Self:
        """Those that wait for a worker, or whose worker fell silent."""
        state = BaseModel.State
        return self.filter(Q(state=state.WAITING) | (Q(state=state.LOOKING) & leases.expired()))


class BaseModel(PublicModel):
    """A causal language model that adapters are trained on: a hub name or a folder, pinned by revision.

    A worker looks at it once it is registered. What was seen decides nothing but whether it may be chosen.
    """

    class State(models.TextChoices):
        UNSEEN = "unseen", "not looked at"
        WAITING = "waiting", "waits for a worker that looks at it"
        LOOKING = "looking", "a worker looks at it"
        WELL = "well", "well"
        REFUSED = "refused", "cannot be used"
        FAILED = "failed", "could not be looked at"

    name = models.CharField(max_length=200, unique=True)
    location = models.CharField(max_length=500, help_text="Hugging Face name, or a folder with the 16-bit weights.")
    revision = models.CharField(max_length=100, blank=True, help_text="Commit of the hub, or the folder's own digest.")
    token_env = models.CharField(
        max_length=100,
        blank=True,
        validators=[validate_key_name],
        help_text=f"Environment variable of the worker that holds the hub's token; empty: HF_TOKEN. {HELP}",
    )
    server_name = models.CharField(
        max_length=200,
        blank=True,
        editable=False,
        help_text="Its name in the catalogues of model servers: such a base is served as it is, never trained on.",
    )
    served_bytes = models.BigIntegerField(null=True, editable=False, help_text="Of such a base: its size.")
    served_form = models.CharField(
        max_length=20,
        blank=True,
        editable=False,
        help_text="Of such a base: its quantization.",
    )
    notes = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.UNSEEN, editable=False)
    looked_at = models.DateTimeField(null=True, editable=False)
    facts = models.JSONField(default=dict, editable=False, help_text="What was seen: architecture, weights, template.")
    problems = models.JSONField(default=list, editable=False, help_text="Sentences on what makes it unusable.")
    lease_token = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)

    objects = BaseModelQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_in_motion(self) -> bool:
        """A worker looks at it, or will."""
        return self.state in {self.State.WAITING, self.State.LOOKING}

    @property
    def obstacle(self) -> str:
        """Why it cannot be chosen, in a sentence; empty where it can. One that nobody looked at can."""
        if self.state != self.State.REFUSED:
            return ""
        return f"{self} cannot be used. {' '.join(self.problems)}"


def validate_profile(config: Any) -> None:
    """Options that the engine does not know or take are refused by name; the base model is chosen elsewhere."""
    if isinstance(config, dict) and "base_model" in config:
        raise ValidationError("base_model: the retrain policy, or who starts a run, chooses the base model.")
    if isinstance(config, dict) and {"objective", "instruction"} & config.keys():
        raise ValidationError("The retrain policy, or who starts a run, chooses the method (objective, instruction).")
    if isinstance(config, dict) and "chat" in config:
        raise ValidationError("chat: the project's task says how the model is asked.")
    try:
        checked(EngineConfig, {**config, "base_model": {"name": "any"}} if isinstance(config, dict) else config)
    except OptionsError as error:
        raise ValidationError(str(error)) from error


class TrainingProfile(PublicModel):
    """Named engine options; `developer` and `production` come from YAML files in the repository."""

    name = models.SlugField(max_length=60, unique=True)
    description = models.CharField(max_length=300, blank=True)
    config = models.JSONField(
        default=dict,
        blank=True,
        validators=[validate_profile],
        help_text="Options of the engine; unknown ones are refused.",
    )

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
    method = models.CharField(
        max_length=20,
        choices=method_choices,
        default=SFT.name,
        help_text="What is made of the base. A classification head is for labels, and no model server serves it yet.",
    )
    # The newest golden sample that a triggered run has already counted; moved by conditional update only.
    counted_to = models.BigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name_plural = "retrain policies"

    def __str__(self) -> str:
        return f"{self.project.key}: retrain at {self.threshold}"

    def clean(self) -> None:
        """A base that was found unusable is not one to train on by itself, and a method must fit the task."""
        if self.base_id and self.base.obstacle:
            raise ValidationError({"base": self.base.obstacle})
        method = METHODS.get(self.method)
        if self.project_id and method and (obstacle := method.obstacle(self.project)):
            raise ValidationError({"method": obstacle})


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


class ImmutableError(Exception):
    """A version was to be changed."""


class ModelVersion(PublicModel):
    """An immutable model of a project. Number 0 is its baseline, an untrained model.

    An edited version has the weights of the one it is derived from, and parameters or a SYSTEM of its own. The files
    that are made from it are the business of the floor that serves them.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    spec = models.ForeignKey(TaskSpec, on_delete=models.PROTECT, related_name="+")
    method = models.CharField(
        max_length=20, default="none", help_text="How its weights were made from the base's; none: they are the base's."
    )
    base = models.ForeignKey(BaseModel, on_delete=models.PROTECT, related_name="versions")
    run = models.OneToOneField(TrainingRun, null=True, on_delete=models.PROTECT, related_name="version")
    derived_from = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="derived")
    parameters = models.JSONField(null=True, help_text="In place of the task's decoding; empty: as the task says.")
    system = models.TextField(null=True, help_text="The SYSTEM for outside clients; empty: the task's own prompt.")
    note = models.CharField(max_length=300, blank=True, help_text="Why it was made, where a person made it.")
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    adapter_digest = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["project", "-number"]
        constraints = [models.UniqueConstraint(fields=["project", "number"], name="versions_are_numbered")]
        # Of all its columns only the person who made it may go, with the account.
        triggers = [pgtrigger.ReadOnly(name="never_changes", exclude=["made_by"])]

    def __str__(self) -> str:
        return self.tag

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Make it. Raises `ImmutableError` where a version that exists would become another one."""
        if not self._state.adding:
            kept = type(self).objects.values().get(pk=self.pk)
            changed = [name for name, value in kept.items() if getattr(self, name) != value]
            if changed:
                raise ImmutableError(f"{self} never changes; this would change its {', '.join(changed)}.")
        super().save(*args, **kwargs)

    @property
    def tag(self) -> str:
        """The tag that predictions carry, such as `support-tags:v7`."""
        return f"{self.project.key}:v{self.number}"

    @property
    def server_tag(self) -> str:
        """The immutable tag on model servers."""
        return server_tag(self.tag)

    @property
    def weights(self) -> "ModelVersion":
        """The version whose weights these are: itself, unless it is an edited one."""
        return self.derived_from.weights if self.derived_from else self

    @property
    def unserved(self) -> str:
        """Why no model server can serve it, in a sentence; empty where one can."""
        method = METHODS.get(self.method)
        return method.unserved if method else ""

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
# Neither ended well nor badly: a paused run stands still, and may go on.
OPEN = UNFINISHED | Q(state=TrainingRun.State.PAUSED)
