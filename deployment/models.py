"""Where models run, which versions are staged there, and the history of what was live."""

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from deployment.drivers import kind_choices
from deployment.quantization import problem_with
from labeling.models import Project, PublicModel
from training.models import ModelVersion


class InferenceServer(PublicModel):
    """A server that runs models. Threads and slots are its capacity, not the versions' business."""

    name = models.SlugField(max_length=60, unique=True)
    kind = models.CharField(max_length=10, choices=kind_choices)
    url = models.URLField(max_length=300)
    key_env = models.CharField(
        max_length=100, blank=True, help_text="Environment variable that holds the server's key, if it wants one."
    )
    threads = models.PositiveSmallIntegerField(default=0, help_text="0: as many as the server's cores.")
    slots = models.PositiveSmallIntegerField(default=4, validators=[MinValueValidator(1)])
    memory_mb = models.PositiveIntegerField(
        default=0, help_text="Memory that models may take on this server, in MB. 0: not limited by us."
    )
    max_loaded = models.PositiveSmallIntegerField(
        default=0, help_text="Models loaded at once (OLLAMA_MAX_LOADED_MODELS). 0: not limited by us."
    )
    is_active = models.BooleanField(default=True)
    failures = models.PositiveSmallIntegerField(default=0, editable=False, help_text="Unanswered requests in a row.")
    rests_until = models.DateTimeField(null=True, editable=False, help_text="No requests go there before.")
    version = models.CharField(max_length=60, blank=True, editable=False)
    seen_at = models.DateTimeField(null=True, editable=False)
    error = models.TextField(blank=True, editable=False)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ServingPolicy(PublicModel):
    """Where a project is served, and whether the gate alone may promote."""

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="serving_policy")
    servers = models.ManyToManyField(InferenceServer, related_name="policies")
    auto_promote = models.BooleanField(default=False, help_text="Promote every version that passes the gate.")
    quantization = models.CharField(max_length=20, default="q8_0")
    proof_prompts = models.PositiveIntegerField(default=200, help_text="Prompts whose tokens are proven, at most.")
    answer_prompts = models.PositiveIntegerField(
        default=8, help_text="Prompts answered by the merged 16-bit model too, and compared; 0: none."
    )
    answer_agreement = models.FloatField(
        default=0.97, help_text="Refused where the agreement's upper confidence bound lies below."
    )
    canary_seconds = models.FloatField(default=30.0, help_text="A promotion fails where a canary answers slower.")
    rollback_minutes = models.PositiveIntegerField(default=60, help_text="How long the version before stays loaded.")
    watch_minutes = models.PositiveIntegerField(
        default=30, help_text="How long a promoted version is held against the one before; 0: not at all."
    )
    auto_rollback = models.BooleanField(default=False, help_text="Roll back by itself where the watch finds it worse.")
    watch_requests = models.PositiveIntegerField(
        default=20, help_text="Requests that the watch wants before it judges."
    )
    watch_tolerance = models.FloatField(
        default=0.05, help_text="Share of requests that may fail, be unreadable or be disliked more than before."
    )
    watch_slowdown = models.FloatField(default=2.0, help_text="How many times slower the 95th percentile may be.")
    keep_previous = models.PositiveSmallIntegerField(default=2, help_text="Versions kept beside the live one.")
    keep_days = models.PositiveSmallIntegerField(default=30, help_text="Versions live within these days are kept.")

    class Meta:
        verbose_name_plural = "serving policies"

    def __str__(self) -> str:
        return f"serving of {self.project.key}"

    def clean(self) -> None:
        """The form of the weights must be one that can be made; whether a quantizer is there, the build host knows."""
        problem = problem_with(self.quantization)
        if problem:
            raise ValidationError({"quantization": problem})


class Verdict(models.TextChoices):
    BASELINE = "baseline"
    PASSED = "passed"
    REFUSED = "refused"
    INSUFFICIENT = "insufficient"


