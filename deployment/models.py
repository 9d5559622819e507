"""Where models run, which versions are staged there, and the history of what was live."""

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from labeling.models import Project, PublicModel
from training.models import ModelVersion


class InferenceServer(PublicModel):
    """A server that runs models. Threads and slots are its capacity, not the versions' business."""

    class Kind(models.TextChoices):
        LOCAL = "local", "Local llama.cpp"
        OLLAMA = "ollama", "Ollama"

    name = models.SlugField(max_length=60, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    url = models.URLField(max_length=300)
    key_env = models.CharField(
        max_length=100, blank=True, help_text="Environment variable that holds the server's key, if it wants one."
    )
    threads = models.PositiveSmallIntegerField(default=0, help_text="0: as many as the server's cores.")
    slots = models.PositiveSmallIntegerField(default=4, validators=[MinValueValidator(1)])
    is_active = models.BooleanField(default=True)
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

    class Meta:
        verbose_name_plural = "serving policies"

    def __str__(self) -> str:
        return f"serving of {self.project.key}"


class Verdict(models.TextChoices):
    BASELINE = "baseline"
    PASSED = "passed"
    REFUSED = "refused"
    INSUFFICIENT = "insufficient"


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
    error = models.TextField(blank=True)
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