class BuildStep(PublicModel):
    """One step of the pipeline from adapter to GGUF, as it went last for a version."""

    class Name(models.TextChoices):
        MERGE = "merge"
        CONVERT = "convert"
        INSPECT = "inspect"
        PROVE = "prove"

    class State(models.TextChoices):
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="build_steps")
    name = models.CharField(max_length=10, choices=Name.choices)
    key = models.CharField(max_length=64, help_text="SHA-256 of everything that the result follows from.")
    state = models.CharField(max_length=10, choices=State.choices, default=State.RUNNING)
    reused = models.BooleanField(default=False, help_text="The same inputs had been worked on before.")
    seconds = models.FloatField(null=True)
    size_bytes = models.BigIntegerField(null=True)
    detail = models.JSONField(default=dict)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["version", "name"], name="one_row_per_build_step")]

    def __str__(self) -> str:
        return f"{self.version} {self.name} ({self.state})"


class ParityReport(PublicModel):
    """Evidence that what is served is what was trained; one row per question asked, never edited."""

    class Question(models.TextChoices):
        TOKENS = "tokens", "Token ids: GGUF against the training tokenizer"
        SERVER = "server", "Rendered prompts and token counts on the server"
        ANSWERS = "answers", "Greedy answers: server against the merged 16-bit model"

    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="parity_reports")
    server = models.ForeignKey(InferenceServer, null=True, on_delete=models.SET_NULL, related_name="parity_reports")
    server_version = models.CharField(max_length=60, blank=True)
    question = models.CharField(max_length=10, choices=Question.choices)
    ok = models.BooleanField(null=True, help_text="Unknown where the figure is only reported.")
    checked = models.PositiveIntegerField()
    agreed = models.PositiveIntegerField()
    bound = models.FloatField(null=True, help_text="Upper confidence bound of the agreement.")
    limit = models.FloatField(null=True, help_text="What the policy asked of the bound.")
    trap = models.CharField(max_length=20, blank=True, help_text="The known mistake that it most looks like.")
    sentence = models.TextField()
    differences = models.JSONField(default=list, help_text="The first differences.")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.version} {self.question}: {self.sentence}"


class VersionPin(PublicModel):
    """A version that retention must keep, and why."""

    version = models.OneToOneField(ModelVersion, on_delete=models.CASCADE, related_name="pin")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=200)

    def __str__(self) -> str:
        return f"{self.version} is kept: {self.reason}"


class StagedVersion(PublicModel):
    """A version on a server under its immutable tag, with the gate's verdict."""

    class State(models.TextChoices):
        WAITING = "waiting"
        STAGING = "staging"
        STAGED = "staged"
        FAILED = "failed"
        REMOVED = "removed"

    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="staged")
    server = models.ForeignKey(InferenceServer, on_delete=models.PROTECT, related_name="staged")
    tag = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    uploaded_digest = models.CharField(max_length=80, blank=True)
    layer_digest = models.CharField(max_length=80, blank=True)
    manifest_digest = models.CharField(max_length=80, blank=True)
    verdict = models.CharField(max_length=12, choices=Verdict.choices, blank=True)
    verdict_sentence = models.TextField(blank=True)
    verdict_report = models.JSONField(default=dict)
    judged_at = models.DateTimeField(null=True)
    lease_token = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    staged_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["version", "server"], name="staged_once_per_server")]

    def __str__(self) -> str:
        return f"{self.version} on {self.server}"


class Deployment(PublicModel):
    """One attempt to make a version live. Append-only history; failures stay in it."""

    class Action(models.TextChoices):
        PROMOTE = "promote"
        ROLLBACK = "rollback"

    class State(models.TextChoices):
        PLANNED = "planned"
        STAGED = "staged"
        WARMED = "warmed"
        MOVED = "moved"
        PROVEN = "proven"
        LIVE = "live"
        REPLACED = "replaced", "Was live, replaced"
        FAILED = "failed"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="deployments")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="deployments")
    previous = models.ForeignKey(ModelVersion, null=True, on_delete=models.PROTECT, related_name="+")
    action = models.CharField(max_length=10, choices=Action.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    failed_step = models.CharField(max_length=10, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="deployments")
    automatic = models.BooleanField(default=False)
    reason = models.TextField(blank=True)
    modelfile = models.TextField(blank=True)
    evidence = models.JSONField(default=dict, help_text="The gate's figures, digests and what each server proved.")
    move_ms = models.FloatField(null=True, help_text="From the switch of the live row to the proven alias.")
    may_evict = models.BooleanField(default=False, help_text="Somebody said yes to what would be thrown out of memory.")
    steps = models.JSONField(default=list, help_text="Each step taken: name, time, milliseconds, what was seen.")
    error = models.TextField(blank=True)
    lease_token = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    live_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["project"], condition=Q(state="live"), name="one_live_version"),
            models.UniqueConstraint(
                fields=["project"],
                condition=Q(state__in=["planned", "staged", "warmed", "moved", "proven"]),
                name="one_move_at_a_time",
            ),
        ]
        permissions = [("promote", "Can promote and roll back versions")]

    def __str__(self) -> str:
        return f"{self.action} {self.version} ({self.state})"


class DeploymentTarget(PublicModel):
    """How far a deployment is on one of its servers."""

    class State(models.TextChoices):
        WAITING = "waiting"
        WARMED = "warmed"
        MOVED = "moved"
        PROVEN = "proven"
        BEHIND = "behind", "Away; catches up when it returns"
        BACK = "back", "Led back to the version before"

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="targets")
    server = models.ForeignKey(InferenceServer, on_delete=models.PROTECT, related_name="targets")
    staged = models.ForeignKey(StagedVersion, null=True, on_delete=models.SET_NULL, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    canary_ms = models.FloatField(null=True)
    proof = models.TextField(blank=True, help_text="What was seen there: the alias and its manifest digest.")
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["deployment", "server"], name="one_target_per_server")]

    def __str__(self) -> str:
        return f"{self.deployment_id} on {self.server}: {self.state}"


class FailedRequest(PublicModel):
    """A request that got no answer from any server; those that were answered are predictions."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="failed_requests")
    model_tag = models.CharField(max_length=200, blank=True, help_text="What was live, as predictions name it.")
    sentence = models.TextField()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["project", "created_at"], name="failures_in_time")]

    def __str__(self) -> str:
        return f"{self.model_tag or self.project_id}: {self.sentence[:60]}"


class Finding(PublicModel):
    """Something that is not as our rows say. What a person did is never undone silently: it is offered."""

    class Kind(models.TextChoices):
        ALIAS = "alias", "The alias leads elsewhere"
        TAG_GONE = "tag_gone", "The version is gone from the server"
        CONTENT = "content", "The version's tag holds something else"
        UNLOADED = "unloaded", "The live version was not loaded"
        UPGRADED = "upgraded", "The server's version changed"
        WORSE = "worse", "Worse than the version before"

    class State(models.TextChoices):
        OPEN = "open"
        MENDED = "mended", "Mended by itself"
        ADOPTED = "adopted"
        RESTORED = "restored"
        DISMISSED = "dismissed"
        GONE = "gone", "No longer so"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="findings")
    server = models.ForeignKey(InferenceServer, null=True, on_delete=models.CASCADE, related_name="findings")
    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="findings")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    sentence = models.TextField()
    found = models.CharField(max_length=200, blank=True, help_text="The digest or version that was seen.")
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "server", "version", "kind"],
                condition=Q(state="open"),
                nulls_distinct=False,
                name="found_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.version}: {self.get_kind_display()}"


class ModelPull(PublicModel):
    """A base model that an operator had fetched from a server's registry."""

    class State(models.TextChoices):
        QUEUED = "queued"
        PULLING = "pulling"
        DONE = "done"
        FAILED = "failed"
        CANCELLED = "cancelled"

    server = models.ForeignKey(InferenceServer, on_delete=models.CASCADE, related_name="pulls")
    name = models.CharField(max_length=200)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    bytes_done = models.BigIntegerField(default=0)
    bytes_total = models.BigIntegerField(default=0)
    cancel_asked = models.BooleanField(default=False)
    error = models.TextField(blank=True)
    lease_token = models.UUIDField(null=True, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["server", "name"], condition=Q(state__in=["queued", "pulling"]), name="pulled_once_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} on {self.server}"

    @property
    def percent(self) -> int:
        """Of the bytes known so far."""
        return int(100 * self.bytes_done / self.bytes_total) if self.bytes_total else 0
